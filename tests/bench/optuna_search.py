"""Optuna on the objectives of objectives.c, which it loads as a shared object.

usage: optuna_search.py LIBRARY OBJECTIVE tpe|cmaes FIRST_SEED SEEDS STEP EVALUATIONS
prints a line per seed: seed, regret at half, regret, seconds of its own
"""
import ctypes
import json
import sys
import time
import warnings


class Objective(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("space", ctypes.c_char_p),
        ("value", ctypes.c_void_p),
        ("minimum", ctypes.c_double),
        ("target", ctypes.c_double),
        ("dimensions", ctypes.c_int),
        ("moved", ctypes.c_double),
        ("noise", ctypes.c_double),
        ("held_out", ctypes.c_bool),
    ]


def load(path, name):
    library = ctypes.CDLL(path)
    library.objective_at.restype = ctypes.POINTER(Objective)
    library.objective_tell.restype = ctypes.c_double
    library.objective_tell.argtypes = [
        ctypes.POINTER(Objective), ctypes.c_uint64, ctypes.c_int,
        ctypes.POINTER(ctypes.c_double), ctypes.POINTER(ctypes.c_double)]
    place = 0
    while True:
        pointer = library.objective_at(place)
        if not pointer:
            sys.exit("no objective " + name)
        if pointer.contents.name.decode() == name:
            return library, pointer
        place += 1


def applies(parameter, point):
    for name, wanted in parameter.get("when", {}).items():
        if name not in point:
            return False
        if isinstance(wanted, dict):
            if not wanted.get("at_least", -1e99) <= point[name] <= wanted.get("at_most", 1e99):
                return False
        elif point[name] not in wanted:
            return False
    return True


def suggest(trial, name, parameter):
    if parameter["type"] == "choice":
        return trial.suggest_categorical(name, parameter["values"])
    log = parameter.get("scale") == "log"
    if parameter["type"] == "int":
        return trial.suggest_int(name, parameter["low"], parameter["high"],
                                 step=parameter.get("step", 1), log=log)
    return trial.suggest_float(name, parameter["low"], parameter["high"],
                               step=parameter.get("step"), log=log)


def as_number(parameter, value):
    return parameter["values"].index(value) if parameter["type"] == "choice" else value


def search(library, pointer, sampler, seed, evaluations):
    import optuna
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    objective = pointer.contents
    space = json.loads(objective.space)
    if sampler == "tpe":
        chosen = optuna.samplers.TPESampler(multivariate=True, group=True, seed=seed)
    else:
        chosen = optuna.samplers.CmaEsSampler(
            seed=seed, warn_independent_sampling=False,
            independent_sampler=optuna.samplers.TPESampler(seed=seed))
    study = optuna.create_study(sampler=chosen)
    best, regret, half = float("inf"), float("inf"), float("inf")
    true_value, began, inside = ctypes.c_double(), time.process_time(), 0.0
    for i in range(evaluations):
        trial, point = study.ask(), {}
        for name, parameter in space.items():
            if applies(parameter, point):
                point[name] = suggest(trial, name, parameter)
        x = (ctypes.c_double * 16)(*[
            as_number(parameter, point[name]) if name in point else float("nan")
            for name, parameter in space.items()])
        before = time.process_time()
        value = library.objective_tell(pointer, seed, i, x, ctypes.byref(true_value))
        inside += time.process_time() - before
        study.tell(trial, value)
        if value < best:
            best, regret = value, true_value.value - objective.minimum
        if i + 1 == evaluations // 2:
            half = regret
    return half, regret, time.process_time() - began - inside


def main():
    warnings.simplefilter("ignore")
    library, pointer = load(sys.argv[1], sys.argv[2])
    first, seeds, step, evaluations = map(int, sys.argv[4:8])
    for seed in range(first, seeds, step):
        half, regret, seconds = search(library, pointer, sys.argv[3], seed, evaluations)
        print(seed, repr(half), repr(regret), repr(seconds), flush=True)


main()

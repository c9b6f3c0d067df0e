"""How long Optuna takes for one proposal of 10 floats, as bench_server_suggest measures ours.

Histories are drawn at random and held in memory; processor time, mean over 20 proposals.
"""
import random
import sys
import time
import warnings

NAMES = "abcdefghij"
ASKS = 20


def filled(optuna, sampler, count):
    study = optuna.create_study(sampler=sampler)
    space = {name: optuna.distributions.FloatDistribution(-5, 5) for name in NAMES}
    draw = random.Random(1)
    for _ in range(count):
        point = {name: draw.uniform(-5, 5) for name in NAMES}
        study.add_trial(optuna.trial.create_trial(
            params=point, distributions=space, value=sum(x * x for x in point.values())))
    return study


def microseconds(optuna, sampler, count):
    study, spent = filled(optuna, sampler, count), 0.0
    for _ in range(ASKS):
        before = time.process_time()
        trial = study.ask()
        point = [trial.suggest_float(name, -5, 5) for name in NAMES]
        study.tell(trial, sum(x * x for x in point))
        spent += time.process_time() - before
    return 1e6 * spent / ASKS


def main():
    warnings.simplefilter("ignore")
    try:
        import optuna
    except ImportError:
        print("Optuna is absent: apt-get install python3-optuna")
        return
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    samplers = {
        "random": lambda: optuna.samplers.RandomSampler(seed=1),
        "tpe": lambda: optuna.samplers.TPESampler(multivariate=True, seed=1),
        "cmaes": lambda: optuna.samplers.CmaEsSampler(seed=1, warn_independent_sampling=False),
    }
    print("10 floats, Optuna %s: one proposal\n%-12s %8s %14s" % (
        optuna.__version__, "sampler", "runs", "us"))
    for name, make in samplers.items():
        for count in (100, 1000):
            try:
                print("%-12s %8d %14.1f" % (name, count, microseconds(optuna, make(), count)))
            except ImportError as missing:
                print("%-12s %8d         absent (%s)" % (name, count, missing.name))
            sys.stdout.flush()


main()

#!/usr/bin/env python3
"""Expected values of tests/server/prune: what Optuna's pruners decide about one table of curves, and
p values of the signed-rank test.

    python3 tests/reference/pruners.py      (python3-optuna 3.1.0, scipy 1.10.1 of Debian 12)

Run i of 16 has at step k = 1 ... 9 the value ((7 i + 3 k k + 5 i k) mod 23) + 0.01 i; runs come one
after the other. Printed is the step at which each is pruned, 0 where it ends.
"""
import itertools
import optuna
from scipy.stats import wilcoxon

optuna.logging.set_verbosity(optuna.logging.ERROR)
RUNS, STEPS = 16, 9


def value(i, k):
    return (7 * i + 3 * k * k + 5 * i * k) % 23 + 0.01 * i


def decisions(pruner, direction="minimize"):
    study = optuna.create_study(pruner=pruner, direction=direction)
    stopped = []
    for i in range(RUNS):
        trial = study.ask()
        stopped.append(0)
        for k in range(1, STEPS + 1):
            trial.report(value(i, k), k)
            if k < STEPS and trial.should_prune():
                stopped[-1] = k
                break
        if stopped[-1]:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        else:
            study.tell(trial, value(i, STEPS))
    return stopped


P = optuna.pruners
for name, make in {
    "asha, reduction 2, from 1": lambda: P.SuccessiveHalvingPruner(1, 2, 0),
    "asha, reduction 4, from 2": lambda: P.SuccessiveHalvingPruner(2, 4, 0),
    "median, 3 runs, from 2": lambda: P.MedianPruner(3, 2),
    "percentile 25, 3 runs": lambda: P.PercentilePruner(25, 3, 0),
    "patience 2, gain 1": lambda: P.PatientPruner(None, 2, 1.0),
    "patience 1, median 3": lambda: P.PatientPruner(P.MedianPruner(3, 0), 1),
}.items():
    print(f"{name:28} minimize {decisions(make())}")
    print(f"{name:28} maximize {decisions(make(), 'maximize')}")

hyperband = P.HyperbandPruner(min_resource=1, max_resource=81, reduction_factor=3)
optuna.create_study(pruner=hyperband)
hyperband._try_initialization(optuna.create_study())
print("hyperband 1 ... 81, eta 3: weights", hyperband._trial_allocation_budgets)
hyperband = P.HyperbandPruner(min_resource=2, max_resource=300, reduction_factor=4)
hyperband._try_initialization(optuna.create_study())
print("hyperband 2 ... 300, eta 4: weights", hyperband._trial_allocation_budgets)


def brute_force(differences):
    """One-sided p over all signs of what is not zero; zeros give half of their ranks."""
    size = sorted(abs(d) for d in differences)
    rank = {s: 1 + (size.index(s) + len(size) - 1 - size[::-1].index(s)) / 2 for s in size}
    ranks = [rank[abs(d)] for d in differences if d]
    seen = sum(rank[abs(d)] for d in differences if d > 0)
    sums = [sum(r for r, s in zip(ranks, signs) if s)
            for signs in itertools.product([0, 1], repeat=len(ranks))]
    return sum(s >= seen for s in sums) / len(sums)


for differences in ([1.5, 2.5, -0.5, 3.5, 4.5, 0.75], [1, 2, 3, 4], [1, -1, 2, 2, -3, 4, 4, 0, 0, 5]):
    exact = "" if 0 in differences or len(set(map(abs, differences))) < len(differences) else \
        wilcoxon(differences, alternative="greater", zero_method="zsplit", mode="exact").pvalue
    print(differences, "brute force", brute_force(differences), "scipy", exact)
many = [((37 * i) % 101) - 30.5 for i in range(100)]
print("100 differences: scipy, no continuity correction",
      repr(wilcoxon(many, alternative="greater", zero_method="zsplit", mode="approx").pvalue))

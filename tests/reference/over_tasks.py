#!/usr/bin/env python3
"""Expected values of tests/server/compare/test_over_tasks.c: four arms on five tasks, three seeds.

    /usr/bin/python3 tests/reference/over_tasks.py

Seeds are averaged first, then arms are ranked on each task. Debian 12's python3-scipy 1.10.1.
"""
import math

import numpy
from scipy import stats

# [task][arm][seed]; each task in a unit of its own; to be minimized
VALUES = numpy.array([
    [[0.30, 0.32, 0.31], [0.25, 0.27, 0.24], [0.29, 0.28, 0.33], [0.24, 0.22, 0.23]],
    [[12.0, 13.0, 11.5], [11.0, 11.5, 12.0], [12.5, 12.0, 13.0], [10.0, 10.5, 11.0]],
    [[0.051, 0.050, 0.055], [0.041, 0.040, 0.043], [0.051, 0.050, 0.055], [0.046, 0.044, 0.045]],
    [[3.10, 3.20, 3.05], [2.90, 2.95, 3.00], [3.00, 3.02, 3.04], [2.80, 2.85, 2.70]],
    [[0.71, 0.70, 0.72], [0.69, 0.68, 0.70], [0.66, 0.67, 0.65], [0.64, 0.66, 0.63]],
])


def show(name, *values):
    print(f"{name}: " + " ".join(repr(float(v)) for v in values))


def over_tasks(name, means, level=0.05):
    n, k = means.shape
    ranks = numpy.array([stats.rankdata(numpy.round(row, 12)) for row in means])
    chi = stats.friedmanchisquare(*numpy.round(means, 12).T)
    f = (n - 1) * chi.statistic / (n * (k - 1) - chi.statistic)
    q = stats.studentized_range.ppf(1 - level, k, math.inf) / math.sqrt(2)
    show(f"{name} mean ranks", *ranks.mean(axis=0))
    show(f"{name} chi", chi.statistic, chi.pvalue)
    show(f"{name} f", f, stats.f.sf(f, k - 1, (k - 1) * (n - 1)))
    show(f"{name} critical difference", q * math.sqrt(k * (k + 1) / (6 * n)))


over_tasks("all", VALUES.mean(axis=2))
# Without the last task (one of its arms never ran), and with arm 3 failed once on task 0: it ranks
# behind the others there whatever its other seeds say.
failed = VALUES[:4].mean(axis=2)
failed[0, 3] = 9e9
over_tasks("failed", failed)
# The first two seeds of task 1 alone: the third one is still running in one arm.
partly = VALUES.mean(axis=2)
partly[1] = VALUES[1, :, :2].mean(axis=1)
show("partly means of task 1", *partly[1])
over_tasks("partly", partly)

#!/usr/bin/python3
"""Expected values of tests/server/insight/test_importance.c.

PED-ANOVA from its paper (Watanabe, Bansal and Hutter, IJCAI 2023, arXiv 2304.10255), equations (5)
to (7) and appendix A, with scipy's normal distribution: densities over a grid, the Pearson
divergence between the best tenth and all runs, one parameter of which applies to a third of them.
"""
import math

import numpy as np
from scipy.stats import norm

RUNS, GRID = 120, 50


def runs():
    """The same points as found_sample() of tests/server/insight/found.h."""
    rows = []
    for i in range(RUNS):
        x = (0.6180339887498949 * (i + 1)) % 1.0
        lr = 10 ** (-5 + 5 * ((0.7548776662466927 * (i + 1)) % 1.0))
        count = 1 + (i * 7) % 9
        choice = (i * 5 + i // 3) % 3
        part = 0.5 + 0.49 * ((0.5698402909980532 * (i + 1)) % 1.0) if choice == 1 else None
        value = (x - 0.3) ** 2 + (0.3 if choice == 0 else 0) + 0.01 * abs(math.log10(lr) + 2)
        if part is not None:
            value += 0.2 * (part - 0.9) ** 2
        rows.append(((x, lr, count, choice, part), value))
    return rows


def cell(value, low, high, cells):
    return int(math.floor((value - low) / (high - low) * (cells - 1) + 0.5))


def numeric_density(cells_of_runs, cells):
    counts = np.bincount(cells_of_runs, minlength=cells).astype(float)
    weight = counts.sum()
    at = np.arange(cells)
    mean = (counts * at).sum() / weight
    deviation = math.sqrt((counts * (at - mean) ** 2).sum() / max(weight - 1, 1))
    up_to = np.cumsum(counts)
    quarters = [int(np.argmax(up_to >= share * weight)) for share in (0.25, 0.75)]
    width = 1.059 * min((quarters[1] - quarters[0]) / 1.34, deviation) * weight**-0.2
    width = max(width, 0.5 / 1.64)
    kernels = [(i, width, counts[i]) for i in range(cells) if counts[i]]
    kernels.append(((cells - 1) / 2, cells, 1.0))
    density = np.zeros(cells)
    for mu, sigma, w in kernels:
        mass = norm.cdf((at + 0.5 - mu) / sigma) - norm.cdf((at - 0.5 - mu) / sigma)
        whole = norm.cdf((cells - 0.5 - mu) / sigma) - norm.cdf((-0.5 - mu) / sigma)
        density += w / (weight + 1) * mass / whole
    return density


def choice_density(choices_of_runs, choices):
    kernels = len(choices_of_runs) + 1
    density = np.full(choices, 1 / choices) / kernels
    for c in choices_of_runs:
        row = np.full(choices, 1 / kernels)
        row[c] += 1
        density += row / row.sum() / kernels
    return density


def divergence(best, everyone):
    p, q = everyone + 1e-12, best + 1e-12
    return float((p * (q / p - 1) ** 2).sum())


def shares():
    rows = sorted(runs(), key=lambda row: row[1])
    best = math.ceil(0.1 * RUNS)
    parameters = [
        lambda v: (cell(v[0], 0, 1, GRID), GRID),
        lambda v: (cell(math.log(v[1]), math.log(1e-5), 0, GRID), GRID),
        lambda v: (cell(v[2], 1, 9, 9), 9),
        None,
        lambda v: None if v[4] is None else (cell(v[4], 0.5, 0.99, GRID), GRID),
    ]
    found = []
    for i, cells_of in enumerate(parameters):
        if i == 3:
            p = choice_density([row[0][3] for row in rows], 3)
            q = choice_density([row[0][3] for row in rows[:best]], 3)
            found.append(divergence(q, p))
            continue
        at = [cells_of(row[0]) for row in rows]
        everyone = [a[0] for a in at if a]
        winners = [a[0] for a in at[:best] if a]
        cells = next(a[1] for a in at if a)
        alpha, beta = len(winners) / best, len(everyone) / len(rows)
        q, p = numeric_density(winners, cells), numeric_density(everyone, cells)
        found.append(alpha**2 / beta * divergence(q, p))
    return np.array(found) / sum(found)


print("shares:", ", ".join(f"{share:.12f}" for share in shares()))
counts = np.array([3, 0, 1, 4, 0, 0, 2, 0])
print("numeric:", ", ".join(f"{d:.12f}" for d in numeric_density(np.repeat(np.arange(8), counts), 8)))
print("choice:", ", ".join(f"{d:.12f}" for d in choice_density([0, 0, 2, 0], 3)))

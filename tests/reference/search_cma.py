#!/usr/bin/env python3
"""Expected values of tests/server/search/test_eigen.c and test_cma.c, by numpy from the formulas of
Hansen (2016, arXiv:1604.00772) in matrix form.

    python3 tests/reference/search_cma.py
"""
import numpy as np

np.set_printoptions(precision=17, linewidth=100)


def show(name, values):
    print(f"{name}: " + ", ".join(repr(float(v)) for v in np.ravel(values)))


# A symmetric matrix of 6, of whole numbers, and the Hilbert matrix of 8 (condition 1.5e10).
six = np.array([[(3 * i * i + 5 * i * j + 3 * j * j) % 11 - 5 for j in range(6)] for i in range(6)])
assert (six == six.T).all()
show("six", np.linalg.eigvalsh(six.astype(float)))
hilbert = np.array([[1 / (i + j + 1) for j in range(8)] for i in range(8)])
show("hilbert", np.linalg.eigvalsh(hilbert)[4:])


def constants(d, count):
    raw = np.log((count + 1) / 2) - np.log(np.arange(1, count + 1))
    parents = count // 2
    mueff = raw[:parents].sum() ** 2 / (raw[:parents] ** 2).sum()
    behind = raw[parents:].sum() ** 2 / (raw[parents:] ** 2).sum()
    c1 = 2 / ((d + 1.3) ** 2 + mueff)
    cmu = min(1 - c1 - 1e-8, 2 * (mueff - 2 + 1 / mueff) / ((d + 2) ** 2 + mueff))
    total = min(1 + c1 / cmu, 1 + 2 * behind / (mueff + 2), (1 - c1 - cmu) / (d * cmu))
    weights = np.where(raw >= 0, raw / raw[raw > 0].sum(), total * raw / -raw[raw < 0].sum())
    return parents, mueff, c1, cmu, total, weights


for d, count in ((10, 10), (3, 7), (40, 15)):
    parents, mueff, c1, cmu, total, weights = constants(d, count)
    show(f"d {d} population {count} mueff, c1, cmu, negative total", [mueff, c1, cmu, total])
    show("  weights", weights)


def generation(state, points):
    mean, sigma, cov, pc, ps, g = state
    d, count = len(mean), len(points)
    parents, mueff, c1, cmu, _, weights = constants(d, count)
    csig = (mueff + 2) / (d + mueff + 5)
    dsig = 1 + 2 * max(0, np.sqrt((mueff - 1) / (d + 1)) - 1) + csig
    cc = (4 + mueff / d) / (d + 4 + 2 * mueff / d)
    chi = np.sqrt(d) * (1 - 1 / (4 * d) + 1 / (21 * d * d))
    values, vectors = np.linalg.eigh(cov)
    root = vectors @ np.diag(values**-0.5) @ vectors.T
    y = (points - mean) / sigma
    yw = weights[:parents] @ y[:parents]
    ps = (1 - csig) * ps + np.sqrt(csig * (2 - csig) * mueff) * root @ yw
    length = np.linalg.norm(ps)
    hs = length / np.sqrt(1 - (1 - csig) ** (2 * (g + 1))) < (1.4 + 2 / (d + 1)) * chi
    pc = (1 - cc) * pc + hs * np.sqrt(cc * (2 - cc) * mueff) * yw
    star = [w if w >= 0 else w * d / np.linalg.norm(root @ v) ** 2 for w, v in zip(weights, y)]
    many = sum(w * np.outer(v, v) for w, v in zip(star, y))
    cov = ((1 + c1 * (1 - hs) * cc * (2 - cc) - c1 - cmu * weights.sum()) * cov
           + c1 * np.outer(pc, pc) + cmu * many)
    return mean + sigma * yw, sigma * np.exp(csig / dsig * (length / chi - 1)), cov, pc, ps, g + 1


# Three generations of 7 points in 3 dimensions, the points from whole numbers; the last ones are far
# off, so that h_sigma becomes 0.
state = (np.array([0.5, 0.25, 0.75]), 0.3, np.eye(3), np.zeros(3), np.zeros(3), 0)
for g in range(3):
    spread = 40 if g < 2 else 4
    points = np.array([[((7 * k + 3 * i + 5 * g) % 17 + k * i) / spread for i in range(3)]
                       for k in range(7)])
    state = generation(state, points)
    show(f"generation {g + 1} mean", state[0])
    show("  sigma", [state[1]])
    show("  covariance", state[2])
    show("  path", state[3])

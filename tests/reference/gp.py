#!/usr/bin/env python3
"""Expected values of tests/server/search/ for Gaussian processes, their bends and promises.

    /usr/bin/python3 tests/reference/gp.py

Values in the tests were printed with Debian 12's python3-numpy 1.24.2 and python3-scipy 1.10.1. All
linear algebra here is numpy's on full matrices; nothing is shared with the server's way.
"""
import numpy as np
from scipy import special, stats

X = np.array([[0.1, 0.9, 0], [0.4, 0.2, 1], [0.8, 0.6, 2], [0.3, 0.5, 0], [0.95, 0.05, 1], [0.6, 0.7, 1]])
Y = np.array([0.5, -1.2, 0.3, 1.1, -0.4, 0.2])
OWN = np.array([0, 0.01, 0, 0.02, 0, 0])
CHOICE = [False, False, True]
LENGTH, ADDITIVE_LENGTH = np.array([0.5, 0.8, 1.5]), np.array([0.6, 0.3, 1.0])
NOISE, SCALE, ADDITIVE, PAIRS = 0.03, 0.7, 0.4, 0.2


def apart(a, b, j):
    return float(a[j] != b[j]) if CHOICE[j] else a[j] - b[j]


def matern(r2):
    t = np.sqrt(5 * r2)
    return (1 + t + t * t / 3) * np.exp(-t)


def k(a, b, length=LENGTH, additive_length=ADDITIVE_LENGTH, scale=SCALE, additive=ADDITIVE, pairs=PAIRS):
    product = matern(sum((apart(a, b, j) / length[j]) ** 2 for j in range(3)))
    one = [float(a[j] == b[j]) if CHOICE[j] else matern((apart(a, b, j) / additive_length[j]) ** 2) for j in range(3)]
    t, u = 2 * a[:2] - 1, 2 * b[:2] - 1
    return scale * product + additive * np.mean(one) + pairs * 9 * t[0] * t[1] * u[0] * u[1]


def covariance(p):
    e = np.exp(p)
    n = len(X)
    c = np.array([[k(X[i], X[j], e[:3], e[3:6], e[7], e[8], e[9]) for j in range(n)] for i in range(n)])
    return c + np.diag(e[6] + OWN)


P = np.log(np.concatenate([LENGTH, ADDITIVE_LENGTH, [NOISE, SCALE, ADDITIVE, PAIRS]]))


def likelihood(p):
    c = covariance(p)
    inverse = np.linalg.inv(c)
    ones = np.ones(len(Y))
    mean = ones @ inverse @ Y / (ones @ inverse @ ones)
    return -0.5 * (Y - mean) @ inverse @ (Y - mean) - 0.5 * np.linalg.slogdet(c)[1], mean


def show(name, *values):
    print(f"{name}: " + ", ".join(repr(float(v)) for v in values))


value, mean = likelihood(P)
show("log likelihood without constants", value)
show("mean", mean)
PRIORS = [(np.sqrt(2) + 0.5 * np.log(3) - 2.5, 1)] * 3 + [(-1, 2)] * 3 + [(-5, 4), (-0.3, 1), (-1.3, 1), (-2, 2)]
show("log prior without constants", sum(-((p - mu) ** 2) / (2 * v) for p, (mu, v) in zip(P, PRIORS)))
inverse = np.linalg.inv(covariance(P))
for x in (np.array([0.5, 0.5, 1.0]), np.array([0.1, 0.9, 0.0]), np.array([0.9, 0.1, 2.0])):
    ks = np.array([k(x, row) for row in X])
    show(f"posterior {x}", mean + ks @ inverse @ (Y - mean), k(x, x) - ks @ inverse @ ks)
for i in range(2):  # each point from the others, by leaving it out, the mean staying
    rest = [r for r in range(6) if r != i]
    c = covariance(P)
    solved = np.linalg.inv(c[np.ix_(rest, rest)])
    show(f"left out {i}", mean + c[i, rest] @ solved @ (Y[rest] - mean), c[i, i] - c[i, rest] @ solved @ c[rest, i])

# --- log expected improvement: h = phi + z Phi, in 60 digits by its integral's series ------------------
try:
    import mpmath

    mpmath.mp.dps = 80
    for z in (3, 0.5, -0.5, -3, -10, -24.999, -25.001, -100, -1000, -99999, -100001, -1e6):
        h = mpmath.npdf(z) + z * mpmath.ncdf(z)
        show(f"ln h({z})", mpmath.log(h))
    for t in (0, 0.5, 5, 19.999, 20.001, 100, 1e6):
        show(f"erfcx({t})", mpmath.exp(mpmath.mpf(t) ** 2) * mpmath.erfc(t))
except ImportError:
    for t in (0, 0.5, 5, 19.999, 20.001, 100, 1e6):
        show(f"erfcx({t})", special.erfcx(t))
for z in (2, -1, -4.999, -5.001, -40):
    show(f"ln Phi({z})", special.log_ndtr(z))

# --- bends ----------------------------------------------------------------------------------------------
V = np.array([3.0, 1.0, 10.0, 2.0, 50.0, 4.0, 7.0])
standard = (V - V.mean()) / V.std()
bent, power = stats.yeojohnson(standard)
show("Yeo-Johnson", power, *((bent - bent.mean()) / bent.std()))
logs = np.log(V)
show("log", *((logs - logs.mean()) / logs.std()))
good = V[V <= 4]
deviation = np.sqrt(np.mean((good - 4) ** 2))
ranked = V.copy()
for from_worst, v in enumerate([50.0, 10.0, 7.0]):
    ranked[V == v] = 4 - deviation * stats.norm.ppf(0.5 * (from_worst + 0.5) / (3 + 0.5))
show("half-rank", *((ranked - ranked.mean()) / ranked.std()))

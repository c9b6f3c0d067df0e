#!/usr/bin/env python3
"""Expected values for hdm in tests/worker/exact/test_hypergradient.c, with numpy in double.

    /usr/bin/python3 tests/reference/hdm.py ../shared/data/libsvm/heart_scale

Logistic loss with a bias column, from the unit vector whose entries are all equal. Prints the least
summed loss (Newton's method), the smoothness L of the mean loss, and what 1,000 gradients of HDM,
written here from the paper's recipe, come to over its grid of rates.
"""
import sys

import numpy as np


def read(path):
    labels, rows, width = [], [], 0
    for line in open(path):
        words = line.split()
        labels.append(1.0 if float(words[0]) > 0 else -1.0)
        rows.append([(int(w.split(":")[0]), float(w.split(":")[1])) for w in words[1:]])
        width = max(width, rows[-1][-1][0])
    x = np.ones((len(rows), width + 1))
    x[:, :width] = 0
    for i, row in enumerate(rows):
        for j, value in row:
            x[i, j - 1] = value
    return x, np.array(labels)


X, Y = read(sys.argv[1])
N, D = X.shape


def mean_loss(theta):
    margin = Y * (X @ theta)
    return np.logaddexp(0, -margin).mean(), X.T @ (-Y / (1 + np.exp(margin))) / N


def newton():
    theta = np.zeros(D)
    for _ in range(30):
        p = 1 / (1 + np.exp(-(X @ theta)))
        hessian = X.T @ (X * (p * (1 - p))[:, None]) / N
        theta -= np.linalg.solve(hessian + 1e-14 * np.eye(D), mean_loss(theta)[1])
    return mean_loss(theta)[0] * N


def hdm(rate, ball_rate, smoothness, convex, tolerance, iterations, diagonal=True):
    theta = np.ones(D) / np.sqrt(D)
    f, g = mean_loss(theta)
    before = theta.copy()
    p, squares = np.zeros(D if diagonal else 1), np.zeros(D if diagonal else 1)
    b, ball_squares = 0.95, 0.0
    first, good, guessed, ratios = rate, 0, False, []
    for i in range(1, iterations + 1):
        if np.abs(g).max() < tolerance:
            break
        delta = theta - before
        ahead = theta - p * g + b * delta
        f1, g1 = mean_loss(ahead)
        norm = g @ g + (0.25 * (delta @ delta) * smoothness ** 2 if guessed else 1e-12)
        r = -g1 * g / norm if diagonal else -np.array([g1 @ g]) / norm
        squares = squares + r * r
        p = p - rate * r / (np.sqrt(squares) + 1e-12)
        if convex:
            p = np.clip(p, 0, 1e10 / smoothness)
        q = (g1 @ delta) / norm
        ball_squares += q * q
        b = min(max(b - ball_rate * q / (np.sqrt(ball_squares) + 1e-12), 0), 0.9995)
        if i % 50 == 49 and not guessed:
            rate = max((0.8 if convex else 0.05) * rate, (1e-3 if convex else 1e-2) * first)
        before = theta
        if f1 < f:
            gone = np.linalg.norm(ahead - theta)
            if gone > 1e-3:
                ratios.append(np.linalg.norm(g1 - g) / gone)
            theta, f, g = ahead, f1, g1
            good += 1
        else:
            good = max(0, good - 2)
        if good > max(min(iterations // 4, 200), 20) and not guessed:
            smoothness = np.mean(ratios)
            rate = first = 1 / smoothness
            squares = np.zeros_like(squares)
            guessed = True
    return f * N, i


L = np.linalg.norm(X, 2) ** 2 / N
print(f"examples {N}, dimension {D}")
print(f"least summed loss {newton():.12g}, L of the mean loss {L:.17g}")
for name, convex, diagonal in (("convex diagonal", True, True), ("diagonal", False, True),
                               ("convex scalar", True, False)):
    print(name)
    for rate in (0.1, 1, 10, 100):
        print("    {" + ", ".join("%.9f" % hdm(rate / L, ball, L, convex, 1e-4 / N, 1000, diagonal)[0]
                                  for ball in (1, 3, 5, 10, 100)) + "},")

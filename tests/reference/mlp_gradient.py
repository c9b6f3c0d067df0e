#!/usr/bin/env python3
"""Loss, gradient and directional derivative of a small fixed network, for test_model.c.

    python3 tests/reference/mlp_gradient.py

3 inputs, 4 hidden, 3 outputs, 2 examples; theta, inputs, targets and direction by formulas whose
values are exact in binary. Nothing is propagated backwards here: every derivative is taken by the
complex step, Im f(x + ih) / h with h = 1e-30, which is exact to rounding (Squire and Trapp, 1998).
"""
import cmath
import math

INPUTS, HIDDEN, OUTPUTS, ROWS = 3, 4, 3, 2
DIMENSION = HIDDEN * INPUTS + HIDDEN + OUTPUTS * HIDDEN + OUTPUTS
THETA = [((7 * i + 3) % 11 - 5) / 8 for i in range(DIMENSION)]
DIRECTION = [((3 * i + 1) % 5 - 2) / 4 for i in range(DIMENSION)]
X = [[((5 * (INPUTS * r + i) + 2) % 7 - 3) / 2 for i in range(INPUTS)] for r in range(ROWS)]
LABELS = [2, 0]
TARGETS = [[((OUTPUTS * r + j) % 5) / 4 for j in range(OUTPUTS)] for r in range(ROWS)]
STEP = 1e-30


def erf(z):
    """Its Taylor series, good for the small arguments here."""
    term, total, n = z, z, 0
    while abs(term) > 1e-20:
        n += 1
        term *= -z * z / n
        total += term / (2 * n + 1)
    return 2 * total / math.sqrt(math.pi)


ACTIVATIONS = {
    "relu": lambda z: z if z.real > 0 else 0 * z,
    "tanh": cmath.tanh,
    "sigmoid": lambda z: 1 / (1 + cmath.exp(-z)),
    "gelu": lambda z: z * (1 + erf(z / math.sqrt(2))) / 2,
}


def outputs_of(theta, activation):
    place = iter(theta)
    w1 = [[next(place) for _ in range(INPUTS)] for _ in range(HIDDEN)]
    b1 = [next(place) for _ in range(HIDDEN)]
    w2 = [[next(place) for _ in range(HIDDEN)] for _ in range(OUTPUTS)]
    b2 = [next(place) for _ in range(OUTPUTS)]
    rows = []
    for x in X:
        y = [activation(complex(sum(w * v for w, v in zip(row, x)) + b)) for row, b in zip(w1, b1)]
        rows.append([sum(w * v for w, v in zip(row, y)) + b for row, b in zip(w2, b2)])
    return rows


def cross_entropy(rows):
    total = 0
    for row, label in zip(rows, LABELS):
        total += cmath.log(sum(cmath.exp(o) for o in row)) - row[label]
    return total / ROWS


def mean_squared(rows):
    return sum((o - t)**2 for row, target in zip(rows, TARGETS)
               for o, t in zip(row, target)) / (ROWS * OUTPUTS)


def show(name, numbers):
    print(f"    .{name} = {{" + ", ".join(f"{n:.9g}" for n in numbers) + "},")


def report(name, loss):
    activation = ACTIVATIONS[name]
    gradient = []
    for i in range(DIMENSION):
        theta = [complex(t, STEP if i == j else 0) for j, t in enumerate(THETA)]
        gradient.append(loss(outputs_of(theta, activation)).imag / STEP)
    theta = [complex(t, STEP * d) for t, d in zip(THETA, DIRECTION)]
    along = [o.imag / STEP for row in outputs_of(theta, activation) for o in row]
    value = loss(outputs_of(THETA, activation)).real

    print(f'{{"{name}", "{loss.__name__}", {value:.12g},')
    show("gradient", gradient)
    show("along", along)
    print("},")


for each in ACTIVATIONS:
    report(each, cross_entropy)
report("tanh", mean_squared)

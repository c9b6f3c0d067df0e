#!/usr/bin/env python3
"""Makes the polynomials of worker/math/functions.h: best weighted approximations by the exchange
algorithm of Remez, in decimal arithmetic of 100 digits, coefficients then rounded to float.

    python3 tests/reference/function_polynomials.py

Prints each polynomial from its lowest coefficient, and the largest weighted error before rounding.
"""
import struct
from decimal import Decimal as D, getcontext

getcontext().prec = 100
PI = D("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211707")


def erf(x):
    """By its series; enough terms for |x| <= 5."""
    term, total, n = x, x, 0
    while abs(term) > D(10) ** -50:
        n += 1
        term *= -x * x / n
        total += term / (2 * n + 1)
    return 2 * total / PI.sqrt()


def tanh(x):
    e = (2 * x).exp()
    return (e - 1) / (e + 1)


def solve(rows):
    """Gauss with pivoting on [A | b]."""
    n = len(rows)
    for i in range(n):
        pivot = max(range(i, n), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for r in range(n):
            if r != i:
                factor = rows[r][i] / rows[i][i]
                rows[r] = [a - factor * b for a, b in zip(rows[r], rows[i])]
    return [rows[i][n] / rows[i][i] for i in range(n)]


def value(coefficients, x):
    total = D(0)
    for c in reversed(coefficients):
        total = total * x + c
    return total


def remez(function, weight, low, high, degree):
    """Coefficients q of least max |weight(x) (function(x) - q(x))| on low … high."""
    import math
    count = degree + 2
    points = [
        (low + high) / 2 + (high - low) / 2 * D(math.cos(math.pi * (count - 1 - i) / (count - 1)))
        for i in range(count)
    ]
    grid = [low + (high - low) * i / 600 for i in range(601)]
    table = [(x, function(x), weight(x)) for x in grid]
    for _ in range(12):
        rows = [[x**k if k else D(1) for k in range(degree + 1)] + [(-1)**i / weight(x), function(x)]
                for i, x in enumerate(points)]
        coefficients = solve(rows)[:-1]
        errors = [(w * (f - value(coefficients, x)), x) for x, f, w in table]
        runs = []
        for error, x in errors:
            if runs and (error > 0) == (runs[-1][0] > 0):
                if abs(error) > abs(runs[-1][0]):
                    runs[-1] = (error, x)
            else:
                runs.append((error, x))
        while len(runs) > count:
            runs.pop(0 if abs(runs[0][0]) < abs(runs[-1][0]) else -1)
        if len(runs) < count:
            break
        points = [x for _, x in runs]
    return coefficients, max(abs(error) for error, _ in errors)


def show(name, function, weight, low, high, degree):
    coefficients, error = remez(function, weight, D(low), D(high), degree)
    rounded = [struct.unpack("f", struct.pack("f", float(c)))[0] for c in coefficients]
    print(f"{name}: degree {degree} on {low} … {high}, error {float(error):.2e}")
    for c in rounded:
        print(f"    {c:.9g}F,")


# The weights make the error relative to the function itself. The ends are widened a little past
# where each polynomial is used; functions with a removable hole are asked beside it.
TINY = D(10) ** -20


def beside_zero(function):
    return lambda x: function(x if abs(x) > TINY else TINY)


show("(exp(r) - 1 - r - r^2/2) / r^3", beside_zero(lambda r: (r.exp() - 1 - r - r * r / 2) / r**3),
     lambda r: abs(r)**3 / r.exp() + D("1e-5"), "-0.3470", "0.3470", 3)
show("(log(1+f) - f + f^2/2) / f^3",
     beside_zero(lambda f: ((1 + f).ln() - f + f * f / 2) / f**3),
     beside_zero(lambda f: f**3 / (1 + f).ln() + D("1e-5")), "-0.2930", "0.4143", 7)
show("(tanh(x)/x - 1) / x^2, in x^2", beside_zero(lambda s: (tanh(s.sqrt()) / s.sqrt() - 1) / s),
     lambda s: s + D("1e-5"), "0", "0.3907", 4)
show("erf(x)/x - 1, in x^2", beside_zero(lambda s: erf(s.sqrt()) / s.sqrt() - 1), lambda s: D(1), "0",
     "0.8465", 5)
show("log(1 - erf(x))", lambda x: (1 - erf(x)).ln(), lambda x: (1 - erf(x)) / erf(x), "0.9199",
     "4.01", 6)

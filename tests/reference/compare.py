#!/usr/bin/env python3
"""Expected values of tests/server/compare/, from exact fractions (nothing but Python needed).

    python3 tests/reference/compare.py
"""
from fractions import Fraction
from math import isqrt


def root(value, digits=30):
    scale = 10 ** (2 * digits)
    return Fraction(isqrt(int(value * scale)), 10**digits)


def mean(values):
    return sum(map(Fraction, values), Fraction(0)) / len(values)


def standard_error(values):
    middle = mean(values)
    squares = sum((Fraction(v) - middle) ** 2 for v in values)
    return root(squares / (len(values) - 1) / len(values))


def show(name, values):
    print(f"{name}: n {len(values)} mean {float(mean(values))!r} se {float(standard_error(values))!r}")


# Fraction(float) is the exact value of the double, so nothing is rounded on the way.
show("losses", [0.2731, 0.2694, 0.2802, 0.2755, 0.2718])
show("two", [1.0, 2.0])
show("large offset", [1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0])
show("tiny spread", [0.1, 0.1 + 2**-50, 0.1 - 2**-50])
show("report, linear", [0.31, 0.29, 0.33])
show("report, cosine", [0.41, 0.35])
show("tuning, lr 0.1", [0.5, 0.4])

# Curves at steps 0, 10, 20: a, b, c; c ends at 10 and has no point at 5.
a = {0: 1.0, 5: 0.9, 10: 0.8, 20: 0.4}
b = {0: 2.0, 5: 1.5, 10: 1.2, 20: 0.6}
c = {0: 3.0, 10: 1.0}
c_at_5 = mean([c[0], c[10]])
for step in (0, 5, 10, 20):
    values = [a[step], b[step]]
    if step == 5:
        values.append(c_at_5)
    elif step in c:
        values.append(c[step])
    middle, error = mean(values), standard_error(values)
    print(f"curve at {step}: n {len(values)} mean {float(middle)!r} "
          f"low {float(middle - error)!r} high {float(middle + error)!r}")

#!/usr/bin/env python3
"""Expected values of tests/common/test_refinement.c and test_schedule_bound.c, written from the
formulas of Defazio et al. (2023), arXiv 2310.07831, and Schaipp et al. (2025), arXiv 2501.18965, in
exact fractions where that can be (nothing but Python needed).

    python3 tests/reference/refinement.py
"""
from fractions import Fraction
from math import cos, inf, isfinite, pi, sqrt


# --- refinement ----------------------------------------------------------------------------------


def median_filtered(norms, tau, width_of):
    half = int(Fraction(str(tau)) * width_of) // 2
    n = len(norms)

    def at(i):
        return norms[0] if i < 0 else norms[i] if i < n else norms[2 * (n - 1) - i]

    return [sorted(at(i + j) for j in range(-half, half + 1))[half] for i in range(n)]


def interpolated(norms, points):
    out = []
    for i in range(points):
        place = Fraction(i * (len(norms) - 1), points - 1)
        k = min(int(place), len(norms) - 2)
        out.append(norms[k] + (norms[k + 1] - norms[k]) * (place - k))
    return out


def refined(norms, power, tau=0.1, drop_ends=False, interpolate=False):
    norms = [Fraction(x) for x in norms if isfinite(x)]
    if drop_ends:
        norms = norms[2:-2]
    if interpolate and len(norms) < 10000:
        norms = interpolated(norms, 10000)
    smooth = median_filtered(norms, tau, 10000 if interpolate else len(norms))
    if interpolate:  # exact fractions of 10,000 different denominators take too long
        smooth = [float(x) for x in smooth]
    weights = [1 / x**power for x in smooth]
    tails, tail = [], 0
    for w in reversed(weights):
        tails.append(tail)
        tail += w
    rates = [w * behind for w, behind in zip(weights, reversed(tails))]
    top = max(rates)
    return [float(r / top) for r in rates]


def show(name, values):
    print(f"/* {name} */\n{{" + ", ".join(f"{v:.17g}" for v in values) + "}\n")


ACCEPTANCE = [4, 3, 2.5, 2, 1.8, 1.7, 1.9, 1.6, 1.5, 1.4, 1.5, 1.3, 1.2, 1.3, 1.25, 1.2, 1.1, 1.15,
              1.05, 1]
show("AV-6, sgd", refined(ACCEPTANCE, 2))
show("AV-6, adam", refined(ACCEPTANCE, 1))
HOLES = [9, 7, inf, 5, 4, 4.5, 3, 3.5, inf, 2, 2.5, 2, 1.5, 1.75, 1.25, 1, 1.5, 1.25, 1, 0.75, 1,
         0.875, 1, 1.125, 1.25, 3, 2]
show("with infinities, without ends, tau 0.3, sgd", refined(HOLES, 2, 0.3, True))
show("the same, adam", refined(HOLES, 1, 0.3, True))
curve = refined(ACCEPTANCE, 2, interpolate=True)
print("/* AV-6's norms, interpolated to 10,000; entries 0, 1, 500, 2500, 5000, 7499, 9998, 9999 */")
show("", [curve[i] for i in (0, 1, 500, 2500, 5000, 7499, 9998, 9999)])


# --- the bound -----------------------------------------------------------------------------------


def terms(s, g, distance=1):
    """The three sums as they are written, O(T^2) but for the inner sums' running totals."""
    T = len(s)
    rest = [sum(s[k:]) for k in range(T + 1)] if T < 50 else running(s)
    moved = [a * a * b * b for a, b in zip(s, g)]
    rest_moved = [sum(moved[k:]) for k in range(T + 1)] if T < 50 else running(moved)
    last = sum(s[k] / rest[k + 1] * (rest_moved[k] / rest[k]) for k in range(T - 1))
    return distance**2 / (2 * rest[0]), rest_moved[0] / (2 * rest[0]), last / 2


def running(values):
    out = [0.0]
    for value in reversed(values):
        out.append(out[-1] + value)
    return out[::-1]


def best(s, g=None, distance=1):
    t1, t2, t3 = terms(s, g or [1] * len(s), distance)
    return sqrt(t1 / (t2 + t3)), 2 * sqrt(t1 * (t2 + t3))


def wsd(T):
    n = T // 5
    return [1.0 if k < T - n else 1 - (k - (T - n) + 1) / (n + 1) for k in range(T)]


for T in (400, 4000):
    for name, s in (
        ("constant", [1.0] * T),
        ("linear", [1 - k / T for k in range(T)]),
        ("wsd", wsd(T)),
        ("square root", [sqrt(1 - k / T) for k in range(T)]),
        ("1/sqrt(k+1)", [1 / sqrt(k + 1) for k in range(T)]),
        ("cosine", [(1 + cos(pi * k / T)) / 2 for k in range(T)]),
    ):
        rate, bound = best(s)
        print(f"T {T} {name}: {rate * sqrt(T):.10f}, {bound * sqrt(T):.10f}")
    harmonic = sum(1 / k for k in range(1, T))
    print(f"T {T} constant, closed form: {sqrt(1 + harmonic):.10f}")

S = [Fraction(x) for x in ("0.25", "1", "0.75", "0", "0.5", "0.5", "0.125")]
G = [Fraction(x) for x in ("4", "2", "3", "1", "0.5", "1", "2")]
t1, t2, t3 = terms(S, G, 3)
print(f"\nseven steps: terms {float(t1)!r}, {float(t2)!r}, {float(t3)!r}; best {best(S, G, 3)!r}")
for end in range(1, 8):
    kept = end
    while S[kept - 1] == 0:
        kept -= 1
    t1, t2, t3 = terms(S[:kept], G[:kept], 3)
    print(f"  until {end} at rate 0.5: {float(t1 * 2 + (t2 + t3) / 2)!r}")

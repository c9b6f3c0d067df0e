#!/usr/bin/env python3
"""Expected values of the tests of server/theory, from other ways than its closed forms.

Plain Python: constants by series in 50 digits, stationary variances by solving Lyapunov equations
as linear systems or by repeating the moments' recursion, transients by Runge-Kutta.
"""
from decimal import Decimal, getcontext
from fractions import Fraction
import math

getcontext().prec = 50
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494")


def erf(x):
    """2/sqrt(pi) sum (-1)^n x^(2n+1)/(n! (2n+1))"""
    x = Decimal(x)
    term, total, n = x, Decimal(0), 0
    while abs(term) > Decimal(10) ** -45:
        total += term / (2 * n + 1)
        n += 1
        term = -term * x * x / n
    return 2 / PI.sqrt() * total


def secant():
    slope = 2 * (erf("1.5") - erf("1"))
    low = erf("1") - slope
    touch = (-(slope * PI.sqrt() / 2).ln()).sqrt()
    return slope, low, erf(touch) - slope * touch, touch


def student_density(nu, cells=200000):
    """1 / integral of (1 + x^2/nu)^(-(nu+1)/2), with x = sqrt(nu) tan(a): midpoints in a."""
    width = math.pi / cells
    mass = sum(math.cos((i + 0.5) * width - math.pi / 2) ** (nu - 1) for i in range(cells))
    return 1 / (math.sqrt(nu) * mass * width)


def solve(matrix, right):
    """Gauss, in fractions: no rounding."""
    n = len(right)
    rows = [[Fraction(v) for v in matrix[i]] + [Fraction(right[i])] for i in range(n)]
    for i in range(n):
        pivot = next(r for r in range(i, n) if rows[r][i] != 0)
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [v / rows[i][i] for v in rows[i]]
        for r in range(n):
            if r != i:
                rows[r] = [a - rows[r][i] * b for a, b in zip(rows[r], rows[i])]
    return [float(row[n]) for row in rows]


def adamw_lyapunov(eta, beta1, decay, curvature, deviation):
    """Stationary E[x^2] of dx = -(m/s) dt - w x dt, dm = r (c x - m) dt + sqrt(eta) r s dW:
    A P + P A' + Q = 0 in the unknowns xx, xm, mm."""
    eta, beta1, decay = Fraction(eta), Fraction(beta1), Fraction(decay)
    c, s = Fraction(curvature), Fraction(deviation)
    r = (1 - beta1) / eta
    matrix = [[-2 * decay, -2 / s, 0], [r * c, -decay - r, -1 / s], [0, 2 * r * c, -2 * r]]
    # The published scheme moves x by m + eta r (g - m): that is m one step on, of order eta.
    return solve(matrix, [0, 0, -eta * r * r * s * s])[0]


def sgd_recursion(eta, c, s, x0, steps):
    v = x0 * x0
    for _ in range(steps):
        v = (1 - eta * c) ** 2 * v + (eta * s) ** 2
    return v


def runge_kutta(slope, v, time, cells=20000):
    h = time / cells
    for _ in range(cells):
        a = slope(v)
        b = slope(v + h / 2 * a)
        c = slope(v + h / 2 * b)
        d = slope(v + h * c)
        v += h / 6 * (a + 2 * b + 2 * c + d)
    return v


def sign_moment(eta, c, s, decay=0.0):
    """d E[x^2]/dt of the linearised equation of sign descent (phase 3)."""
    k = math.sqrt(2 / math.pi) * c / s
    return lambda v: -2 * (k + decay) * v + eta * (1 - k * k * v)


def loss(curvatures, squares):
    return 0.5 * sum(c * v for c, v in zip(curvatures, squares))


def main():
    print("erf secant: slope, low, high, touch")
    for value in secant():
        print(f"  {value:.20f}")
    print("Student densities at 0")
    for nu in (0.5, 1, 2, 3, 4.5, 999, 1001):
        print(f"  nu {nu}: {student_density(nu) if nu >= 1 else math.gamma((nu+1)/2)/math.sqrt(math.pi*nu)/math.gamma(nu/2):.15g}")

    cs, ss = ("1", "2"), ("0.1", "0.2")
    print("adamw on c = (1, 2), s = (.1, .2): loss by Lyapunov")
    for eta, beta1, decay in (("0.01", "0.9", "1"), ("0.01", "0.9", "4"), ("0.001", "0.9", "1"),
                              ("0.001", "0.99", "0.5")):
        squares = [adamw_lyapunov(eta, beta1, decay, c, s) for c, s in zip(cs, ss)]
        print(f"  eta {eta} beta1 {beta1} decay {decay}: {loss((1, 2), squares):.15g}")
    print("batch scaling, loss by Lyapunov (eta .001, beta1 .9, decay 1), delta: rule, root with betas fixed, linear, unscaled")
    for delta in (4, 16):
        root = int(delta ** 0.5)
        noise = [Fraction(s) / root for s in ss]
        eta = Fraction("0.001")
        rest = min(Fraction(1), delta * Fraction("0.1"))
        ways = (
            (root * eta, 1 - rest, root), (root * eta, "0.9", root), (delta * eta, "0.9", 1),
            (eta, "0.9", 1),
        )
        print(f"  {delta}:", *(
            f"{loss((1, 2), [adamw_lyapunov(e, b, w, c, s) for c, s in zip(cs, noise)]):.15g}"
            for e, b, w in ways))

    print("sgd, eta .01, from (.5, .5): loss after 0, 1, 100, 20000 steps by the recursion")
    print("  ", *(f"{loss((1, 2), [sgd_recursion(.01, c, s, .5, n) for c, s in ((1, .1), (2, .2))]):.15g}"
                  for n in (0, 1, 100, 20000)))
    print("sgd, continuous, t = .1, 1 by Runge-Kutta")
    for t in (0.1, 1.0):
        squares = [runge_kutta(lambda v, c=c, s=s: -2 * c * v + .01 * s * s, .25, t)
                   for c, s in ((1, .1), (2, .2))]
        print(f"   {loss((1, 2), squares):.15g}")
    print("sign descent, phase 3, eta .01, from (.1, -.1), t = .01, .1, 10 by Runge-Kutta; the last with decay .5")
    for t, decay in ((0.01, 0), (0.1, 0), (10, 0), (10, 0.5)):
        squares = [runge_kutta(sign_moment(.01, c, s, decay), .01, t)
                   for c, s in ((1, .1), (2, .2))]
        print(f"   {loss((1, 2), squares):.15g}")
    print("sgd with coupled decay .5, eta .01: stationary loss by the recursion")
    print(f"   {loss((1, 2), [sgd_recursion(.01, c + .5, s, 0, 20000) for c, s in ((1, .1), (2, .2))]):.15g}")


if __name__ == "__main__":
    main()

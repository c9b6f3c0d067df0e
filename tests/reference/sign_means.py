"""2 F(x) - 1 of Student's t, for tests/worker/exact/test_sign_mean.c.

By the regularised incomplete beta function: 2 F_nu(x) - 1 = 1 - I_{nu / (nu + x^2)}(nu/2, 1/2), with
Lentz's continued fraction. The worker sums the density with Gauss and Legendre's rule instead.
"""
from math import exp, lgamma, log, log1p


def incomplete_beta(a, b, x):
    """I_x(a, b) by its continued fraction (DLMF 8.17.22), modified Lentz."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - incomplete_beta(b, a, 1.0 - x)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / d
    value = d
    for m in range(1, 1000):
        for term in (m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                     -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))):
            d = 1.0 / (1.0 + term * d)
            c = 1.0 + term / c
            value *= c * d
        if abs(c * d - 1.0) < 1e-16:
            break
    return front * value


def sign_mean(nu, x):
    return 1.0 - incomplete_beta(nu / 2.0, 0.5, nu / (nu + x * x))


if __name__ == "__main__":
    from math import atan, pi, sqrt
    assert abs(sign_mean(1, 0.7) - 2 / pi * atan(0.7)) < 1e-14
    assert abs(sign_mean(2, 0.7) - 0.7 / sqrt(2.49)) < 1e-14
    for nu in (1.5, 4.0, 7.5, 30.0, 1000.0):
        print(nu, ", ".join(f"{sign_mean(nu, x):.15f}" for x in (0.1, 1.0, 3.0, 10.0)))

"""Values of scipy.stats.truncnorm and norm for tests/server/search/test_truncated_normal.c."""
from mpmath import mp, mpf, erfc, log, sqrt

mp.dps = 60


def mass(a, b):
    a, b = mpf(a), mpf(b)
    if a < 0:
        a, b = -b, -a
    return (erfc(a / sqrt(2)) - erfc(b / sqrt(2))) / 2


if __name__ == "__main__":
    from scipy.stats import truncnorm
    print("ln P(a < Z < b), 60 digits by mpmath")
    for a, b in ((-1, 1), (0, 1e-9), (-1e-3, 2e-3), (3, 3.5), (-12, -11.99), (20, 21), (35.5, 36.5), (50, 51),
                 (-200, -199), (-0.5, 1e9), (-8, 8), (7.9999, 8)):
        print("{%r, %r, %s}," % (a, b, mp.nstr(log(mass(a, b)), 18)))
    print("scipy.stats.truncnorm: x, mean, deviation, low, high, log density")
    for x, m, s, lo, hi in ((0.3, 0.5, 1, 0, 1), (0.02, 0.03, 0.01, 0, 1), (0.9, 0.1, 0.05, 0, 1), (2.5, 1, 2, -1, 3),
                            (-4, -9, 0.5, -5, -3), (0.999, 1, 0.2, 0, 1)):
        print("{%r, %r, %r, %r, %r, %.17g}," % (x, m, s, lo, hi, truncnorm.logpdf(x, (lo - m) / s, (hi - m) / s, m, s)))
    print("scipy.stats.truncnorm: u, mean, deviation, low, high, quantile")
    for u, m, s, lo, hi in ((0.5, 0.5, 1, 0, 1), (0.1, 0.03, 0.01, 0, 1), (0.999, 0.1, 0.05, 0, 1), (0.25, 1, 2, -1, 3),
                            (0.75, 0.999, 0.01, 0, 1), (0.4, -9, 0.5, -5, -3), (0.6, 9, 0.5, 3, 5)):
        print("{%r, %r, %r, %r, %r, %.17g}," % (u, m, s, lo, hi, truncnorm.ppf(u, (lo - m) / s, (hi - m) / s, m, s)))

"""Mixture densities for tests/server/search/test_parzen.c, straight from Watanabe (2023, arXiv
2304.11127) and ../shared/spec/search.md, section 3, with scipy's normal distribution.
"""
from math import ceil, exp, floor, log, pi, sqrt
from scipy.special import log_ndtr
from scipy.stats import norm


def clip(x, low, high):
    return min(max(x, low), high)


def widths(points, axes, rule, scale, share):
    count = len(points)
    least, out = min(1, share / min(100, 2 + count)), []
    different = sorted(set(points))
    for u in points:
        if rule == "scott":
            width = scale * max(count, 1) ** (-1 / (axes + 4))
        else:
            k = different.index(u)
            left = u - different[k - 1] if k > 0 else None
            right = different[k + 1] - u if k + 1 < len(different) else None
            gaps = [g for g in (left, right) if g is not None] or [u, 1 - u]
            width = max(gaps)
        out.append(clip(width, least, 1))
    return out + [1.0]


def inside(mean, width, low=0.0, high=1.0):
    return norm.cdf((high - mean) / width) - norm.cdf((low - mean) / width)


class Float:
    def __init__(self, points, axes, rule, scale=0.2, share=1, flat=False):
        self.width = widths(points, axes, rule, scale, share)
        self.mean, self.flat = points + [0.5], flat

    def kernel(self, i, u):
        z = (u - self.mean[i]) / self.width[i]
        kernel = exp(-z * z / 2) / inside(self.mean[i], self.width[i])
        return kernel if self.flat else kernel / (self.width[i] * sqrt(2 * pi))


class Stepped(Float):
    """Values with the ends of their cells on [0, 1]."""

    def kernel(self, i, cell):
        return inside(self.mean[i], self.width[i], *cell) / inside(self.mean[i], self.width[i])


class Choice:
    def __init__(self, points, choices):
        self.own, self.choices, self.k = points + [None], choices, len(points) + 1

    def kernel(self, i, value):
        if self.own[i] is None:
            return 1 / self.choices
        return (1 / self.k + (value == self.own[i])) / (self.choices / self.k + 1)


def density(axes, weights, at):
    weights = weights + [1.0]
    total = 0
    for i, w in enumerate(weights):
        product = w / sum(weights)
        for axis, value in zip(axes, at):
            product *= axis.kernel(i, value)
        total += product
    return log(total)


def cell(value, low, high, step, logarithm):
    f = log if logarithm else float
    a, b = f(low - step / 2), f(high + step / 2)
    return (f(value - step / 2) - a) / (b - a), (f(value + step / 2) - a) / (b - a)


def unit(value, low, high, step, logarithm):
    f = log if logarithm else float
    a, b = f(low - step / 2), f(high + step / 2)
    return (f(value) - a) / (b - a)


def show(name, axes, weights, places):
    print(name, ", ".join("{%s, %.17g}" % (", ".join(map(str, shown)), density(axes, weights, at)) for shown, at in places))


if __name__ == "__main__":
    for rule in ("gaps", "scott"):
        show("one point, " + rule, [Float([0.25], 1, rule)], [1.0], [((x,), (x,)) for x in (0, 0.25, 0.9)])
    same = [(i * 37 % 120) / 119 for i in range(120)]
    show("120 points, gaps", [Float(same, 1, "gaps")], [1.0] * 120, [((x,), (x,)) for x in (0.004, 0.5, 0.9999)])
    # 40 points with ties, not in order; weights that differ
    points = [floor(50 * ((i * 0.6180339887498949) % 1)) / 50 for i in range(40)]
    other = [floor(64 * ((i * 0.7548776662466927) % 1)) / 64 for i in range(40)]
    weights = [0.25 + (i % 4) for i in range(40)]
    places = [((x, y), (x, y)) for x, y in ((0.1, 0.2), (0.5, 0.5), (0.93, 0.01))]
    for rule, scale, share, flat in (("gaps", 0, 1, False), ("gaps", 0, 0.5, False), ("scott", 0.1, 1, False),
                                     ("scott", 0.1, 1, True), ("gaps", 0, 1, True)):
        show("two floats, %s %g %g %d" % (rule, scale, share, flat),
             [Float(points, 2, rule, scale, share, flat), Float(other, 2, rule, scale, share, flat)], weights, places)
    values = [1 + i * 7 % 12 for i in range(9)]
    u = [unit(v, 1, 12, 1, True) for v in values]
    for rule in ("gaps", "scott"):
        show("log int 1 to 12, %s" % rule, [Stepped(u, 1, rule)], [1.0] * 9,
             [((v,), (cell(v, 1, 12, 1, True),)) for v in (1, 2, 7, 12)])
    wide = [unit(v, 10, 2000, 10, False) for v in (10, 500, 700, 2000)]
    show("steps of ten, 10 to 2000", [Stepped(wide, 1, "gaps")], [1.0] * 4,
         [((v,), (cell(v, 10, 2000, 10, False),)) for v in (10, 600, 1990)])
    show("choice of five", [Choice([0, 3, 3, 1], 5)], [1.0, 2.0, 1.0, 1.0], [((v,), (v,)) for v in range(5)])

#!/usr/bin/env python3
"""Expected values of tests/server/compare/ for the statistics of a comparison.

    /usr/bin/python3 tests/reference/comparison.py

Values in the tests were printed with Debian 12's python3-scipy 1.10.1, python3-statsmodels 0.13.5;
those that R prints come from comparison.R beside this. Enumerations and the bootstrap with the
service's own streams (Philox as published) are plain Python.
"""
from itertools import product
import math

import numpy
from scipy import integrate, special, stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower


def show(name, *values):
    print(f"{name}: " + " ".join(repr(float(v)) for v in values))


# --- distributions ----------------------------------------------------------------------------------
for p in (0.5, 0.975, 0.9, 1e-3, 1e-10, 1e-100, 1 - 1e-6):
    show(f"normal quantile {p}", stats.norm.ppf(p))
for z in (-5.0, -1.0, 0.3, 2.5):
    show(f"normal cdf {z}", stats.norm.cdf(z))
for t, v in ((0.1, 1), (2.0, 1), (2.2621571627409915, 9), (-1.5, 3), (40.0, 5), (3.0, 1000), (2.0, 100000), (1e-3, 7)):
    show(f"student upper {t} {v}", stats.t.sf(t, v))
# Student quantiles are R's: this scipy's have 9 digits.
for x, v in ((0.5, 1), (9.28, 3), (30.0, 3), (100.0, 63), (20.0, 63), (700.0, 2)):
    show(f"chi-square upper {x} {v}", stats.chi2.sf(x, v))
for x, a, b in ((3.69, 3, 39), (0.2, 2, 5), (50.0, 63, 200), (1.0, 7, 7)):
    show(f"f upper {x} {a} {b}", stats.f.sf(x, a, b))
for a, b, x in ((0.5, 0.5, 0.3), (2.5, 10.0, 0.1), (50.0, 0.5, 0.99), (500.0, 300.0, 0.6)):
    show(f"incomplete beta {a} {b} {x}", special.betainc(a, b, x))

# --- signed rank ------------------------------------------------------------------------------------
def enumerated(differences):
    """All signs of the sizes given: ties and infinite ones as they are; zeros dropped."""
    used = [d for d in differences if d != 0]
    ranks = stats.rankdata(numpy.abs(used))
    plus = sum(r for r, d in zip(ranks, used) if d > 0)
    minus = sum(r for r, d in zip(ranks, used) if d < 0)
    least = min(plus, minus)
    hits = sum(
        sum(r for r, s in zip(ranks, signs) if s) <= least for signs in product((0, 1), repeat=len(used))
    )
    return len(used), plus, minus, min(1.0, 2 * hits / 2 ** len(used))


DISTINCT = [1.1, -0.4, 2.5, 3.2, -0.9, 4.1, 0.3, 5.0, 2.2, 1.7]
TIED = [1, 1, 2, -1, 3, 3, -2, 4, 0, 5, 5, 0]
INFINITE = [math.inf, math.inf, 1, -2, 3, math.inf, 0.5]
show("signed rank distinct", *enumerated(DISTINCT))
show("signed rank distinct, scipy", *stats.wilcoxon(DISTINCT, mode="exact"))
show("signed rank tied", *enumerated(TIED))
show("signed rank infinite", *enumerated(INFINITE))
LONG = [((i * 37) % 101 - 40) / 10 for i in range(40)]  # no zeros, no ties in size?
sizes = sorted(abs(x) for x in LONG)
print("long:", LONG, "ties", len(sizes) - len(set(sizes)))
show("signed rank long", *stats.wilcoxon(LONG, correction=True, mode="approx"))
TWENTY = [((i * 29) % 47 - 17.3) / 8 for i in range(25)]
print("twenty-five:", TWENTY)
show("signed rank 25, scipy exact", *stats.wilcoxon(TWENTY, mode="exact"))

# --- paired -----------------------------------------------------------------------------------------
t = stats.ttest_1samp(DISTINCT, 0)
mean, error = numpy.mean(DISTINCT), stats.sem(DISTINCT)
show("paired t", mean, error, *stats.t.interval(0.95, 9, mean, error), t.statistic, t.pvalue)
show("effect", mean / numpy.std(DISTINCT, ddof=1))
for n in (3, 10, 50, 1000):
    v = n - 1
    show(f"hedges {n}", math.exp(math.lgamma(v / 2) - math.lgamma((v - 1) / 2)) / math.sqrt(v / 2))
for within in (2.0, 3.5, 5.0):
    low = stats.ttest_1samp(DISTINCT, -within, alternative="greater").pvalue
    high = stats.ttest_1samp(DISTINCT, within, alternative="less").pvalue
    show(f"equivalence {within}", max(low, high))
for d, n, a in ((0.5, 10, 0.05), (0.5, 34, 0.05), (1.0, 5, 0.05), (3.0, 2, 0.05), (0.05, 3000, 0.05), (2.0, 8, 0.001), (0.0, 7, 0.05), (10.0, 3, 0.01)):
    # nct in this scipy loses digits far out: integrate over the deviation
    v = n - 1
    crit = stats.t.ppf(1 - a / 2, v)
    shift = d * math.sqrt(n)
    f = lambda s: stats.chi.pdf(s * math.sqrt(v), v) * math.sqrt(v) * (stats.norm.cdf(shift - crit * s) + stats.norm.cdf(-shift - crit * s))
    w = 12 / math.sqrt(2 * v)
    exact = integrate.quad(f, max(0, 1 - w), 1 + w, epsabs=1e-13, epsrel=1e-12, limit=500)[0]
    show(f"power {d} {n} {a}", exact, TTestPower().power(d, n, a))
for d, a in ((0.5, 0.05), (1.0, 0.05), (0.2, 0.01), (3.0, 0.05), (2.0, 0.0001), (0.05, 0.05), (8.0, 0.05)):
    n = TTestPower().solve_power(d, None, a, 0.8)
    print(f"n for {d} {a}: {n}")

# --- several comparisons ----------------------------------------------------------------------------
P = [0.01, 0.04, 0.03, 0.005, 0.5, 0.03]
show("holm", *multipletests(P, method="holm")[1])
for k in (2, 3, 5, 10, 20, 64):
    show(f"studentized range {k}", *[stats.studentized_range.sf(q, k, numpy.inf) for q in (1.0, 3.5, 6.0)])

# Demšar 2006, table 6: AUC of four versions of C4.5 on 14 data sets.
C45 = numpy.array([
    [.763, .768, .771, .798], [.599, .591, .590, .569], [.954, .971, .968, .967], [.628, .661, .654, .657],
    [.882, .888, .886, .898], [.936, .931, .916, .931], [.661, .668, .609, .685], [.583, .583, .563, .625],
    [.775, .838, .866, .875], [1., 1., 1., 1.], [.940, .962, .965, .962], [.619, .666, .614, .669],
    [.972, .981, .9751, .975], [.957, .978, .946, .970]])
ranks = numpy.mean([stats.rankdata(-row) for row in C45], axis=0)
show("demsar ranks", *ranks)
chi = stats.friedmanchisquare(*C45.T)
N, k = C45.shape
F = (N - 1) * chi.statistic / (N * (k - 1) - chi.statistic)
show("demsar friedman", chi.statistic, chi.pvalue, F, stats.f.sf(F, k - 1, (k - 1) * (N - 1)))

# --- sequential: 1 - P(all |Z_j| < c) of the walk, by Simpson's rule on a fine grid -----------------
def crossing(looks, c, cells=3000):
    alive, place = None, None
    for look in range(1, looks + 1):
        end = c * math.sqrt(look)
        grid = numpy.linspace(-end, end, cells + 1)
        if look == 1:
            alive = stats.norm.pdf(grid)
        else:
            alive = stats.norm.pdf(grid[:, None] - place[None, :]) @ (alive * weights)
        weights = numpy.full(cells + 1, 2.0)
        weights[1::2], weights[0], weights[-1] = 4.0, 1.0, 1.0
        weights *= 2 * end / cells / 3
        place = grid
    return 1 - (alive * weights).sum()


for looks, c in ((2, 2.178), (3, 2.289), (4, 2.361), (5, 2.413), (3, 1.0), (5, 3.5), (10, 2.555), (10, 0.2)):
    show(f"crossing {looks} {c}", crossing(looks, c))

# --- bootstrap, with the service's own streams ------------------------------------------------------
M = 0xFFFFFFFF


def philox(counter, key):
    c, k = list(counter), list(key)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & M, (a >> 32) ^ c[3] ^ k[1], a & M]
        k = [(k[0] + 0x9E3779B9) & M, (k[1] + 0xBB67AE85) & M]
    return c


def stream(seed, purpose, step):
    block = 0
    while True:
        yield from philox([block, purpose, step & M, step >> 32], [seed & M, seed >> 32])
        block += 1


def below(numbers, limit):
    while True:
        product_ = next(numbers) * limit
        if (product_ & M) >= (2**32 - limit) % limit:
            return product_ >> 32


RESAMPLE, WEIGHTS = 9, 10  # include/random.h
DRAWS, SEED = 10000, 7
values = numpy.array(DISTINCT)
n = len(values)
means, weighted = [], []
for draw in range(DRAWS):
    s = stream(SEED, RESAMPLE, draw)
    means.append(numpy.mean([values[below(s, n)] for _ in range(n)]))
    s = stream(SEED, WEIGHTS, draw)
    e = []
    for _ in range(n):
        bits = next(s) << 32 | next(s)
        e.append(-math.log1p(-((bits >> 11) * 2.0**-53)))
    weighted.append(numpy.dot(e, values - 1.5) / sum(e))
means = numpy.array(means)


def bca(values, means, level):
    m = values.mean()
    near = 1e-12
    z0 = stats.norm.ppf(((means < m - near).sum() + (means <= m + near).sum()) / (2 * len(means)))
    jack = numpy.array([numpy.delete(values, i).mean() for i in range(len(values))])
    d = jack.mean() - jack
    a = (d**3).sum() / (6 * (d**2).sum() ** 1.5)
    ends = []
    for p in (level / 2, 1 - level / 2):
        z = z0 + stats.norm.ppf(p)
        ends.append(numpy.quantile(means, stats.norm.cdf(z0 + z / (1 - a * z))))
    return a, ends


a, ends = bca(values, means, 0.05)
show("bca, own streams", a, *ends)
show("share above zero, less 1.5", (numpy.array(weighted) > 0).mean())
many = stats.bootstrap((values,), numpy.mean, n_resamples=400000, method="BCa", vectorized=True, batch=20000,
                       random_state=1).confidence_interval
show("bca, scipy with 400,000 resamples", many.low, many.high)
skewed = numpy.array([0.1, 0.2, 0.15, 0.3, 2.5, 0.05, 0.4, 0.22, 1.1, 0.6, 0.33, 0.9])
many = stats.bootstrap((skewed,), numpy.mean, n_resamples=400000, method="BCa", vectorized=True, batch=20000,
                       random_state=2).confidence_interval
show("bca skewed, scipy with 400,000 resamples", many.low, many.high)
rng = numpy.random.default_rng(3)
w = rng.dirichlet(numpy.ones(n), size=2000000)
show("bayesian bootstrap of 2,000,000 draws, numpy", (w @ (values - 1.5) > 0).mean())
show("repeated p of 2/1024 over 5 looks", crossing(5, stats.norm.isf(1 / 1024)))

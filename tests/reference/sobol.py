"""Sobol' sequences for server/search/sobol_points.c and its test.

    sobol.py rows     initial numbers for dimensions 41 to 128, beyond the table of Joe and Kuo (2008)
                      that ../shared/spec/search.md gives
    sobol.py points   unscrambled points by scipy.stats.qmc (1.10), for tests/server/search/test_sobol.c

rows: the polynomials are all primitive ones in ascending order, as in that table. For each, of 40
random sets of odd initial numbers the one is kept whose worst (then summed) t-value over the
two-dimensional projections with the 127 dimensions before it, at 2^7 and 2^10 points, is least.
"""
import random
import sys


def primitive(s, a):
    """x has order 2^s - 1 modulo the polynomial 1 (bits of a) 1."""
    full, x, order = 1 << s | a << 1 | 1, 1, 0
    while order < 1 << s:
        x <<= 1
        if x >> s:
            x ^= full
        order += 1
        if x == 1:
            return order == (1 << s) - 1
    return False


def directions(s, a, m, bits=12):
    v = [m[k] << (31 - k) for k in range(s)][:bits]
    for k in range(s, bits):
        x = v[k - s] ^ v[k - s] >> s
        for i in range(1, s):
            if a >> (s - 1 - i) & 1:
                x ^= v[k - i]
        v.append(x)
    return v


def rows(v, m):
    """The first m rows of the generator matrix, as bit sets over the first m columns."""
    return [sum((v[c] >> (31 - r) & 1) << c for c in range(m)) for r in range(m)]


def reduced(basis, x):
    for b in basis:
        x = min(x, x ^ b)
    return x


def t_value(one, other, m):
    basis, least = [], m
    for a in range(m + 1):
        mixed, b = list(basis), 0
        while b < m - a:
            x = reduced(mixed, other[b])
            if not x:
                break
            mixed.append(x)
            b += 1
        least = min(least, a + b)
        if a < m:
            x = reduced(basis, one[a])
            basis.append(x)
    return m - least


TABLE = """1 0 1|2 1 1 3|3 1 1 3 1|3 2 1 1 1|4 1 1 1 3 3|4 4 1 3 5 13|5 2 1 1 5 5 17|5 4 1 1 5 5 5
5 7 1 1 7 11 19|5 11 1 1 5 1 1|5 13 1 1 1 3 11|5 14 1 3 5 5 31|6 1 1 3 3 9 7 49
6 13 1 1 1 15 21 21|6 16 1 3 1 13 27 49|6 19 1 1 1 15 7 5|6 22 1 3 1 15 13 25
6 25 1 1 5 5 19 61|7 1 1 3 7 11 23 15 103|7 4 1 3 7 13 13 15 69|7 7 1 1 3 13 7 35 63
7 8 1 3 5 9 1 25 53|7 14 1 3 1 13 9 35 107|7 19 1 3 1 5 27 61 31|7 21 1 1 5 11 19 41 61
7 28 1 3 5 3 3 13 69|7 31 1 1 7 13 1 19 1|7 32 1 3 7 5 13 19 59|7 37 1 1 3 9 25 29 41
7 41 1 3 5 13 23 1 55|7 42 1 3 7 3 13 59 17|7 50 1 3 1 3 5 53 69|7 55 1 1 5 5 23 33 13
7 56 1 1 7 7 1 61 123|7 59 1 1 7 9 13 61 49|7 62 1 3 3 5 3 55 33
8 14 1 3 1 15 31 13 49 245|8 21 1 3 5 15 31 59 63 97|8 22 1 3 1 11 11 11 77 249"""


def more_rows():
    random.seed(40)
    known = [[int(x) for x in row.split()] for row in TABLE.replace("\n", "|").split("|")]
    matrices = []

    def keep(v):
        matrices.append({m: rows(v, m) for m in (7, 10)})

    keep([1 << (31 - k) for k in range(12)])
    for s, a, *m in known:
        keep(directions(s, a, m))
    polynomials = [(s, a) for s in range(1, 11) for a in range(1 << (s - 1)) if primitive(s, a)]
    assert polynomials[:39] == [(row[0], row[1]) for row in known]
    for s, a in polynomials[39:127]:
        best = None
        for _ in range(40):
            m = [2 * random.randrange(1 << k) + 1 for k in range(s)]
            v = directions(s, a, m)
            mine = {k: rows(v, k) for k in (7, 10)}
            values = [t_value(mine[k], other[k], k) for other in matrices for k in (7, 10)]
            score = (max(values), sum(values))
            if best is None or score < best[0]:
                best = (score, m, v)
        keep(best[2])
        print("{%d, %d, {%s}}," % (s, a, ", ".join(map(str, best[1]))), "/*", *best[0], "*/",
              flush=True)


def points():
    from scipy.stats import qmc
    engine = qmc.Sobol(40, scramble=False, bits=32)
    first = engine.random(64)
    for dimension in (1, 2, 3, 7, 19, 40):
        print(dimension, ", ".join(str(int(64 * x)) for x in first[:, dimension - 1]))
    engine.fast_forward(1000000 - 64)
    print("1000000:", ", ".join(str(int(x * 2**32)) for x in engine.random(1)[0]))


if __name__ == "__main__":
    {"rows": more_rows, "points": points}[sys.argv[1]]()

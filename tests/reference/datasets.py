"""Expected values of the data set tests, from nothing but Python: run and compare.

    python3 tests/reference/datasets.py [../shared/data]
"""

import gzip
import os
import sys
from decimal import Decimal, getcontext
from fractions import Fraction

getcontext().prec = 30


def deviation(values):
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / len(values)
    return (Decimal(variance.numerator) / Decimal(variance.denominator)).sqrt()


def outlier():
    values = [Fraction(10**9)] + [Fraction(0 if i % 2 else 2) for i in range(1, 1001)]
    print("outlier in front: deviation", deviation(values))


def libsvm(path, features):
    """Mean and deviation over all features, and how many labels of each kind."""
    opened = gzip.open(path, "rt") if path.endswith(".gz") else open(path)
    total = square = rows = 0
    largest = 0
    labels = {}
    with opened as lines:
        for line in lines:
            label, *pairs = line.split()
            labels[label] = labels.get(label, 0) + 1
            rows += 1
            for pair in pairs:
                index, value = pair.split(":")
                largest = max(largest, int(index))
                total += Fraction(value)
                square += Fraction(value) ** 2
    count = rows * features
    mean = total / count
    print(os.path.basename(path), rows, "rows, largest index", largest, labels)
    print("  mean %.12f deviation %.12f" % (mean, float(square / count - mean**2) ** 0.5))


def idx_images(path):
    """Mean and deviation of the pixels over 255: known as 0.1307 and 0.3081 for MNIST."""
    data = gzip.open(path).read()
    rank = data[3]
    pixels = data[4 + 4 * rank :]
    counts = [pixels.count(bytes([value])) for value in range(256)]
    total = sum(value * count for value, count in enumerate(counts))
    square = sum(value * value * count for value, count in enumerate(counts))
    mean = Fraction(total, len(pixels))
    print(os.path.basename(path), "mean %.12f deviation %.12f" % (
        mean / 255, float(Fraction(square, len(pixels)) - mean**2) ** 0.5 / 255))


def main():
    outlier()
    folder = sys.argv[1] if len(sys.argv) > 1 else "../shared/data"
    libsvm(os.path.join(folder, "libsvm/heart_scale"), 13)
    libsvm(os.path.join(folder, "libsvm/a9a.t.gz"), 123)
    idx_images(os.path.join(folder, "mnist/train-images-idx3-ubyte.gz"))


main()

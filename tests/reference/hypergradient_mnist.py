#!/usr/bin/env python3
"""How far the learned rate rises on MNIST, over 40 seeds: for tests/worker/optimizers.

    /usr/bin/python3 tests/reference/hypergradient_mnist.py ../shared/data/mnist

Logistic regression, batch 128, weight decay 1e-4, rate 0.001 to begin with, hyper rate 0.001, the
first 60 steps, weights uniform within 1/28 as PyTorch's. The published program's one seed has the
peaks 0.04706 (sgd_hd) and 0.04872 (sgdn_hd); this prints what other seeds have.
"""
import gzip
import sys

import numpy as np

X = np.frombuffer(gzip.open(sys.argv[1] + "/train-images-idx3-ubyte.gz").read(), np.uint8,
                  offset=16).reshape(60000, 784).astype(np.float32)
Y = np.frombuffer(gzip.open(sys.argv[1] + "/train-labels-idx1-ubyte.gz").read(), np.uint8, offset=8)
X = (X / 255 - 0.1307) / 0.3081


def gradient(theta, batch):
    x = X[batch]
    z = x @ theta[:7840].reshape(10, 784).T + theta[7840:]
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    p[np.arange(len(batch)), Y[batch]] -= 1
    p /= len(batch)
    return np.concatenate([(p.T @ x).ravel(), p.sum(0)]) + 1e-4 * theta


def peak(seed, nesterov):
    rng = np.random.default_rng(seed)
    theta, order = rng.uniform(-1 / 28, 1 / 28, 7850), rng.permutation(60000)
    rate, most, direction, velocity = 0.001, 0.0, np.zeros(7850), np.zeros(7850)
    for t in range(60):
        g = gradient(theta, order[t * 128:(t + 1) * 128])
        rate += 0.001 * (g @ direction)
        velocity = 0.9 * velocity + g
        direction = g + 0.9 * velocity if nesterov else g
        theta = theta - rate * direction
        most = max(most, rate)
    return most


for name, nesterov in (("sgd_hd", False), ("sgdn_hd", True)):
    peaks = np.array([peak(seed, nesterov) for seed in range(40)])
    print(f"{name}: peak {peaks.mean():.5f}, deviation over seeds {peaks.std():.5f}, "
          f"{peaks.min():.5f} ... {peaks.max():.5f}")

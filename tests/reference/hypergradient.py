#!/usr/bin/env python3
"""Expected values for tests/worker/exact/test_hypergradient.c, from the formulas of the papers.

    python3 tests/reference/hypergradient.py

Five parameters in two tensors, the first of four. The gradient at step t is eigenvalue_i theta_i +
cos(0.7 t + i) / 2, and the schedule's factor falls as 1 - (t - 1) / 40. Prints the rate and theta
behind steps 1, 7 and 20. adam_hd in the scope "tensor" is written as the authors' program is:
parameter by parameter, the rate raised at once, epsilon beside the uncorrected root. The
hypergradients of the optimizers that learn everything are complex steps, Im u(p + ih) / h, of the
update as it is: no closed form is used here.
"""
import cmath
import json
import math

EIGENVALUES = [1.0, 4.0, 0.25, 2.0, 0.5]
START = [1.0, -2.0, 3.0, 0.5, -1.0]
TENSORS = [[0, 1, 2, 3], [4]]
ALL = [[0, 1, 2, 3, 4]]
SMALL = 1e-30


def shaken(theta, t):
    return [e * x + math.cos(0.7 * t + i) / 2 for i, (e, x) in enumerate(zip(EIGENVALUES, theta))]


def dot(a, b, which):
    return sum(a[i] * b[i] for i in which)


class Learned:
    """sgd_hd, sgdn_hd and adam_hd."""

    def __init__(self, kind, s):
        self.kind, self.s, self.rate = kind, s, s["lr"]
        self.d = [0.0] * 5
        self.v = [0.0] * 5
        self.m = [0.0] * 5
        self.norm_before, self.squares = 0.0, 0.0

    def last_direction(self, i, t):
        if self.kind != "adam_hd" or self.s.get("scope") != "tensor" or t == 1:
            return self.d[i]
        correction = math.sqrt(1 - 0.999 ** (t - 1)) / (1 - 0.9 ** (t - 1))
        return self.m[i] / (math.sqrt(self.v[i]) + 1e-8) * correction

    def new_direction(self, i, g, t):
        if self.kind == "sgd_hd":
            return g
        if self.kind == "sgdn_hd":
            self.v[i] = 0.9 * self.v[i] + g
            return g + 0.9 * self.v[i]
        self.m[i] = 0.9 * self.m[i] + 0.1 * g
        self.v[i] = 0.999 * self.v[i] + 0.001 * g * g
        if self.s.get("scope") == "tensor":
            return (self.m[i] / (math.sqrt(self.v[i]) + 1e-8) * math.sqrt(1 - 0.999 ** t)
                    / (1 - 0.9 ** t))
        return self.m[i] / (1 - 0.9 ** t) / (math.sqrt(self.v[i] / (1 - 0.999 ** t)) + 1e-8)

    def adapt(self, g, t, which):
        last = [self.last_direction(i, t) for i in range(5)]
        h = -dot(g, last, which)
        rule, beta = self.s.get("rule", "additive"), self.s["hyper_lr"]
        if rule == "additive":
            self.rate -= beta * h
        elif rule == "multiplicative":
            norms = math.sqrt(dot(g, g, which)) * math.sqrt(dot(last, last, which))
            if norms > 0:
                self.rate *= 1 - beta * h / norms
        else:
            h = h / self.norm_before if self.norm_before > 0 else 0.0
            self.squares += h * h
            if t > 10:
                self.rate -= beta * h / math.sqrt(self.squares)
            self.norm_before = dot(g, g, which)
        self.rate = min(max(self.rate, self.s.get("min_lr", -1e9)), self.s.get("max_lr", 1e9))

    def effective(self, t):
        if "transition" not in self.s:
            return self.rate
        share = t ** -self.s["transition"]["power"]
        return share * self.rate + (1 - share) * self.s["transition"]["to"]

    def step(self, theta, g, t, factor):
        for which in TENSORS if self.s.get("scope") == "tensor" else ALL:
            self.adapt(g, t, which)
            for i in which:
                self.d[i] = self.new_direction(i, g[i], t)
                theta[i] -= self.effective(t) * factor * self.d[i]
        return [self.effective(t) * factor]


def logit(beta):
    return math.atanh(2 * beta - 1)


class Ultimate:
    """adam_ultimate and momentum_ultimate: p holds the rate, then the free x of each fraction."""

    def __init__(self, kind, s):
        self.kind, self.s = kind, s
        names = ["beta1", "beta2"] if kind == "adam_ultimate" else ["momentum"]
        self.names = names
        self.p = [s["lr"]] + [logit(s[name]) for name in names]
        self.state = [(0.0, 1e-8)] * 5 if kind == "adam_ultimate" else [0.0] * 5
        self.last = None

    def change(self, p, state, g, t, factor):
        """The change of one parameter, and the state behind it, for any p, also complex."""
        fractions = [(cmath.tanh(x) + 1) / 2 for x in p[1:]]
        if self.kind == "momentum_ultimate":
            v = fractions[0] * state + g
            return -p[0] * factor * v, v
        m = fractions[0] * state[0] + (1 - fractions[0]) * g
        v = fractions[1] * state[1] + (1 - fractions[1]) * g * g
        hat_m, hat_v = m / (1 - fractions[0] ** t), v / (1 - fractions[1] ** t)
        return -p[0] * factor * hat_m / (cmath.sqrt(hat_v) + 1e-8), (m, v)

    def hypergradient(self, k, g):
        """Of p[k], through the last step. The rate's is without the schedule's factor."""
        states, last_g, t, factor = self.last
        p = [complex(x) for x in self.p]
        p[k] += complex(0, SMALL)
        slope = sum(g[i] * self.change(p, states[i], last_g[i], t, factor)[0].imag
                    for i in range(5)) / SMALL
        return slope / factor if k == 0 else slope

    def step(self, theta, g, t, factor):
        if self.last:
            moves = [self.s["upper"][name] * self.hypergradient(k, g)
                     for k, name in enumerate(["lr"] + self.names)]
            self.p = [x - move for x, move in zip(self.p, moves)]
        self.last = (list(self.state), list(g), t, factor)
        for i in range(5):
            change, state = self.change(self.p, self.state[i], g[i], t, factor)
            theta[i] += change.real
            self.state[i] = tuple(x.real for x in state) if isinstance(state, tuple) else state.real
        return [self.p[0] * factor] + [(math.tanh(x) + 1) / 2 for x in self.p[1:]]


CASES = [
    (Learned, "sgd_hd", {"lr": 0.02, "hyper_lr": 0.002, "weight_decay": 0.1,
                         "transition": {"to": 0.1, "power": 2.0}}),
    (Learned, "sgd_hd", {"lr": 0.0, "hyper_lr": 0.004, "scope": "tensor"}),
    (Learned, "sgd_hd", {"lr": 0.02, "hyper_lr": 0.05, "rule": "normalized"}),
    (Learned, "sgdn_hd", {"lr": 0.02, "hyper_lr": 0.05, "rule": "multiplicative",
                          "scope": "tensor", "weight_decay": 0.1}),
    (Learned, "sgdn_hd", {"lr": 0.02, "hyper_lr": 0.0005, "min_lr": 0.015, "max_lr": 0.03}),
    (Learned, "adam_hd", {"lr": 0.02, "hyper_lr": 0.0005, "weight_decay": 0.1}),
    (Learned, "adam_hd", {"lr": 0.02, "hyper_lr": 0.0005, "scope": "tensor",
                          "weight_decay": 0.1}),
    (Learned, "adam_hd", {"lr": 0.02, "hyper_lr": 0.05, "rule": "normalized"}),
    (Ultimate, "adam_ultimate", {"lr": 0.02, "beta1": 0.8, "beta2": 0.97,
                                 "upper": {"lr": 0.0002, "beta1": 0.05, "beta2": 0.02}}),
    (Ultimate, "momentum_ultimate", {"lr": 0.02, "momentum": 0.8,
                                     "upper": {"lr": 0.0002, "momentum": 0.05}}),
]


def walk(make, name, settings):
    theta, optimizer, seen = list(START), make(name, settings), []
    for t in range(1, 21):
        g = shaken(theta, t)
        g = [a + settings.get("weight_decay", 0.0) * x for a, x in zip(g, theta)]
        told = optimizer.step(theta, g, t, 1 - (t - 1) / 40)
        if t in (1, 7, 20):
            seen.append((told + [0.0, 0.0])[:3] + list(theta))
    return seen


for make, name, settings in CASES:
    words = json.dumps(settings).replace('"', '\\"')
    rows = ", ".join("{" + ", ".join(f"{x:.16g}" for x in row) + "}"
                     for row in walk(make, name, settings))
    print(f'    {{"{name}", "{words}", {{{rows}}}}},')

"""Expected values of tests/worker/newer_values.h, in plain Python doubles.

    python3 tests/reference/newer_optimizers.py > tests/worker/newer_values.h

Each method is written down from its paper (the equations of each are quoted above its function),
with lists of floats, cyclic Jacobi rotations for eigenvectors and Gram-Schmidt for QR: nothing is
shared with the C code. Theta is a network's: weight [3][2], bias [3], weight [2][3], bias [2]. The
gradient at step t is curvature_i theta_i + cos(0.7 t + i) / 2, curvature_i = 1 + i mod 4, at
theta_i = 2 sin(i + 1) in the beginning. Prints theta behind steps 1, 4 and 20, and the point of
evaluation behind step 20 where it is another one.
"""

import math

SHAPES = [(3, 2), (3,), (2, 3), (2,)]
COUNT = 17
STEPS = (1, 4, 20)
START = [2 * math.sin(i + 1) for i in range(COUNT)]


def gradient(theta, t):
    return [(1 + i % 4) * theta[i] + math.cos(0.7 * t + i) / 2 for i in range(COUNT)]


def norm(v):
    return math.sqrt(sum(x * x for x in v))


def dot(a, b):
    return sum(x * y for x, y in zip(a, b))


def sign(x):
    return (x > 0) - (x < 0)


# --- Defazio et al., 2024: y, z, x as three vectors of their own, by the three-line definition -----

def schedule_free(form, lr, beta=0.9, beta2=0.999, eps=1e-8, decay=0.0, r=0.0, power=2.0):
    z = list(START)
    x = list(START)
    v = [0.0] * COUNT
    total, largest = 0.0, 0.0

    def step(theta, t):
        nonlocal z, x, v, total, largest
        y = [(1 - beta) * a + beta * b for a, b in zip(z, x)]
        g = gradient(y, t)
        if form == "adamw":
            v = [beta2 * a + (1 - beta2) * b * b for a, b in zip(v, g)]
            g = [b / (math.sqrt(a / (1 - beta2 ** t)) + eps) for a, b in zip(v, g)]
        largest = max(largest, lr)
        weight = t ** r * largest ** power
        total += weight
        c = weight / total
        z = [a - lr * (b + decay * w) for a, b, w in zip(z, g, y)]
        x = [(1 - c) * a + c * b for a, b in zip(x, z)]
        return [(1 - beta) * a + beta * b for a, b in zip(z, x)]

    return step, lambda: x


# --- Defazio and Mishchenko, 2023 --------------------------------------------------------------------

def d_adapt_sgd(d0, momentum=0.0, decay=0.0, lr=1.0, growth=math.inf):
    s = [0.0] * COUNT
    d, num, first = d0, 0.0, None

    def step(theta, t):
        nonlocal s, d, num, first
        g = [a + decay * b for a, b in zip(gradient(theta, t), theta)]
        first = first or norm(g)
        c = d * lr / first
        num += c * dot(g, s)
        s = [a + c * b for a, b in zip(s, g)]
        d = max(d, min(2 * num / norm(s), d * growth))
        z = [a - b for a, b in zip(START, s)]
        return [momentum * a + (1 - momentum) * b for a, b in zip(theta, z)]

    return step, None


def d_adapt_adam(d0, b1=0.9, b2=0.999, eps=1e-8, decay=0.0, lr=1.0, correct=False,
                 growth=math.inf):
    s, m, v = [0.0] * COUNT, [0.0] * COUNT, [0.0] * COUNT
    d, num = d0, 0.0
    root = math.sqrt(b2)

    def step(theta, t):
        nonlocal s, m, v, d, num
        g = gradient(theta, t)
        bias = math.sqrt(1 - b2 ** t) / (1 - b1 ** t) if correct else 1.0
        dlr = d * lr * bias
        num = root * num + (1 - root) * dlr * sum(
            a * b / (math.sqrt(c) + eps) for a, b, c in zip(g, s, v))
        m = [b1 * a + (1 - b1) * dlr * b for a, b in zip(m, g)]
        v = [b2 * a + (1 - b2) * b * b for a, b in zip(v, g)]
        s = [root * a + (1 - root) * dlr * b for a, b in zip(s, g)]
        d = max(d, min(num / ((1 - root) * sum(abs(x) for x in s)), d * growth))
        theta = [a - decay * dlr * a for a in theta]
        return [a - b / (math.sqrt(c) + eps) for a, b, c in zip(theta, m, v)]

    return step, None


# --- Mishchenko and Defazio, 2023 --------------------------------------------------------------------

def prodigy(d0, b1=0.9, b2=0.999, eps=1e-8, decay=0.0, lr=1.0, coef=1.0, correct=False,
            growth=math.inf, safeguard=False):
    s, m, v = [0.0] * COUNT, [0.0] * COUNT, [0.0] * COUNT
    d, d_max, num = d0, d0, 0.0
    b3 = math.sqrt(b2)

    def step(theta, t):
        nonlocal s, m, v, d, d_max, num
        g = gradient(theta, t)
        bias = math.sqrt(1 - b2 ** t) / (1 - b1 ** t) if correct else 1.0
        dlr = d * lr * bias
        num = b3 * num + d / d0 * dlr * sum(a * (b - c) for a, b, c in zip(g, START, theta))
        m = [b1 * a + (1 - b1) * d * b for a, b in zip(m, g)]
        v = [b2 * a + (1 - b2) * d * d * b * b for a, b in zip(v, g)]
        s = [b3 * a + d / d0 * (d if safeguard else dlr) * b for a, b in zip(s, g)]
        hat = coef * num / sum(abs(x) for x in s)
        if d == d0:
            d = max(d, hat)
        d_max = max(d_max, hat)
        d = min(d_max, d * growth)
        theta = [a - decay * dlr * a for a in theta]
        return [a - dlr * b / (math.sqrt(c) + d * eps) for a, b, c in zip(theta, m, v)]

    return step, None


# --- Ivgi, Hinder and Carmon, 2023 -------------------------------------------------------------------

def dog(relative, per_tensor=False, lr=1.0, gamma=8.0, decay=0.0):
    groups, at = [], 0
    for shape in SHAPES:
        groups.append(range(at, at + math.prod(shape)))
        at += math.prod(shape)
    if not per_tensor:
        groups = [range(COUNT)]
    reach = [relative * (1 + norm([START[i] for i in group])) for group in groups]
    total = [1e-8] * len(groups)
    average = list(START)

    def step(theta, t):
        nonlocal average
        g = [a + decay * b for a, b in zip(gradient(theta, t), theta)]
        new = list(theta)
        for j, group in enumerate(groups):
            reach[j] = max(reach[j], norm([theta[i] - START[i] for i in group]))
            total[j] += sum(g[i] ** 2 for i in group)
            for i in group:
                new[i] = theta[i] - lr * reach[j] / math.sqrt(total[j]) * g[i]
        w = (gamma + 1) / (gamma + t)
        average = [(1 - w) * a + w * b for a, b in zip(average, new)]
        return new

    return step, lambda: average


# --- matrices as lists of rows -----------------------------------------------------------------------

def multiply(a, b):
    return [[sum(x * b[k][j] for k, x in enumerate(row)) for j in range(len(b[0]))] for row in a]


def turned(a):
    return [list(column) for column in zip(*a)]


def mix(a, x, b, y):
    return [[a * p + b * q for p, q in zip(r, s)] for r, s in zip(x, y)]


def eye(n):
    return [[float(i == j) for j in range(n)] for i in range(n)]


def jacobi(matrix):
    """Eigenvalues, largest first, and the eigenvectors as columns."""
    n = len(matrix)
    a, v = [list(r) for r in matrix], eye(n)
    for _ in range(60):
        for p in range(n):
            for q in range(p + 1, n):
                if abs(a[p][q]) < 1e-300:
                    continue
                phi = (a[q][q] - a[p][p]) / (2 * a[p][q])
                t = (1 if phi >= 0 else -1) / (abs(phi) + math.sqrt(phi * phi + 1))
                c = 1 / math.sqrt(t * t + 1)
                rotation = eye(n)
                rotation[p][p] = rotation[q][q] = c
                rotation[p][q], rotation[q][p] = t * c, -t * c
                a = multiply(turned(rotation), multiply(a, rotation))
                v = multiply(v, rotation)
    order = sorted(range(n), key=lambda i: -a[i][i])
    return [a[i][i] for i in order], [[row[i] for i in order] for row in v]


def gram_schmidt(a):
    columns = []
    for column in turned(a):
        for _ in range(2):
            for other in columns:
                along = dot(column, other)
                column = [x - along * y for x, y in zip(column, other)]
        columns.append([x / norm(column) for x in column])
    return turned(columns)


class Adam:
    """Kingma and Ba, 2015, on a flat list."""

    def __init__(self, count, b1, b2, eps):
        self.m, self.v = [0.0] * count, [0.0] * count
        self.b1, self.b2, self.eps, self.t = b1, b2, eps, 0

    def direction(self, g):
        self.t += 1
        self.m = [self.b1 * a + (1 - self.b1) * b for a, b in zip(self.m, g)]
        self.v = [self.b2 * a + (1 - self.b2) * b * b for a, b in zip(self.v, g)]
        return [a / (1 - self.b1 ** self.t) / (math.sqrt(b / (1 - self.b2 ** self.t)) + self.eps)
                for a, b in zip(self.m, self.v)]


def flat(a):
    return [x for row in a for x in row]


def shaped(v, shape):
    return [v[i * shape[1]:(i + 1) * shape[1]] for i in range(shape[0])]


def by_tensor(make):
    """An optimizer of one that is made for each tensor."""
    parts = [make(i, shape) for i, shape in enumerate(SHAPES)]

    def step(theta, t):
        g, new, at = gradient(theta, t), [], 0
        for part, shape in zip(parts, SHAPES):
            count = math.prod(shape)
            new += part(theta[at:at + count], g[at:at + count])
            at += count
        return new

    return step, None


# --- Jordan et al., 2024 -----------------------------------------------------------------------------

def newton_schulz(u):
    rows, columns = len(u), len(u[0])
    x = turned(u) if rows > columns else u
    length = norm(flat(x)) + 1e-7
    x = [[a / length for a in row] for row in x]
    for _ in range(5):
        a = multiply(x, turned(x))
        b = mix(-4.7750, a, 2.0315, multiply(a, a))
        x = mix(3.4445, x, 1.0, multiply(b, x))
    return turned(x) if rows > columns else x


def muon(lr, hidden, momentum=0.95, decay=0.0, adam_lr=0.003, adam_decay=0.01):
    def make(i, shape):
        if i not in hidden:
            adam = Adam(math.prod(shape), 0.9, 0.999, 1e-8)
            return lambda theta, g: [a * (1 - adam_lr * adam_decay) - adam_lr * b
                                     for a, b in zip(theta, adam.direction(g))]
        m = [[0.0] * shape[1] for _ in range(shape[0])]

        def step(theta, g):
            nonlocal m
            g = shaped(g, shape)
            m = mix(momentum, m, 1 - momentum, g)
            x = newton_schulz(mix(1 - momentum, g, momentum, m))
            scale = lr * math.sqrt(max(1.0, shape[0] / shape[1]))
            return [a * (1 - lr * decay) - scale * b for a, b in zip(theta, flat(x))]

        return step

    return by_tensor(make)


# --- Gupta, Koren and Singer, 2018 -------------------------------------------------------------------

def shampoo(lr, b1, every, beta, eps_root, decay=0.0):
    def root(p):
        values, vectors = jacobi(p)
        scaled = [[x * (max(value, 0.0) + eps_root * values[0]) ** -0.25
                   for x, value in zip(row, values)] for row in vectors]
        return multiply(scaled, turned(vectors))

    def make(_, shape):
        adam = Adam(math.prod(shape), b1, 0.999, 1e-8)
        if len(shape) == 1:
            return lambda theta, g: [a * (1 - lr * decay) - lr * b
                                     for a, b in zip(theta, adam.direction(g))]
        left = [[0.0] * shape[0] for _ in range(shape[0])]
        right = [[0.0] * shape[1] for _ in range(shape[1])]
        roots, t = None, 0

        def step(theta, g):
            nonlocal left, right, roots, t
            adams = adam.direction(g)
            g = shaped(g, shape)
            left = mix(beta, left, 1.0, multiply(g, turned(g)))
            right = mix(beta, right, 1.0, multiply(turned(g), g))
            if t % every == 0:
                roots = root(left), root(right)
            t += 1
            mean = shaped(adam.m, shape)
            direction = flat(multiply(multiply(roots[0], mean), roots[1]))
            scale = lr * norm(adams) / norm(direction)
            return [a * (1 - lr * decay) - scale * b for a, b in zip(theta, direction)]

        return step

    return by_tensor(make)


# --- Vyas et al., 2024 -------------------------------------------------------------------------------

def soap(lr, every, decay, b1=0.95, b2=0.95, beta=0.95, eps=1e-8):
    def make(_, shape):
        if len(shape) == 1:
            adam = Adam(math.prod(shape), b1, b2, eps)
            return lambda theta, g: [(a - lr * b) * (1 - lr * decay)
                                     for a, b in zip(theta, adam.direction(g))]
        p = [[[0.0] * n for _ in range(n)] for n in shape]
        q, m, v, s = None, None, None, 0

        def statistics(g):
            p[0] = mix(beta, p[0], 1 - beta, multiply(g, turned(g)))
            p[1] = mix(beta, p[1], 1 - beta, multiply(turned(g), g))

        def forward(x):
            return multiply(multiply(turned(q[0]), x), q[1])

        def backward(x):
            return multiply(multiply(q[0], x), turned(q[1]))

        def refresh():
            nonlocal m, v
            straight = backward(m)
            for side in (0, 1):
                image = multiply(p[side], q[side])
                diagonal = [sum(q[side][i][j] * image[i][j] for i in range(len(image)))
                            for j in range(len(image))]
                order = sorted(range(len(image)), key=lambda j: -diagonal[j])
                v = [v[j] for j in order] if side == 0 else [[row[j] for j in order] for row in v]
                q[side] = gram_schmidt(multiply(p[side], [[row[j] for j in order]
                                                          for row in q[side]]))
            m = forward(straight)

        def step(theta, g):
            nonlocal q, m, v, s
            g = shaped(g, shape)
            if q is None:
                statistics(g)
                q = [jacobi(p[0])[1], jacobi(p[1])[1]]
                m = [[0.0] * shape[1] for _ in range(shape[0])]
                v = [[0.0] * shape[1] for _ in range(shape[0])]
                return theta
            s += 1
            rotated = forward(g)
            m = mix(b1, m, 1 - b1, rotated)
            v = [[b2 * a + (1 - b2) * b * b for a, b in zip(x, y)] for x, y in zip(v, rotated)]
            n = backward([[a / (math.sqrt(b) + eps) for a, b in zip(x, y)] for x, y in zip(m, v)])
            scale = lr * math.sqrt(1 - b2 ** s) / (1 - b1 ** s)
            theta = [(a - scale * b) * (1 - lr * decay) for a, b in zip(theta, flat(n))]
            statistics(g)
            if s % every == 0:
                refresh()
            return theta

        return step

    return by_tensor(make)


CASES = [
    ("schedule_free", '"lr": 0.05, "form": "sgd", "weight_decay": 0.1',
     lambda: schedule_free("sgd", 0.05, decay=0.1)),
    ("schedule_free", '"lr": 0.05, "weight_decay": 0.1, "average_power": 1',
     lambda: schedule_free("adamw", 0.05, decay=0.1, r=1.0)),
    ("d_adaptation", '"form": "sgd", "first_distance": 0.01, "weight_decay": 0.1',
     lambda: d_adapt_sgd(0.01, decay=0.1)),
    ("d_adaptation", '"form": "sgd", "first_distance": 0.01, "momentum": 0.9, "growth": 1.5',
     lambda: d_adapt_sgd(0.01, momentum=0.9, growth=1.5)),
    ("d_adaptation", '"first_distance": 0.001, "weight_decay": 0.1',
     lambda: d_adapt_adam(0.001, decay=0.1)),
    ("d_adaptation", '"first_distance": 0.01, "bias_correction": true, "growth": 1.02',
     lambda: d_adapt_adam(0.01, correct=True, growth=1.02)),
    # A smaller first distance leaves float too few digits in first value - value for 1e-5.
    ("prodigy", '"first_distance": 0.1, "weight_decay": 0.1',
     lambda: prodigy(0.1, decay=0.1)),
    ("prodigy", '"first_distance": 0.01, "bias_correction": true, "distance_factor": 0.5, '
     '"lr": 0.5, "growth": 1.5, "safeguard_warmup": true',
     lambda: prodigy(0.01, lr=0.5, coef=0.5, correct=True, growth=1.5, safeguard=True)),
    ("dog", '"first_move": 0.01, "weight_decay": 0.1', lambda: dog(0.01, decay=0.1)),
    ("dog", '"first_move": 0.01, "scope": "tensor", "averaging": 3',
     lambda: dog(0.01, per_tensor=True, gamma=3.0)),
    ("muon", '"lr": 0.05, "weight_decay": 0.1', lambda: muon(0.05, {0}, decay=0.1)),
    ("shampoo", '"lr": 0.05, "root_every": 3, "epsilon_root": 0.001',
     lambda: shampoo(0.05, 0.9, 3, 1.0, 0.001)),
    ("shampoo", '"lr": 0.05, "root_every": 1, "beta1": 0, "factor_beta": 0.9, '
     '"epsilon_root": 0.01, "weight_decay": 0.1',
     lambda: shampoo(0.05, 0.0, 1, 0.9, 0.01, decay=0.1)),
    ("soap", '"lr": 0.05, "basis_every": 3', lambda: soap(0.05, 3, 0.01)),
]


def numbers(values):
    return "{" + ", ".join(f"{x:.15g}" for x in values) + "}"


print("""/* Written by tests/reference/newer_optimizers.py, which says what it is. */
#ifndef NEWER_VALUES_H
#define NEWER_VALUES_H

enum { NEWER_DIMENSION = 17, NEWER_MOMENTS = 3 };

/* Theta behind steps 1, 4 and 20, and where it is evaluated behind step 20. */
static const struct newer_case {
    const char *name, *settings;
    double theta[NEWER_MOMENTS][NEWER_DIMENSION], point[NEWER_DIMENSION];
} newer_cases[] = {""")
for name, settings, make in CASES:
    step, point = make()
    theta, seen = list(START), []
    for t in range(1, STEPS[-1] + 1):
        theta = step(theta, t)
        if t in STEPS:
            seen.append(numbers(theta))
    text = settings.replace('"', '\\"')
    where = numbers(point() if point else theta)
    print(f'    {{"{name}", "{{{text}}}", {{{", ".join(seen)}}}, {where}}},')
print("""};

#endif""")

"""Expected values for tests/worker/optimizers/test_values.c, from torch.optim in double precision.

Run with Debian's python3-torch: /usr/bin/python3 tests/reference/optimizers.py
The gradient at step t is eigenvalue_i theta_i + cos(0.7 t + i) / 2: a bowl that is shaken, so that
means, squares and maxima all matter. Prints theta behind steps 1, 7 and 20.
"""

import math

import torch

EIGENVALUES = [1.0, 4.0, 0.25]
START = [1.0, -2.0, 3.0]

CASES = [
    ("sgd", {}, lambda p: torch.optim.SGD(p, lr=0.05)),
    ("sgd", {"weight_decay": 0.1}, lambda p: torch.optim.SGD(p, lr=0.05, weight_decay=0.1)),
    ("momentum", {"momentum": 0.8, "dampening": 0.3, "weight_decay": 0.1},
     lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.8, dampening=0.3, weight_decay=0.1)),
    ("nesterov", {"momentum": 0.9, "weight_decay": 0.01},
     lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.01)),
    ("adagrad", {"lr_decay": 0.02, "initial_sum": 0.5, "weight_decay": 0.1},
     lambda p: torch.optim.Adagrad(p, lr=0.05, lr_decay=0.02, initial_accumulator_value=0.5,
                                   weight_decay=0.1)),
    ("rmsprop", {"rho": 0.9, "weight_decay": 0.1},
     lambda p: torch.optim.RMSprop(p, lr=0.05, alpha=0.9, weight_decay=0.1)),
    ("rmsprop", {"rho": 0.9, "momentum": 0.7, "centred": True},
     lambda p: torch.optim.RMSprop(p, lr=0.05, alpha=0.9, momentum=0.7, centered=True)),
    ("adam", {"weight_decay": 0.1}, lambda p: torch.optim.Adam(p, lr=0.05, weight_decay=0.1)),
    ("adam", {"beta1": 0.8, "beta2": 0.9, "epsilon": 1e-3, "amsgrad": True},
     lambda p: torch.optim.Adam(p, lr=0.05, betas=(0.8, 0.9), eps=1e-3, amsgrad=True)),
    ("adamw", {"weight_decay": 0.1}, lambda p: torch.optim.AdamW(p, lr=0.05, weight_decay=0.1)),
]


def walk(make):
    theta = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimizer = make([theta])
    seen = []
    for t in range(1, 21):
        noise = [math.cos(0.7 * t + i) / 2 for i in range(3)]
        theta.grad = (torch.tensor(EIGENVALUES, dtype=torch.float64) * theta.detach()
                      + torch.tensor(noise, dtype=torch.float64))
        optimizer.step()
        if t in (1, 7, 20):
            seen.append([float(x) for x in theta])
    return seen


for name, settings, make in CASES:
    words = ", ".join(f'\\"{key}\\": {str(value).lower()}' for key, value in settings.items())
    rows = ", ".join("{" + ", ".join(f"{x:.12g}" for x in row) + "}" for row in walk(make))
    print(f'    {{"{name}", "{{\\"lr\\": 0.05{", " if words else ""}{words}}}", {{{rows}}}}},')

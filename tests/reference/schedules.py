"""Expected factors for tests/common/schedules/test_schedules.c, from torch.optim.lr_scheduler.

Run with Debian's python3-torch: /usr/bin/python3 tests/reference/schedules.py
"""

import warnings

import torch
from torch.optim import lr_scheduler as lr

warnings.simplefilter("ignore")

STEPS = 20
CASES = [
    ("polynomial", '{"power": 3}', lambda o: lr.PolynomialLR(o, total_iters=STEPS, power=3)),
    ("cosine", '{"floor": 0.1}',
     lambda o: lr.CosineAnnealingLR(o, T_max=STEPS, eta_min=0.1)),
    ("step", '{"at": [0.25, 0.7], "gamma": 0.2}',
     lambda o: lr.MultiStepLR(o, milestones=[5, 14], gamma=0.2)),
    ("exponential", '{"gamma": 0.9}', lambda o: lr.ExponentialLR(o, gamma=0.9)),
    ("cosine_restarts", '{"first_cycle": 0.15, "multiplier": 2}',
     lambda o: lr.CosineAnnealingWarmRestarts(o, T_0=3, T_mult=2)),
    ("cosine_restarts", '{"first_cycle": 0.25, "floor": 0.2}',
     lambda o: lr.CosineAnnealingWarmRestarts(o, T_0=5, eta_min=0.2)),
    ("one_cycle", "{}",
     lambda o: lr.OneCycleLR(o, max_lr=1.0, total_steps=STEPS, cycle_momentum=False)),
    ("one_cycle", '{"peak_at": 0.4, "start_divisor": 10, "end_divisor": 100, "shape": "linear"}',
     lambda o: lr.OneCycleLR(o, max_lr=1.0, total_steps=STEPS, pct_start=0.4, div_factor=10,
                             final_div_factor=100, anneal_strategy="linear",
                             cycle_momentum=False)),
]

for name, settings, make in CASES:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = make(optimizer)
    factors = []
    for k in range(STEPS):
        factors.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if k < STEPS - 1:
            schedule.step()
    text = settings.replace('"', '\\"')
    print(f'    {{"{name}", "{text}", {{' + ", ".join(f"{x:.12g}" for x in factors) + "}},")

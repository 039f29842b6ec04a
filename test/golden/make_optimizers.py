"""Golden numbers of optimizers: python3 test/golden/make_optimizers.py (PyTorch 2.13 CPU, float64).

Every optimizer walks down the same function from the same start for 100 steps, each gradient taken at the current parameters, so that an
error grows instead of hiding:  f(p) = 0.5 (p - c)' A (p - c) - 0.25 sum cos p,  gradient  A (p - c) + 0.25 sin p.
RMSprop's rates are small: near an optimum it jumps about, chaotically, and no two roundings agree. The script runs each case in float32 as
well and refuses one whose end float32 does not hold to 4e-6.
A case holds the parameters after steps 1, 10 and 100, with a constant learning rate or with `learningRates`, one per step
(rate * 0.97^step, step from 0).

Options are written out in full, since Keras and PyTorch have different defaults (`defaults` below) and sometimes different rules:
  adam, adamw  both libraries' betas are equal; epsilon 1e-7 (Keras) or 1e-8 (PyTorch). Keras adds epsilon to sqrt(v) before the bias
               correction of v, PyTorch after it, as Algorithm 1 of the paper does. Here: PyTorch. AdamW's decay: 0.004 or 0.01.
  rmsprop      rho 0.9, epsilon 1e-7 inside the root (Keras) or alpha 0.99, epsilon 1e-8 outside it (PyTorch). Here: PyTorch's rule with
               Keras's and with PyTorch's numbers; `epsilonMatters` marks cases where the place of epsilon shows.
  adagrad      accumulator starts at 0.1, epsilon 1e-7 inside the root (Keras) or at 0, 1e-10 outside (PyTorch). Here: PyTorch's rule.
  momentum     with a constant rate both are equal. With a schedule, PyTorch scales the velocity by the rate of the moment; Keras keeps the
               rate of each past step inside the velocity. `parameters` are PyTorch's, `kerasParameters` Keras's where they differ.
"""

import math

import numpy as np
import torch

from golden import Draw, array, exact, number, write

draw = Draw(20260103)
SIZE = 6
root = draw.normal(SIZE, SIZE, scale=0.25, step=16)
A = np.round((root @ root.T + np.diag(np.linspace(0.25, 2, SIZE))) * 256) / 256
CENTER = np.array([1.5, -2, 3, 0.75, -1.25, 2.5])
START = np.array([0.25, 1.0, -0.5, 2.0, -3.0, 0.125])
STEPS = (1, 10, 100)


def gradient(p, dtype=torch.float64):
    return torch.tensor(A, dtype=dtype) @ (p - torch.tensor(CENTER, dtype=dtype)) + 0.25 * torch.sin(p)


def walk(make, rates, dtype):
    p = torch.tensor(START, dtype=dtype, requires_grad=True)
    optimizer = make([p])
    seen = []
    for step in range(1, max(STEPS) + 1):
        for group in optimizer.param_groups:
            group["lr"] = rates[step - 1]
        p.grad = gradient(p.detach(), dtype)
        optimizer.step()
        if step in STEPS:
            seen.append(p.detach().clone())
    return seen


def keras_momentum(rates, momentum, nesterov, decay):
    p, velocity, seen = torch.tensor(START), torch.zeros(SIZE, dtype=torch.float64), []
    for step, rate in enumerate(rates, 1):
        g = gradient(p) + decay * p
        velocity = momentum * velocity - rate * g
        p = p + (momentum * velocity - rate * g if nesterov else velocity)
        if step in STEPS:
            seen.append(p.clone())
    return seen


cases = []


def case(kind, title, options, make, scheduled=False, **extra):
    rate = options["learningRate"]
    rates = [rate * (0.97**step if scheduled else 1) for step in range(max(STEPS))]
    seen = walk(make, rates, torch.float64)
    single = walk(make, rates, torch.float32)
    entry = {"name": f"{kind}: {title}", "optimizer": kind, "options": options, **extra}
    if scheduled:
        entry["learningRates"] = [number(r) for r in rates]
    entry["steps"] = list(STEPS)
    entry["parameters"] = [array(p) for p in seen]
    error = max(((s.double() - p).abs() / p.abs().clamp_min(0.1)).max().item() for s, p in zip(single, seen))
    assert error < 4e-6, f"{kind}: {title}: float32 itself is {error} away"
    if kind in ("momentum", "nesterov"):
        keras = keras_momentum(rates, options["momentum"], kind == "nesterov", options.get("weightDecay", 0))
        same = all(torch.allclose(a, b, rtol=1e-9) for a, b in zip(keras, seen))
        assert same != scheduled
        if not same:
            entry["kerasParameters"] = [array(p) for p in keras]
    cases.append(entry)
    print(f"{entry['name']:60} float32 error {error:.1e}, distance to the optimum {gradient(seen[-1]).norm():.1e}")


O = torch.optim  # noqa: E741
for title, scheduled in (("constant rate", False), ("schedule", True)):
    both = {"scheduled": scheduled}
    case("gradientDescent", title, {"learningRate": 0.1}, lambda p: O.SGD(p, lr=0.1), **both)
    case("sgd", title, {"learningRate": 0.25}, lambda p: O.SGD(p, lr=0.25), **both)
    case("momentum", title, {"learningRate": 0.05, "momentum": 0.9}, lambda p: O.SGD(p, lr=0.05, momentum=0.9), **both)
    case("nesterov", title, {"learningRate": 0.05, "momentum": 0.9}, lambda p: O.SGD(p, lr=0.05, momentum=0.9, nesterov=True), **both)
    for library, rho, epsilon in (("Keras", 0.9, 1e-7), ("PyTorch", 0.99, 1e-8)):
        case(
            "rmsprop", f"{title}, {library}'s numbers", {"learningRate": 0.01, "rho": rho, "epsilon": epsilon},
            lambda p, rho=rho, epsilon=epsilon: O.RMSprop(p, lr=0.01, alpha=rho, eps=epsilon), **both,
        )  # fmt: skip
    for library, initial, epsilon in (("Keras", 0.1, 1e-7), ("PyTorch", 0, 1e-10)):
        case(
            "adagrad", f"{title}, {library}'s numbers", {"learningRate": 0.5, "initialAccumulatorValue": initial, "epsilon": epsilon},
            lambda p, initial=initial, epsilon=epsilon: O.Adagrad(p, lr=0.5, initial_accumulator_value=initial, eps=epsilon), **both,
        )  # fmt: skip
    for library, epsilon in (("Keras", 1e-7), ("PyTorch", 1e-8)):
        betas = {"beta1": 0.9, "beta2": 0.999, "epsilon": epsilon}
        case(
            "adam", f"{title}, {library}'s numbers", {"learningRate": 0.1, **betas},
            lambda p, epsilon=epsilon: O.Adam(p, lr=0.1, eps=epsilon), **both,
        )  # fmt: skip
        decay = {"Keras": 0.004, "PyTorch": 0.01}[library]
        case(
            "adamw", f"{title}, {library}'s numbers", {"learningRate": 0.1, **betas, "weightDecay": decay},
            lambda p, epsilon=epsilon, decay=decay: O.AdamW(p, lr=0.1, eps=epsilon, weight_decay=decay), **both,
        )  # fmt: skip

# Weight decay of SGD and momentum is PyTorch's: an L2 penalty, added to the gradient.
case("momentum", "0.5", {"learningRate": 0.2, "momentum": 0.5}, lambda p: O.SGD(p, lr=0.2, momentum=0.5))
decayed = {"learningRate": 0.05, "momentum": 0.9, "weightDecay": 0.125}
case("sgd", "weight decay", {"learningRate": 0.25, "weightDecay": 0.125}, lambda p: O.SGD(p, lr=0.25, weight_decay=0.125))
case("sgd", "as momentum", decayed, lambda p: O.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.125))
case("sgd", "as nesterov", {**decayed, "nesterov": True}, lambda p: O.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.125, nesterov=True))
case("momentum", "weight decay", decayed, lambda p: O.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.125))
case("nesterov", "weight decay", decayed, lambda p: O.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.125, nesterov=True))
case("adam", "other betas", {"learningRate": 0.05, "beta1": 0.5, "beta2": 0.9, "epsilon": 1e-7}, lambda p: O.Adam(p, lr=0.05, betas=(0.5, 0.9), eps=1e-7))
case("adamw", "strong decay", {"learningRate": 0.1, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7, "weightDecay": 0.5}, lambda p: O.AdamW(p, lr=0.1, eps=1e-7, weight_decay=0.5))
case("adam", "a large epsilon", {"learningRate": 0.1, "beta1": 0.9, "beta2": 0.999, "epsilon": 0.125}, lambda p: O.Adam(p, lr=0.1, eps=0.125), epsilonMatters=True)
case("rmsprop", "a large epsilon", {"learningRate": 0.01, "rho": 0.9, "epsilon": 0.125}, lambda p: O.RMSprop(p, lr=0.01, alpha=0.9, eps=0.125), epsilonMatters=True)
case("adagrad", "a large epsilon", {"learningRate": 0.5, "initialAccumulatorValue": 0.1, "epsilon": 0.125}, lambda p: O.Adagrad(p, lr=0.5, initial_accumulator_value=0.1, eps=0.125), epsilonMatters=True)

# The libraries' own defaults; the tests ask that each of ours is one of the two. (RMSprop, AdaGrad: each pair belongs together.)
DEFAULTS = [
    {"optimizer": "gradientDescent", "keras": {"learningRate": 0.01}, "pytorch": {"learningRate": 0.001}},
    {"optimizer": "sgd", "keras": {"learningRate": 0.01}, "pytorch": {"learningRate": 0.001}},
    {"optimizer": "momentum", "keras": {"learningRate": 0.01, "momentum": 0.9}, "pytorch": {"learningRate": 0.001, "momentum": 0.9}},
    {"optimizer": "nesterov", "keras": {"learningRate": 0.01, "momentum": 0.9}, "pytorch": {"learningRate": 0.001, "momentum": 0.9}},
    {"optimizer": "adagrad", "keras": {"learningRate": 0.001, "initialAccumulatorValue": 0.1, "epsilon": 1e-7}, "pytorch": {"learningRate": 0.01, "initialAccumulatorValue": 0, "epsilon": 1e-10}},
    {"optimizer": "rmsprop", "keras": {"learningRate": 0.001, "rho": 0.9, "epsilon": 1e-7}, "pytorch": {"learningRate": 0.01, "rho": 0.99, "epsilon": 1e-8}},
    {"optimizer": "adam", "keras": {"learningRate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7}, "pytorch": {"learningRate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}},
    {"optimizer": "adamw", "keras": {"learningRate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7, "weightDecay": 0.004}, "pytorch": {"learningRate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weightDecay": 0.01}},
]  # fmt: skip
for entry, make in zip(DEFAULTS, (O.SGD, O.SGD, O.SGD, O.SGD, O.Adagrad, O.RMSprop, O.Adam, O.AdamW)):
    ours = {"lr": "learningRate", "eps": "epsilon", "alpha": "rho", "weight_decay": "weightDecay", "initial_accumulator_value": "initialAccumulatorValue"}
    real = make([torch.zeros(1)]).defaults
    for theirs, name in ours.items():
        if name in entry["pytorch"]:
            assert real[theirs] == entry["pytorch"][name], (entry["optimizer"], name, real[theirs])

# Clipping: by Keras's formulas (PyTorch's clip_grad_norm_ adds 1e-6 to the norm).
gradients = [draw.normal(2, 3, scale=2), draw.normal(4)]
total = math.sqrt(sum((g**2).sum() for g in gradients))
clipping = [
    {"kind": "globalNorm", "limit": limit, "norm": number(total), "gradients": [exact(g) for g in gradients],
     "clipped": [array(g * min(1, limit / total)) for g in gradients]}
    for limit in (0.5, 2, 100)
] + [
    {"kind": "value", "limit": limit, "gradients": [exact(g) for g in gradients], "clipped": [array(np.clip(g, -limit, limit)) for g in gradients]}
    for limit in (0.5, 10)
]  # fmt: skip

# Learning rates of the update after `step` updates. PyTorch's schedulers where they exist, else Keras's formula.
def torch_rates(make, steps):
    optimizer = O.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    scheduler, rates = make(optimizer), []
    for _ in range(max(steps) + 1):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return [rates[s] for s in steps]


S = O.lr_scheduler
EARLY, WHOLE = [0, 1, 2, 9, 10, 11, 35, 99], [0, 1, 10, 19, 20, 21, 39, 40, 41, 100]
cosine = lambda s: 0.1 * ((1 - 0.25) * 0.5 * (1 + math.cos(math.pi * min(s, 40) / 40)) + 0.25)  # noqa: E731
schedules = [
    ("constant", {"learningRate": 0.1}, EARLY, [0.1 for _ in EARLY]),
    ("exponentialDecay", {"learningRate": 0.1, "decaySteps": 1, "decayRate": 0.97}, EARLY, torch_rates(lambda o: S.ExponentialLR(o, 0.97), EARLY)),
    ("exponentialDecay", {"learningRate": 0.1, "decaySteps": 20, "decayRate": 0.5}, WHOLE, [0.1 * 0.5 ** (s / 20) for s in WHOLE]),
    ("exponentialDecay", {"learningRate": 0.1, "decaySteps": 20, "decayRate": 0.5, "staircase": True}, WHOLE, torch_rates(lambda o: S.StepLR(o, 20, 0.5), WHOLE)),
    ("stepDecay", {"learningRate": 0.1, "decaySteps": 10}, EARLY, torch_rates(lambda o: S.StepLR(o, 10), EARLY)),
    ("stepDecay", {"learningRate": 0.1, "decaySteps": 20, "decayRate": 0.5}, WHOLE, torch_rates(lambda o: S.StepLR(o, 20, 0.5), WHOLE)),
    ("cosineDecay", {"learningRate": 0.1, "decaySteps": 100}, WHOLE, torch_rates(lambda o: S.CosineAnnealingLR(o, 100), WHOLE)),
    ("cosineDecay", {"learningRate": 0.1, "decaySteps": 40, "alpha": 0.25}, WHOLE, [cosine(s) for s in WHOLE]),
    ("piecewiseConstant", {"boundaries": [10, 40], "values": [0.1, 0.05, 0.001]}, WHOLE, [0.1 if s <= 10 else 0.05 if s <= 40 else 0.001 for s in WHOLE]),
    ("warmup", {"steps": 20, "learningRate": 0.1}, WHOLE, [0.1 * min(1, (s + 1) / 20) for s in WHOLE]),
    ("warmup", {"steps": 20, "from": 0.25, "learningRate": {"kind": "stepDecay", "learningRate": 0.1, "decaySteps": 20, "decayRate": 0.5}}, WHOLE,
     [0.1 * (0.25 + 0.75 * (s + 1) / 20) if s < 20 else 0.1 * 0.5 ** ((s - 20) // 20) for s in WHOLE]),
]  # fmt: skip
schedules = [
    {"name": f"{kind} {options}", "schedule": kind, "options": options, "steps": steps, "rates": [number(r) for r in rates]}
    for kind, options, steps, rates in schedules
]

write(
    "optimizers",
    {"by": f"make_optimizers.py, PyTorch {torch.__version__}, float64", "gradient": "A (p - center) + 0.25 sin p"},
    problem=[{"a": exact(A), "center": exact(CENTER), "start": exact(START)}],
    cases=cases,
    defaults=DEFAULTS,
    clipping=clipping,
    schedules=schedules,
)

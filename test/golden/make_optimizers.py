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


# The six numbers are two weights, [2, 2] and [2]: rules that see matrices see one, and elementwise rules don't care.
SHAPES = [[2, 2], [2]]


def split(flat):
    return [flat[:4].reshape(2, 2), flat[4:]]


def flatten(params):
    return torch.cat([p.detach().reshape(-1) for p in params])


def walk(make, rates, dtype):
    params = [p.clone().requires_grad_() for p in split(torch.tensor(START, dtype=dtype))]
    optimizer = make(params)
    seen = []

    def slopes(at):
        for p, slope in zip(params, split(gradient(flatten(at), dtype))):
            p.grad = slope.clone()
        return torch.zeros((), dtype=dtype)

    for step in range(1, max(STEPS) + 1):
        for group in optimizer.param_groups:
            group["lr"] = rates[step - 1] * group.get("factor", 1)
        if isinstance(optimizer, torch.optim.LBFGS):
            optimizer.step(lambda: slopes(params))
        else:
            slopes(optimizer.point() if hasattr(optimizer, "point") else params)
            optimizer.step()
        if step in STEPS:
            seen.append(flatten(optimizer.seen() if hasattr(optimizer, "seen") else params).clone())
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


# --- Rules that PyTorch has not, from their papers' equations and reference code; and wrappers around any rule.
# Each is an optimizer with PyTorch's interface: param_groups with "lr", step(); weights are 2-D and 1-D, see `split`.
class Rule:
    def __init__(self, params, **options):
        self.params, self.options, self.t = params, options, 0
        self.param_groups = [{"lr": 0.0}]
        self.state = [{} for _ in params]

    @torch.no_grad()
    def step(self):
        self.t += 1
        for p, s in zip(self.params, self.state):
            self.update(p, p.grad, s, self.param_groups[0]["lr"], **self.options)


class Ftrl(Rule):  # McMahan et al., 2013, with Keras's options
    def update(self, p, g, s, lr, power=-0.5, initial=0.1, l1=0.0, l2=0.0, shrinkage=0.0, beta=0.0):
        before = s.get("n", torch.full_like(p, initial))
        s["n"] = before + g * g
        change = (s["n"] ** -power - before**-power) / lr
        s["z"] = s.get("z", torch.zeros_like(p)) + g + 2 * shrinkage * p - change * p
        quadratic = s["n"] ** -power / lr + 2 * (l2 + beta / (2 * lr))
        p.copy_((s["z"].clamp(-l1, l1) - s["z"]) / quadratic)


class Lion(Rule):  # Chen et al., 2023, Algorithm 2
    def update(self, p, g, s, lr, beta1, beta2, decay):
        m = s.get("m", torch.zeros_like(p))
        p -= lr * (torch.sign(beta1 * m + (1 - beta1) * g) + decay * p)
        s["m"] = beta2 * m + (1 - beta2) * g


def ratio(a, b):
    return a / b if a > 0 and b > 0 else torch.ones_like(a)


class Lamb(Rule):  # You et al., 2020, Algorithm 2, phi(z) = z
    def update(self, p, g, s, lr, beta1, beta2, eps, decay):
        s["m"] = beta1 * s.get("m", torch.zeros_like(p)) + (1 - beta1) * g
        s["v"] = beta2 * s.get("v", torch.zeros_like(p)) + (1 - beta2) * g * g
        direction = s["m"] / (1 - beta1**self.t) / ((s["v"] / (1 - beta2**self.t)).sqrt() + eps) + decay * p
        p -= lr * ratio(p.norm(), direction.norm()) * direction


class Lars(Rule):  # You, Gitman and Ginsburg, 2017, Algorithm 1
    def update(self, p, g, s, lr, momentum, trust, decay, vectors):
        local, slope = 1, g
        if vectors or p.dim() > 1:
            slope = g + decay * p
            local = trust * p.norm() / (g.norm() + decay * p.norm()) if p.norm() > 0 and g.norm() > 0 else 1
        s["v"] = momentum * s.get("v", torch.zeros_like(p)) + lr * local * slope
        p -= s["v"]


class Muon(Rule):  # torch.optim._muon in the precision of its argument, weights [in, out]; vectors by Adam
    def update(self, p, g, s, lr, momentum, decay, nesterov=True, steps=5, match=False):
        if p.dim() < 2:
            s["m"] = 0.9 * s.get("m", torch.zeros_like(p)) + 0.1 * g
            s["v"] = 0.999 * s.get("v", torch.zeros_like(p)) + 0.001 * g * g
            p -= lr * s["m"] / (1 - 0.9**self.t) / ((s["v"] / (1 - 0.999**self.t)).sqrt() + 1e-8)
            return
        s["m"] = torch.lerp(s.get("m", torch.zeros_like(p)), g, 1 - momentum)
        x = torch.lerp(g, s["m"], momentum) if nesterov else s["m"]
        x = x.T
        transposed = x.size(0) > x.size(1)
        x = x.T if transposed else x
        x = x / x.norm().clamp(min=1e-7)
        for _ in range(steps):
            gram = x @ x.T
            x = 3.4445 * x + (-4.775 * gram + 2.0315 * gram @ gram) @ x
        x = x.T if transposed else x
        rows, columns = x.shape
        scale = 0.2 * math.sqrt(max(rows, columns)) if match else math.sqrt(max(1, rows / columns))
        p *= 1 - lr * decay
        p -= lr * scale * x.T


class Sophia(Rule):  # Liu et al., 2023, Algorithm 3 with k = 1; of a diagonal Hessian, Hutchinson's estimate is exact
    def update(self, p, g, s, lr, beta1, beta2, gamma, eps, decay):
        diagonal = torch.tensor(np.diag(A), dtype=p.dtype) + 0.25 * torch.cos(flatten(self.params))
        h = split(diagonal)[0 if p.dim() > 1 else 1]
        s["h"] = beta2 * s.get("h", torch.zeros_like(p)) + (1 - beta2) * h
        s["m"] = beta1 * s.get("m", torch.zeros_like(p)) + (1 - beta1) * g
        p *= 1 - lr * decay
        p -= lr * (s["m"] / (gamma * s["h"]).clamp(min=eps)).clamp(-1, 1)


class ScheduleFree(Rule):  # Defazio et al., 2024, and facebookresearch/schedule_free's AdamWScheduleFree: params are x
    def update(self, p, g, s, lr, beta1, beta2, eps, decay):
        z = s.get("z", p.clone())
        y = (1 - beta1) * z + beta1 * p
        s["v"] = beta2 * s.get("v", torch.zeros_like(p)) + (1 - beta2) * g * g
        s["z"] = z - lr * (g / ((s["v"] / (1 - beta2**self.t)).sqrt() + eps) + decay * y)
        s["sum"] = s.get("sum", 0) + lr**2
        c = lr**2 / s["sum"]
        p.copy_((1 - c) * p + c * s["z"])

    def point(self):
        beta1 = self.options["beta1"]
        return [(1 - beta1) * s.get("z", p) + beta1 * p for p, s in zip(self.params, self.state)]


# Wrappers, around any rule that steps the parameters it was given.
class Wrapper:
    def __init__(self, params, inner):
        self.params, self.inner, self.t = params, inner(params), 0
        self.param_groups = self.inner.param_groups

    @torch.no_grad()
    def step(self):
        self.t += 1
        self.before()
        self.inner.step()
        self.after()

    def before(self):
        pass

    def after(self):
        pass

    def seen(self):
        return self.inner.seen() if hasattr(self.inner, "seen") else self.params


class Ema(Wrapper):  # Keras BaseOptimizer._update_model_variables_moving_average
    def __init__(self, params, inner, momentum):
        super().__init__(params, inner)
        self.momentum, self.average = momentum, [p.detach().clone() for p in params]

    def after(self):
        self.average = [self.momentum * a + (1 - self.momentum) * p for a, p in zip(self.average, self.params)]

    def seen(self):
        return self.average


class Swa(Wrapper):  # Izmailov et al., 2018, Algorithm 1
    def __init__(self, params, inner, start, every):
        super().__init__(params, inner)
        self.start, self.every, self.models = start, every, []

    def after(self):
        if self.t > self.start and (self.t - self.start) % self.every == 0:
            self.models.append([p.clone() for p in self.params])

    def seen(self):
        return [torch.stack(each).mean(0) for each in zip(*self.models)] if self.models else self.params


class Lookahead(Wrapper):  # Zhang et al., 2019, Algorithm 1
    def __init__(self, params, inner, steps, alpha):
        super().__init__(params, inner)
        self.steps, self.alpha, self.slow = steps, alpha, [p.detach().clone() for p in params]

    def after(self):
        if self.t % self.steps == 0:
            for slow, p in zip(self.slow, self.params):
                slow += self.alpha * (p - slow)
                p.copy_(slow)


class Sam(Wrapper):  # Foret et al., 2021, Algorithm 1
    def __init__(self, params, inner, rho):
        super().__init__(params, inner)
        self.rho = rho

    def before(self):
        g = flatten([p.grad for p in self.params])
        there = flatten(self.params) + self.rho * g / (g.norm() + 1e-12)
        for p, slope in zip(self.params, split(gradient(there, there.dtype))):
            p.grad = slope.clone()


class Accumulation(Wrapper):
    def __init__(self, params, inner, steps):
        super().__init__(params, inner)
        self.steps, self.sum = steps, [torch.zeros_like(p) for p in params]

    @torch.no_grad()
    def step(self):
        self.t += 1
        self.sum = [s + p.grad / self.steps for s, p in zip(self.sum, self.params)]
        if self.t % self.steps == 0:
            for s, p in zip(self.sum, self.params):
                p.grad = s
            self.inner.step()
            self.sum = [torch.zeros_like(p) for p in self.params]


class Centralization(Wrapper):  # Yong et al., 2020: the mean over all axes but the output's, here the last
    def before(self):
        for p in self.params:
            if p.dim() > 1:
                p.grad = p.grad - p.grad.mean(0, keepdim=True)


class Decay(Wrapper):
    def __init__(self, params, inner, rates):
        super().__init__(params, inner)
        self.rates = rates

    def before(self):
        for p, rate in zip(self.params, self.rates):
            p *= 1 - self.param_groups[0]["lr"] * rate


cases = []


def case(kind, title, options, make, scheduled=False, **extra):
    innermost = options
    while "optimizer" in innermost:
        innermost = innermost["optimizer"]
    rate = innermost["learningRate"]
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
    if kind in ("momentum", "nesterov") and "dampening" not in options:
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

both = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
for title, scheduled in (("constant rate", False), ("schedule", True)):
    more = {"scheduled": scheduled}
    case("adadelta", title, {"learningRate": 8, "rho": 0.9, "epsilon": 1e-6}, lambda p: O.Adadelta(p, lr=8, rho=0.9, eps=1e-6), **more)
    case("adamax", title, {"learningRate": 0.1, **both}, lambda p: O.Adamax(p, lr=0.1), **more)
    case("amsgrad", title, {"learningRate": 0.1, **both}, lambda p: O.Adam(p, lr=0.1, amsgrad=True), **more)
    case("nadam", title, {"learningRate": 0.1, **both, "momentumDecay": 0.004}, lambda p: O.NAdam(p, lr=0.1), **more)
    case("radam", title, {"learningRate": 0.1, **both}, lambda p: O.RAdam(p, lr=0.1), **more)
    case("lion", title, {"learningRate": 0.03125, "beta1": 0.9, "beta2": 0.99, "weightDecay": 0.0625},
         lambda p: Lion(p, beta1=0.9, beta2=0.99, decay=0.0625), **more)
    case("lamb", title, {"learningRate": 0.03125, **both, "epsilon": 1e-6, "weightDecay": 0.01},
         lambda p: Lamb(p, beta1=0.9, beta2=0.999, eps=1e-6, decay=0.01), **more)
    case("lars", title, {"learningRate": 0.5, "momentum": 0.9, "trust": 0.03125, "weightDecay": 0.0625, "vectors": True},
         lambda p: Lars(p, momentum=0.9, trust=0.03125, decay=0.0625, vectors=True), **more)
    case("adafactor", title, {"learningRate": 0.015625, "beta2Decay": -0.8, "epsilon1": 1.1920929e-7, "epsilon2": 1e-3, "clipThreshold": 1, "weightDecay": 0.0625},
         lambda p: O.Adafactor(p, lr=0.015625, eps=(1.1920929e-7, 1e-3), weight_decay=0.0625), **more)
    case("muon", title, {"learningRate": 0.001953125, "momentum": 0.875, "weightDecay": 0.125}, lambda p: Muon(p, momentum=0.875, decay=0.125), **more)
    case("scheduleFree", title, {"learningRate": 0.1, **both, "weightDecay": 0.0625},
         lambda p: ScheduleFree(p, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.0625), **more)
case("lars", "matrices only", {"learningRate": 0.0625, "momentum": 0.9, "trust": 0.125, "weightDecay": 0.0625},
     lambda p: Lars(p, momentum=0.9, trust=0.125, decay=0.0625, vectors=False))
case("muon", "AdamW's rates, no Nesterov", {"learningRate": 0.00390625, "momentum": 0.5, "weightDecay": 0, "nesterov": False, "scale": "matchAdamw"},
     lambda p: Muon(p, momentum=0.5, decay=0, nesterov=False, match=True))
case("momentum", "dampening", {"learningRate": 0.125, "momentum": 0.875, "dampening": 0.5}, lambda p: O.SGD(p, lr=0.125, momentum=0.875, dampening=0.5))
case("rmsprop", "centered", {"learningRate": 0.01, "rho": 0.9, "epsilon": 0.03125, "centered": True},
     lambda p: O.RMSprop(p, lr=0.01, alpha=0.9, eps=0.03125, centered=True))
case("rmsprop", "centered, momentum", {"learningRate": 0.01, "rho": 0.9, "epsilon": 0.03125, "centered": True, "momentum": 0.5},
     lambda p: O.RMSprop(p, lr=0.01, alpha=0.9, eps=0.03125, centered=True, momentum=0.5))
for history in (10, 3):
    case("lbfgs", f"{history} pairs", {"learningRate": 0.75, "history": history},
         lambda p, history=history: O.LBFGS(p, lr=0.75, max_iter=1, max_eval=100, history_size=history, tolerance_grad=0, tolerance_change=0))

ADAM = {"kind": "adam", "learningRate": 0.125, **both}
SGD = {"kind": "momentum", "learningRate": 0.125, "momentum": 0.5}
adam = lambda p: O.Adam(p, lr=0.125)  # noqa: E731
sgd = lambda p: O.SGD(p, lr=0.125, momentum=0.5)  # noqa: E731
for title, scheduled in (("constant rate", False), ("schedule", True)):
    case("ema", title, {"optimizer": ADAM, "momentum": 0.875}, lambda p: Ema(p, adam, 0.875), scheduled=scheduled)
case("swa", "from the start", {"optimizer": ADAM}, lambda p: Swa(p, adam, 0, 1))
case("swa", "late", {"optimizer": ADAM, "start": 4, "every": 5}, lambda p: Swa(p, adam, 4, 5))
case("lookahead", "defaults", {"optimizer": ADAM}, lambda p: Lookahead(p, adam, 5, 0.5))
case("lookahead", "of three", {"optimizer": SGD, "steps": 3, "alpha": 0.75}, lambda p: Lookahead(p, sgd, 3, 0.75))
case("sam", "around momentum", {"optimizer": SGD, "rho": 0.25}, lambda p: Sam(p, sgd, 0.25))
case("sam", "around adam", {"optimizer": ADAM, "rho": 0.25}, lambda p: Sam(p, adam, 0.25))
case("gradientAccumulation", "of four", {"optimizer": ADAM, "steps": 4}, lambda p: Accumulation(p, adam, 4))
case("gradientCentralization", "around adam", {"optimizer": ADAM}, lambda p: Centralization(p, adam))
case("decoupledWeightDecay", "is AdamW", {"optimizer": ADAM, "rate": 0.25}, lambda p: O.AdamW(p, lr=0.125, weight_decay=0.25))
case("decoupledWeightDecay", "of matrices", {"optimizer": SGD, "rate": 0.25, "vectors": False}, lambda p: Decay(p, sgd, [0.25, 0]))
case("decoupledWeightDecay", "without a layer", {"optimizer": SGD, "rate": 0.25, "exclude": ["kernel"]}, lambda p: Decay(p, sgd, [0, 0.25]))
groups = lambda p: [{"params": [p[0]], "factor": 0.25}, {"params": [p[1]], "factor": 2}]  # noqa: E731
case("layerLearningRates", "as parameter groups", {"optimizer": ADAM, "rates": {"dense": 0.25, "dense/bias": 2}}, lambda p: O.Adam(groups(p), lr=0.125))
case("ema", "around four wrappers", {"optimizer": {"kind": "lookahead", "optimizer": {"kind": "sam", "rho": 0.25, "optimizer": {"kind": "gradientCentralization", "optimizer": SGD}}}, "momentum": 0.75},
     lambda p: Ema(p, lambda p: Lookahead(p, lambda p: Sam(p, lambda p: Centralization(p, sgd), 0.25), 5, 0.5), 0.75))
case("sam", "around accumulation", {"rho": 0.25, "optimizer": {"kind": "gradientAccumulation", "steps": 3, "optimizer": {"kind": "ema", "momentum": 0.75, "optimizer": SGD}}},
     lambda p: Sam(p, lambda p: Accumulation(p, lambda p: Ema(p, sgd, 0.75), 3), 0.25))
full, A = A, np.diag(np.diag(A))
case("sophia", "a diagonal Hessian", {"learningRate": 0.0625, "beta1": 0.96, "beta2": 0.99, "gamma": 2, "epsilon": 1e-12, "weightDecay": 0.125},
     lambda p: Sophia(p, beta1=0.96, beta2=0.99, gamma=2, eps=1e-12, decay=0.125), diagonal=True)
A = full
for title, scheduled in (("Keras's numbers", False), ("schedule", True)):
    case("ftrl", title, {"learningRate": 0.25}, lambda p: Ftrl(p), scheduled=scheduled)
options = {"learningRate": 0.25, "learningRatePower": -0.25, "initialAccumulatorValue": 0.5, "beta": 0.125}
case("ftrl", "another power", options, lambda p: Ftrl(p, power=-0.25, initial=0.5, beta=0.125))
options = {"learningRate": 0.25, "l1RegularizationStrength": 0.25, "l2RegularizationStrength": 0.125, "l2ShrinkageRegularizationStrength": 0.0625}
case("ftrl", "L1, L2 and shrinkage", options, lambda p: Ftrl(p, l1=0.25, l2=0.125, shrinkage=0.0625))

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
    {"optimizer": "adadelta", "keras": {"learningRate": 0.001, "rho": 0.95, "epsilon": 1e-7}, "pytorch": {"learningRate": 1, "rho": 0.9, "epsilon": 1e-6}},
    {"optimizer": "adamax", "keras": {"learningRate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7}, "pytorch": {"learningRate": 0.002, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}},
    {"optimizer": "amsgrad", "pytorch": {"learningRate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}},
    {"optimizer": "nadam", "keras": {"learningRate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7}, "pytorch": {"learningRate": 0.002, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "momentumDecay": 0.004}},
    {"optimizer": "radam", "pytorch": {"learningRate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}},
    {"optimizer": "lion", "keras": {"learningRate": 0.001, "beta1": 0.9, "beta2": 0.99}, "paper": {"learningRate": 0.0001, "beta1": 0.9, "beta2": 0.99, "weightDecay": 0}},
    {"optimizer": "lamb", "keras": {"learningRate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7}, "paper": {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-6, "weightDecay": 0.01}},
    {"optimizer": "lars", "paper": {"momentum": 0.9, "trust": 0.001, "weightDecay": 0.0005}},
    {"optimizer": "adafactor", "keras": {"learningRate": 0.001, "beta2Decay": -0.8, "epsilon1": 1e-30, "epsilon2": 1e-3, "clipThreshold": 1}, "pytorch": {"learningRate": 0.01, "beta2Decay": -0.8, "epsilon1": 1.1920929e-7, "epsilon2": 1e-3, "clipThreshold": 1, "weightDecay": 0}},
    {"optimizer": "muon", "keras": {"learningRate": 0.001, "momentum": 0.95, "nesterov": True, "iterations": 5, "adamRate": 1}, "pytorch": {"learningRate": 0.001, "momentum": 0.95, "nesterov": True, "iterations": 5, "weightDecay": 0.1}},
    {"optimizer": "scheduleFree", "paper": {"learningRate": 0.0025, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weightDecay": 0}},
    {"optimizer": "lbfgs", "pytorch": {"learningRate": 1}},
    {"optimizer": "ftrl", "keras": {"learningRate": 0.001, "learningRatePower": -0.5, "initialAccumulatorValue": 0.1, "l1RegularizationStrength": 0, "l2RegularizationStrength": 0, "l2ShrinkageRegularizationStrength": 0, "beta": 0}},
    {"optimizer": "sophia", "paper": {"beta1": 0.96, "beta2": 0.99, "gamma": 0.01, "epsilon": 1e-12, "weightDecay": 0.2}},
    {"optimizer": "ema", "keras": {"momentum": 0.99}},
    {"optimizer": "lookahead", "paper": {"steps": 5, "alpha": 0.5}},
    {"optimizer": "sam", "paper": {"rho": 0.05}},
    {"optimizer": "decoupledWeightDecay", "keras": {"rate": 0.004}, "pytorch": {"rate": 0.01}},
]  # fmt: skip
MADE = {
    "gradientDescent": O.SGD, "sgd": O.SGD, "momentum": O.SGD, "nesterov": O.SGD, "adagrad": O.Adagrad, "rmsprop": O.RMSprop, "adam": O.Adam,
    "adamw": O.AdamW, "adadelta": O.Adadelta, "adamax": O.Adamax, "amsgrad": O.Adam, "nadam": O.NAdam, "radam": O.RAdam, "adafactor": O.Adafactor,
    "muon": O.Muon, "lbfgs": O.LBFGS,
}  # fmt: skip
for entry in DEFAULTS:
    if "pytorch" not in entry or entry["optimizer"] not in MADE:
        continue
    ours = {"lr": "learningRate", "eps": "epsilon", "alpha": "rho", "rho": "rho", "weight_decay": "weightDecay", "initial_accumulator_value": "initialAccumulatorValue", "momentum_decay": "momentumDecay", "beta2_decay": "beta2Decay", "d": "clipThreshold", "ns_steps": "iterations", "nesterov": "nesterov"}  # fmt: skip
    real = MADE[entry["optimizer"]]([torch.zeros(1, 1)]).defaults
    for theirs, name in ours.items():
        if name in entry["pytorch"] and theirs in real and not (theirs == "nesterov" and entry["optimizer"] != "muon"):
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
def torch_rates(make, steps, past=True):
    optimizer = O.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    scheduler, rates = make(optimizer), []
    for _ in range(max(steps) + 1):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if past or len(rates) <= max(steps):
            scheduler.step()
    return [rates[s] for s in steps]


def keras_polynomial(step):  # PolynomialDecay(0.1, 20, 0.01, 1, cycle=True)
    steps = 20 * max(1, math.ceil(step / 20))
    return 0.09 * (1 - step / steps) + 0.01


def keras_restarts(step):  # CosineDecayRestarts(0.1, 10, 1.5, 0.5, 0.125)
    done = step / 10
    period = math.floor(math.log(1 - done * (1 - 1.5)) / math.log(1.5))
    part = (done - (1 - 1.5**period) / (1 - 1.5)) / 1.5**period
    return 0.1 * ((1 - 0.125) * 0.5 * 0.5**period * (1 + math.cos(math.pi * part)) + 0.125)


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
    ("polynomialDecay", {"learningRate": 0.1, "decaySteps": 40, "endLearningRate": 0.01, "power": 2}, WHOLE, [0.09 * (1 - min(s, 40) / 40) ** 2 + 0.01 for s in WHOLE]),
    ("polynomialDecay", {"learningRate": 0.1, "decaySteps": 20, "endLearningRate": 0.01, "cycle": True}, WHOLE, [keras_polynomial(s) for s in WHOLE]),
    ("cosineDecayRestarts", {"learningRate": 0.1, "firstDecaySteps": 10, "tMul": 1}, WHOLE, torch_rates(lambda o: S.CosineAnnealingWarmRestarts(o, 10), WHOLE)),
    ("cosineDecayRestarts", {"learningRate": 0.1, "firstDecaySteps": 10}, WHOLE, torch_rates(lambda o: S.CosineAnnealingWarmRestarts(o, 10, T_mult=2), WHOLE)),
    ("cosineDecayRestarts", {"learningRate": 0.1, "firstDecaySteps": 10, "tMul": 1.5, "mMul": 0.5, "alpha": 0.125}, [0, 5, 9, 11, 24, 26, 40, 60], [keras_restarts(s) for s in (0, 5, 9, 11, 24, 26, 40, 60)]),
    ("oneCycle", {"maxLearningRate": 0.1, "steps": 101}, WHOLE, torch_rates(lambda o: S.OneCycleLR(o, 0.1, total_steps=101), WHOLE, past=False)),
    ("oneCycle", {"maxLearningRate": 0.1, "steps": 101, "rise": 0.5, "divideBy": 10, "finallyDivideBy": 100, "shape": "linear"}, WHOLE,
     torch_rates(lambda o: S.OneCycleLR(o, 0.1, total_steps=101, pct_start=0.5, anneal_strategy="linear", div_factor=10, final_div_factor=100), WHOLE, past=False)),
    ("inverseSquareRoot", {"learningRate": 0.1, "warmupSteps": 20}, WHOLE, [0.1 * 20**0.5 * min((s + 1) ** -0.5, (s + 1) * 20**-1.5) for s in WHOLE]),
    ("warmupStableDecay", {"learningRate": 0.1, "warmupSteps": 10, "stableSteps": 20, "decaySteps": 20}, WHOLE,
     [0.1 * min(1, (s + 1) / 10) * (1 - min(1, max(0, (s - 30) / 20))) for s in WHOLE]),
    ("warmupStableDecay", {"learningRate": 0.1, "warmupSteps": 0, "stableSteps": 20, "decaySteps": 40, "alpha": 0.25, "shape": "squareRoot"}, WHOLE,
     [0.1 * (0.75 * (1 - math.sqrt(min(1, max(0, (s - 20) / 40)))) + 0.25) for s in WHOLE]),
]  # fmt: skip
schedules = [
    {"name": f"{kind} {options}", "schedule": kind, "options": options, "steps": steps, "rates": [number(r) for r in rates]}
    for kind, options, steps, rates in schedules
]

write(
    "optimizers",
    {"by": f"make_optimizers.py, PyTorch {torch.__version__}, float64", "gradient": "A (p - center) + 0.25 sin p"},
    problem=[{"a": exact(A), "center": exact(CENTER), "start": exact(START), "shapes": SHAPES}],
    cases=cases,
    defaults=DEFAULTS,
    clipping=clipping,
    schedules=schedules,
)

"""Regularizers and constraints of weights: rules.json. Run as python3 make_rules.py.

The equations are those of keras.regularizers and keras.constraints (Keras 3), written with PyTorch in float64: l1 and l2 without a
half, `orthogonal` the mean over pairs (rows normalized with epsilon 1e-7), norms along `axis` with 1e-7 added to what divides.
Gradients are PyTorch's; maxNorm is also compared here with torch.renorm, which adds the same 1e-7.
"""

import torch

from golden import Draw, array, write

draw = Draw(11)
torch.set_default_dtype(torch.float64)


def l1l2(l1=0.0, l2=0.0):
    return lambda w: l1 * w.abs().sum() + l2 * w.square().sum()


def orthogonal(factor=0.01, mode="rows"):
    def penalty(w):
        rows = w.reshape(-1, w.shape[-1])
        rows = rows if mode == "rows" else rows.T
        rows = rows / rows.norm(dim=1, keepdim=True).clamp(min=1e-7)
        size = rows.shape[0]
        product = rows @ rows.T * (1 - torch.eye(size))
        return factor * 0.5 * product.abs().sum() / (size * (size - 1) / 2)

    return penalty


def norms(w, axis):
    return w.square().sum(dim=axis, keepdim=True).sqrt()


def scaled(desired, axis=0):
    return lambda w: w * (desired(norms(w, axis)) / (1e-7 + norms(w, axis)))


REGULARIZERS = [
    ("l1", {}, l1l2(l1=0.01), (3, 4)),
    ("l1", {"l1": 0.5}, l1l2(l1=0.5), (5,)),
    ("l2", {}, l1l2(l2=0.01), (3, 4)),
    ("l2", {"l2": 0.25}, l1l2(l2=0.25), (2, 2, 3)),
    ("l1l2", {"l1": 0.125, "l2": 0.0625}, l1l2(0.125, 0.0625), (4, 3)),
    ("orthogonal", {}, orthogonal(), (3, 4)),
    ("orthogonal", {"factor": 0.5, "mode": "columns"}, orthogonal(0.5, "columns"), (5, 3)),
    ("orthogonal", {"factor": 0.25}, orthogonal(0.25), (2, 2, 3)),
]

CONSTRAINTS = [
    ("maxNorm", {}, scaled(lambda n: n.clamp(max=2)), (6, 4)),
    ("maxNorm", {"maxValue": 0.5, "axis": [0, 1, 2]}, scaled(lambda n: n.clamp(max=0.5), (0, 1, 2)), (2, 2, 2, 3)),
    ("maxNorm", {"maxValue": 1, "axis": 1}, scaled(lambda n: n.clamp(max=1), 1), (3, 4)),
    ("unitNorm", {}, scaled(torch.ones_like), (4, 3)),
    ("unitNorm", {"axis": -1}, scaled(torch.ones_like, -1), (4, 3)),
    ("minMaxNorm", {}, scaled(lambda n: n.clamp(0, 1)), (4, 3)),
    (
        "minMaxNorm",
        {"minValue": 2, "maxValue": 2.5, "rate": 0.5},
        scaled(lambda n: 0.5 * n.clamp(2, 2.5) + 0.5 * n),
        (4, 3),
    ),
    ("nonNegative", {}, lambda w: w * (w >= 0), (3, 4)),
]


def regularizer(kind, options, penalty, shape):
    weight = torch.tensor(draw.normal(*shape), requires_grad=True)
    value = penalty(weight)
    (gradient,) = torch.autograd.grad(value, weight)
    return {
        "name": f"{kind} {options} of {list(shape)}",
        "rule": {"kind": kind, **options},
        "weight": array(weight.detach().numpy()),
        "value": array(value.detach().numpy()),
        "gradient": array(gradient.numpy()),
    }


def constraint(kind, options, project, shape):
    weight = torch.tensor(draw.normal(*shape))
    kept = project(weight)
    if kind == "maxNorm" and len(shape) == 2:
        limit, axis = options.get("maxValue", 2), options.get("axis", 0)
        other = torch.renorm(weight, 2, 1 - axis, limit)
        assert torch.allclose(kept, other, rtol=1e-6)
    return {
        "name": f"{kind} {options} of {list(shape)}",
        "rule": {"kind": kind, **options},
        "weight": array(weight.numpy()),
        "value": array(kept.numpy()),
    }


write(
    "rules",
    {"by": f"make_rules.py, PyTorch {torch.__version__}, float64"},
    regularizers=[regularizer(*case) for case in REGULARIZERS],
    constraints=[constraint(*case) for case in CONSTRAINTS],
)

"""Activations and layers that carry them. See ../README.md.

Keras's own (sparsePlus, sparseSigmoid, squareplus, sparsemax, relu's options) are computed by their equations; sparsemax by sorting, as in
Martins & Astudillo (2016).
"""

import torch
import torch.nn.functional as F

from layer_cases import ROWS, WIDE, LayerCases

layers = LayerCases(20260203)
draw, case = layers.draw, layers.case
NEAR = WIDE[(WIDE > -60) & (WIDE < 60)]
OFF = NEAR * 0.75  # away from kinks at halves


def keras_relu(x, slope=0.0, top=None, threshold=0.0):
    y = torch.where(x > threshold, x, slope * (x - threshold))
    return y if top is None else torch.where(y < top, y, torch.full_like(y, top))


def sparsemax(x, axis=-1):
    x = x.movedim(axis, -1)
    ordered = x.sort(-1, descending=True).values
    count = torch.arange(1, x.shape[-1] + 1, dtype=x.dtype)
    size = (1 + count * ordered > ordered.cumsum(-1)).sum(-1, keepdim=True)
    tau = (ordered.cumsum(-1).gather(-1, size - 1) - 1) / size
    return (x - tau).clamp(min=0).movedim(-1, axis)


layers.activation("relu", {"negativeSlope": 0.25}, lambda x: keras_relu(x, 0.25))
layers.activation("relu", {"maxValue": 3}, lambda x: keras_relu(x, top=3.0))
layers.activation("relu", {"threshold": 0.75, "negativeSlope": 0.5, "maxValue": 4.5}, lambda x: keras_relu(x, 0.5, 4.5, 0.75))
layers.activation("celu", {}, F.celu)
layers.activation("celu", {"alpha": 0.5}, lambda x: F.celu(x, 0.5))
layers.activation("hardTanh", {}, F.hardtanh)
layers.activation("hardTanh", {"minValue": -2, "maxValue": 0.75}, lambda x: F.hardtanh(x, -2, 0.75))
layers.activation("threshold", {}, lambda x: F.threshold(x, 0, 0))
layers.activation("threshold", {"threshold": 0.75, "value": -3}, lambda x: F.threshold(x, 0.75, -3))
layers.activation("softplus", {"beta": 2}, lambda x: F.softplus(x, 2, 1000), OFF)
layers.activation("squareplus", {}, lambda x: (x + torch.sqrt(x * x + 4)) / 2)
layers.activation("squareplus", {"b": 0.25}, lambda x: (x + torch.sqrt(x * x + 0.25)) / 2, OFF)
layers.activation("sparsePlus", {}, lambda x: torch.where(x <= -1, torch.zeros_like(x), torch.where(x < 1, (x + 1) ** 2 / 4, x)))
layers.activation("sparseSigmoid", {}, lambda x: torch.where(x <= -1, torch.zeros_like(x), torch.where(x < 1, (x + 1) / 2, torch.ones_like(x))))
layers.activation("logSigmoid", {}, F.logsigmoid)
layers.activation("hardSilu", {}, lambda x: x * F.relu6(x + 3) / 6)  # = F.hardswish, which has no second gradient
layers.activation("hardSwish", {}, lambda x: x * F.relu6(x + 3) / 6)
layers.activation("hardShrink", {}, F.hardshrink)
layers.activation("hardShrink", {"lambda": 2}, lambda x: F.hardshrink(x, 2))
layers.activation("softShrink", {}, F.softshrink)
layers.activation("softShrink", {"lambda": 2}, lambda x: F.softshrink(x, 2))
layers.activation("tanhShrink", {}, F.tanhshrink)
layers.activation("softmin", {}, lambda x: F.softmin(x, -1), ROWS)
layers.activation("softmin", {"axis": 0}, lambda x: F.softmin(x, 0), ROWS)
layers.activation("sparsemax", {}, sparsemax, ROWS)
layers.activation("sparsemax", {}, sparsemax, draw.normal(3, 5, scale=0.5))
layers.activation("sparsemax", {"axis": 0}, lambda x: sparsemax(x, 0), draw.normal(4, 3, scale=0.5))

# --- layers -----------------------------------------------------------------------------------------------------------------------

case("prelu", "a slope each", {}, [draw.normal(2, 3, 2)], lambda i, w: torch.where(i[0] > 0, i[0], i[0] * w["alpha"]), {"alpha": draw.normal(3, 2)})
shared = lambda i, w: F.prelu(i[0].movedim(-1, 1), w["alpha"].reshape(-1)).movedim(1, -1)  # noqa: E731
case("prelu", "shared by pixels", {"sharedAxes": [1, 2]}, [draw.normal(2, 2, 3, 4)], shared, {"alpha": draw.normal(1, 1, 4)})
case("rrelu", "inference: the mean slope", {}, [draw.normal(3, 4)], lambda i, _: F.rrelu(i[0], training=False))
fixed = {"lower": 0.25, "upper": 0.25}
case("rrelu", "training with one slope", fixed, [draw.normal(3, 4)], lambda i, _: F.rrelu(i[0], 0.25, 0.25, training=True), training=True)
GATES = {"silu": F.silu, "gelu": F.gelu, "relu": F.relu, "linear": lambda x: x}
case("glu", "sigmoid", {}, [draw.normal(2, 3, 6)], lambda i, _: F.glu(i[0], -1))
case("glu", "axis 1", {"axis": 1}, [draw.normal(2, 4, 3)], lambda i, _: F.glu(i[0], 1))
for gate, f in GATES.items():
    case("glu", gate, {"activation": gate}, [draw.normal(2, 8)], lambda i, _, f=f: i[0].chunk(2, -1)[0] * f(i[0].chunk(2, -1)[1]))
case("maxout", "three pieces", {"units": 2}, [draw.distinct(3, 6)], lambda i, _: i[0].reshape(3, 2, 3).amax(-1))
case("maxout", "of a sequence", {"units": 3}, [draw.distinct(2, 3, 6)], lambda i, _: i[0].reshape(2, 3, 3, 2).amax(-1))

layers.write("activations", {"by": f"layers/activations.py, PyTorch {torch.__version__}, float64", "gradient": "of sum(output * cotangent)", "secondGradient": "of sum(gradient * cotangent)"})

"""Normalizations by groups and to unit length, random layers at rest, merges. See ../README.md."""

import torch
import torch.nn.functional as F

from layer_cases import LayerCases

layers = LayerCases(20260204)
draw, case = layers.draw, layers.case


def normalization(layer, title, shape, groups, options, axis=-1, epsilon=1e-3, gamma=True, beta=True):
    channels = shape[axis]
    weights = {**({"gamma": draw.positive(channels)} if gamma else {}), **({"beta": draw.normal(channels)} if beta else {})}

    def call(i, w):
        y = F.group_norm(i[0].movedim(axis, 1), groups, eps=epsilon).movedim(1, -1)
        return (y * w.get("gamma", 1) + w.get("beta", 0)).movedim(-1, axis)

    case(layer, title, options, [draw.normal(*shape)], call, weights)


normalization("groupNormalization", "images", [2, 2, 3, 6], 3, {"groups": 3})
normalization("groupNormalization", "one group, epsilon", [2, 5, 4], 1, {"groups": 1, "epsilon": 1e-5}, epsilon=1e-5)
normalization("groupNormalization", "axis 1, no gamma", [2, 4, 3], 2, {"groups": 2, "axis": 1, "scale": False}, axis=1, gamma=False)
normalization("groupNormalization", "vectors, no beta", [3, 8], 2, {"groups": 2, "center": False}, beta=False)
normalization("groupNormalization", "32 groups", [2, 2, 64], 32, {})
normalization("instanceNormalization", "images", [2, 3, 2, 3], 3, {})
normalization("instanceNormalization", "neither scale nor center", [2, 5, 3], 3, {"scale": False, "center": False}, gamma=False, beta=False)
normalization("instanceNormalization", "axis 1", [2, 3, 4], 3, {"axis": 1, "epsilon": 1e-5}, axis=1, epsilon=1e-5)

case("unitNormalization", "rows", {}, [draw.normal(3, 4)], lambda i, _: F.normalize(i[0], dim=-1))
case("unitNormalization", "axis 1", {"axis": 1}, [draw.normal(2, 3, 2)], lambda i, _: F.normalize(i[0], dim=1))
case("unitNormalization", "two axes", {"axis": [1, -1]}, [draw.normal(2, 3, 2)], lambda i, _: i[0] / i[0].norm(dim=(1, 2), keepdim=True))

# --- random layers where they are certain -----------------------------------------------------------------------------------------

for layer, option, shape in [
    ("spatialDropout1d", "rate", [2, 3, 2]), ("spatialDropout2d", "rate", [2, 2, 2, 2]), ("spatialDropout3d", "rate", [2, 1, 2, 2, 2]),
    ("alphaDropout", "rate", [3, 4]), ("gaussianDropout", "rate", [3, 4]), ("gaussianNoise", "stddev", [3, 4]), ("dropPath", "rate", [3, 4]),
]:  # fmt: skip
    case(layer, "inference changes nothing", {option: 0.5}, [draw.normal(*shape)], lambda i, _: i[0] * 1.0)
    case(layer, f"{option} 0 in training changes nothing", {option: 0}, [draw.normal(*shape)], lambda i, _: i[0] * 1.0, training=True)

# --- merges -----------------------------------------------------------------------------------------------------------------------

three = lambda *shape: [draw.distinct(3, *shape, step=16)[k] for k in range(3)]  # noqa: E731
case("subtract", "two", {}, [draw.normal(2, 3), draw.normal(2, 3)], lambda i, _: i[0] - i[1])
case("subtract", "repeated axes", {}, [draw.normal(2, 3, 2), draw.normal(2, 1, 2)], lambda i, _: i[0] - i[1])
case("multiply", "three", {}, three(2, 3), lambda i, _: i[0] * i[1] * i[2])
case("multiply", "a gate for each channel", {}, [draw.normal(2, 2, 2, 3), draw.normal(2, 1, 1, 3)], lambda i, _: i[0] * i[1])
case("average", "three", {}, three(2, 3), lambda i, _: (i[0] + i[1] + i[2]) / 3)
case("maximum", "three", {}, three(2, 3), lambda i, _: torch.maximum(torch.maximum(i[0], i[1]), i[2]))
case("minimum", "three", {}, three(2, 3), lambda i, _: torch.minimum(torch.minimum(i[0], i[1]), i[2]))
case("dot", "vectors", {"axes": 1}, [draw.normal(3, 4), draw.normal(3, 4)], lambda i, _: (i[0] * i[1]).sum(-1, keepdim=True))
cosine = lambda i, _: F.cosine_similarity(i[0], i[1], -1)[:, None]  # noqa: E731
case("dot", "cosine", {"axes": -1, "normalize": True}, [draw.normal(3, 4), draw.normal(3, 4)], cosine)
case("dot", "matrices", {"axes": [2, 1]}, [draw.normal(2, 3, 4), draw.normal(2, 4, 2)], lambda i, _: i[0] @ i[1])
case("dot", "sequences along their steps", {"axes": 1}, [draw.normal(2, 3, 2), draw.normal(2, 3, 4)], lambda i, _: torch.einsum("bta,btc->bac", *i))
case("dot", "a matrix and a vector", {"axes": [1, 1]}, [draw.normal(2, 3, 4), draw.normal(2, 3)], lambda i, _: torch.einsum("bta,bt->ba", *i))

# --- spectral normalization: Miyato et al. (2018), algorithm 1, with the kernel as [rest, last axis] ------------------------------


def spectral(title, options, inner, x, call, kernel, bias=None, training=True):
    steps = options.get("powerIterations", 1)
    weights = {"kernel": draw.normal(*kernel), **({"bias": draw.normal(bias)} if bias else {})}
    state = {"vectorU": draw.normal(kernel[-1])}

    def vectors(w):
        u, matrix = torch.as_tensor(state["vectorU"]), w.detach().reshape(-1, kernel[-1])
        for _ in range(steps if training else 1):
            v = F.normalize(matrix @ u, dim=0)
            u = F.normalize(v @ matrix, dim=0) if training else u
        return u, v

    def layer(i, w):
        u, v = vectors(w["kernel"])
        return call(i[0], w["kernel"] / (v @ w["kernel"].reshape(-1, kernel[-1]) @ u), w.get("bias", 0))

    updates = (lambda _: {"vectorU": vectors(torch.as_tensor(weights["kernel"]))[0]}) if training else None
    case("spectralNormalization", title, {"layer": inner, **options}, [draw.normal(*x)], layer, weights, training, state, updates)


dense = lambda x, kernel, bias: torch.tanh(x @ kernel + bias)  # noqa: E731
conv = lambda x, kernel, bias: F.conv1d(x.movedim(-1, 1), kernel.permute(2, 1, 0)).movedim(1, -1)  # noqa: E731
spectral("dense, training", {}, {"kind": "dense", "units": 3, "activation": "tanh"}, [2, 4], dense, [4, 3], 3)
spectral("dense, inference", {}, {"kind": "dense", "units": 3, "activation": "tanh"}, [2, 4], dense, [4, 3], 3, training=False)
spectral("conv1d, three steps", {"powerIterations": 3}, {"kind": "conv1d", "filters": 3, "kernelSize": 2, "useBias": False}, [2, 5, 2], conv, [2, 2, 3])

layers.write("normalizations", {"by": f"layers/normalizations.py, PyTorch {torch.__version__}, float64", "gradient": "of sum(output * cotangent)"})

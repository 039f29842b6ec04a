"""Layers with changes of low rank: Hu et al. (2021). The kernel as [rest, last axis] is W + alpha / rank A B. Run as python3 -m layers.lora."""

import torch
import torch.nn.functional as F

from layer_cases import LayerCases

layers = LayerCases(41)
draw = layers.draw


def lora(title, options, inner, x, call, kernel, bias=None, name="kernel"):
    rank = options.get("rank", 8)
    factor = options.get("alpha", rank) / rank
    rows, columns = torch.zeros(kernel[:-1]).numel(), kernel[-1]
    weights = {name: draw.normal(*kernel), **({"bias": draw.normal(bias)} if bias else {})}
    weights |= {"loraA": draw.normal(rows, rank), "loraB": draw.normal(rank, columns)}

    def layer(i, w):
        changed = w[name] + factor * (w["loraA"] @ w["loraB"]).reshape(kernel)
        return call(i[0], changed, w.get("bias", 0))

    layers.case("lora", title, {"layer": inner, **options}, [x], layer, weights)


dense = lambda x, kernel, bias: torch.tanh(x @ kernel + bias)  # noqa: E731
conv = lambda x, kernel, _: F.conv2d(x.movedim(-1, 1), kernel.permute(3, 2, 0, 1)).movedim(1, -1)  # noqa: E731
embedding = lambda x, table, _: F.embedding(x, table)  # noqa: E731
lora("dense", {"rank": 2, "alpha": 4}, {"kind": "dense", "units": 3, "activation": "tanh"}, draw.normal(2, 4), dense, [4, 3], 3)
lora("conv2d", {"rank": 1}, {"kind": "conv2d", "filters": 3, "kernelSize": 2, "useBias": False}, draw.normal(2, 4, 3, 2), conv, [2, 2, 2, 3])
lora("embedding", {"rank": 2, "alpha": 1}, {"kind": "embedding", "inputDim": 5, "outputDim": 3}, draw.integers(0, 5, 2, 4), embedding, [5, 3], name="embeddings")

layers.write("lora", {"by": f"layers/lora.py, PyTorch {torch.__version__}, float64", "gradient": "of sum(output * cotangent)"})

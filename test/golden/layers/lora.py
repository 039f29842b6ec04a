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

options = {"kind": "conv1d", "filters": 2, "kernelSize": 2, "strides": 2, "padding": "causal", "activation": "relu"}
plain = lambda x, kernel, bias: torch.relu(  # noqa: E731
    F.conv1d(F.pad(x.movedim(-1, 1), (1, 0)), kernel.permute(2, 1, 0), stride=2).movedim(1, -1) + bias
)
lora("conv1d", {"rank": 2}, options, draw.normal(2, 6, 3), plain, [2, 3, 2], 2)
grouped = lambda x, kernel, _: F.conv2d(x.movedim(-1, 1), kernel.permute(3, 2, 0, 1), groups=2).movedim(1, -1)  # noqa: E731
options = {"kind": "conv2d", "filters": 4, "kernelSize": 2, "groups": 2, "useBias": False}
lora("conv2d, groups", {"rank": 2}, options, draw.normal(2, 3, 3, 4), grouped, [2, 2, 2, 4])
adjoint = lambda x, kernel, bias: torch.tanh(  # noqa: E731
    F.conv_transpose2d(x.movedim(-1, 1), kernel.permute(3, 2, 0, 1), stride=2).movedim(1, -1) + bias
)
options = {"kind": "conv2dTranspose", "filters": 2, "kernelSize": 2, "strides": 2, "activation": "tanh"}
lora("conv2dTranspose", {"rank": 1, "alpha": 2}, options, draw.normal(2, 2, 3, 3), adjoint, [2, 2, 2, 3], 2)
through = lambda x, kernel, _: torch.einsum("abc,cd->abd", x, kernel)  # noqa: E731
lora("einsumDense", {"rank": 2}, {"kind": "einsumDense", "equation": "abc,cd->abd", "outputShape": [4, 3]}, draw.normal(2, 4, 2), through, [2, 3])
sequence = lambda x, kernel, bias: torch.tanh(x @ kernel + bias)  # noqa: E731
lora("dense, sequences", {"rank": 2}, {"kind": "dense", "units": 3, "activation": "tanh"}, draw.normal(2, 3, 4), sequence, [4, 3], 3)
adjoint = lambda x, kernel, _: F.conv_transpose1d(x.movedim(-1, 1), kernel.permute(2, 1, 0), groups=2).movedim(1, -1)  # noqa: E731
options = {"kind": "conv1dTranspose", "filters": 4, "kernelSize": 2, "groups": 2, "useBias": False}
lora("conv1dTranspose, groups", {"rank": 1, "alpha": 2}, options, draw.normal(2, 3, 6), adjoint, [2, 2, 6])
for equation, shape, kernel, output in [("abhk,hkd->abd", (2, 2, 2, 3), [2, 3, 2], [2, 2]), ("abc,dc->abd", (2, 2, 3), [2, 3], [2, 2]), ("abc,bc->abc", (2, 2, 3), [2, 3], [2, 3])]:
    through = lambda x, kernel, _, equation=equation: torch.einsum(equation, x, kernel)  # noqa: E731
    inner = {"kind": "einsumDense", "equation": equation, "outputShape": output}
    lora(f"einsumDense, {equation}", {"rank": 1}, inner, draw.normal(*shape), through, kernel)

layers.write("lora", {"by": f"layers/lora.py, PyTorch {torch.__version__}, float64", "gradient": "of sum(output * cotangent)"})

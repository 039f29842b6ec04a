"""Pooling of volumes, adaptive pooling, padding, cropping, reordering, einsumDense. See ../README.md."""

import torch
import torch.nn.functional as F

from layer_cases import LayerCases
from layouts import first, last, pad_spatial, same_padding

layers = LayerCases(20260202)
draw, case = layers.draw, layers.case

# --- pooling ----------------------------------------------------------------------------------------------------------------------


def pool3d(kind, sizes, channels, size, strides=None, padding="valid"):
    every = lambda v: [v] * 3 if isinstance(v, int) else v  # noqa: E731
    window, steps = every(size), every(size if strides is None else strides)
    options = {"poolSize": size, **({} if strides is None else {"strides": strides}), **({} if padding == "valid" else {"padding": padding})}

    def call(inputs, _):
        x = first(inputs[0])
        pads = [same_padding(*a) for a in zip(x.shape[2:], window, steps)] if padding == "same" else [(0, 0)] * 3
        if kind == "max":
            return last(F.max_pool3d(pad_spatial(x, pads, -torch.inf), tuple(window), tuple(steps)))
        total = F.avg_pool3d(pad_spatial(x, pads), tuple(window), tuple(steps))
        share = F.avg_pool3d(pad_spatial(torch.ones_like(x), pads), tuple(window), tuple(steps))
        return last(total / share)  # padding is not counted

    case(f"{kind}Pooling3d", f"size {size}, strides {strides}, {padding}, {sizes}", options, [draw.distinct(2, *sizes, channels)], call)


for kind in ("max", "average"):
    pool3d(kind, [2, 4, 2], 2, 2)
    pool3d(kind, [3, 3, 2], 1, [2, 3, 1], [1, 2, 1])
    pool3d(kind, [3, 2, 3], 1, 2, 2, "same")

axes = (1, 2, 3)
case("globalMaxPooling3d", "", {}, [draw.distinct(2, 2, 3, 2, 3)], lambda i, _: torch.amax(i[0], axes))
case("globalMaxPooling3d", "keepdims", {"keepdims": True}, [draw.distinct(2, 2, 1, 2, 2)], lambda i, _: torch.amax(i[0], axes, keepdim=True))
case("globalAveragePooling3d", "", {}, [draw.normal(2, 2, 3, 2, 3)], lambda i, _: i[0].mean(axes))
case("globalAveragePooling3d", "keepdims", {"keepdims": True}, [draw.normal(2, 2, 1, 2, 2)], lambda i, _: i[0].mean(axes, keepdim=True))

ADAPTIVE = {
    ("Average", 1): F.adaptive_avg_pool1d, ("Average", 2): F.adaptive_avg_pool2d, ("Average", 3): F.adaptive_avg_pool3d,
    ("Max", 1): F.adaptive_max_pool1d, ("Max", 2): F.adaptive_max_pool2d, ("Max", 3): F.adaptive_max_pool3d,
}  # fmt: skip


def adaptive(kind, sizes, output, channels=2):
    rank = len(sizes)

    def call(inputs, _):
        return last(ADAPTIVE[kind, rank](first(inputs[0]), output))

    case(f"adaptive{kind}Pooling{rank}d", f"{sizes} to {output}", {"outputSize": output}, [draw.distinct(2, *sizes, channels)], call)


for kind in ("Average", "Max"):
    adaptive(kind, [6], 3)
    adaptive(kind, [7], 3)
    adaptive(kind, [3], 5)
    adaptive(kind, [4, 6], 2)
    adaptive(kind, [5, 4], [3, 1])
    adaptive(kind, [3, 7], [2, 4])
    adaptive(kind, [2, 2, 4], [1, 2, 2])
    adaptive(kind, [3, 2, 3], 2, 1)

# --- padding and cropping ---------------------------------------------------------------------------------------------------------


def margins(value, rank):
    if isinstance(value, int):
        return [(value, value)] * rank
    if rank == 1:
        return [tuple(value)]
    return [tuple(v) if isinstance(v, list) else (v, v) for v in value]


def pad(sizes, padding):
    rank = len(sizes)
    call = lambda i, _: last(pad_spatial(first(i[0]), margins(padding, rank)))  # noqa: E731
    case(f"zeroPadding{rank}d", str(padding), {"padding": padding}, [draw.normal(2, *sizes, 2)], call)


def crop(sizes, cropping):
    rank = len(sizes)
    cuts = [(-a, -b) for a, b in margins(cropping, rank)]
    call = lambda i, _: last(pad_spatial(first(i[0]), cuts))  # noqa: E731
    case(f"cropping{rank}d", str(cropping), {"cropping": cropping}, [draw.normal(2, *sizes, 2)], call)


pad([3], 2)
pad([3], [2, 0])
pad([2, 3], 1)
pad([2, 3], [1, 2])
pad([2, 3], [[0, 1], [2, 3]])
pad([1, 2, 2], 1)
pad([1, 2, 2], [0, 1, 2])
pad([1, 2, 2], [[0, 1], [1, 0], [0, 2]])
crop([5], 1)
crop([5], [0, 2])
crop([4, 5], 1)
crop([4, 5], [1, 2])
crop([4, 5], [[0, 1], [2, 0]])
crop([3, 4, 3], 1)
crop([3, 4, 3], [0, 1, 1])
crop([3, 2, 3], [[0, 1], [1, 0], [0, 2]])

# --- reordering -------------------------------------------------------------------------------------------------------------------

case("permute", "[2, 1]", {"dims": [2, 1]}, [draw.normal(2, 3, 4)], lambda i, _: i[0].permute(0, 2, 1))
case("permute", "[3, 1, 2]", {"dims": [3, 1, 2]}, [draw.normal(2, 3, 4, 2)], lambda i, _: i[0].permute(0, 3, 1, 2))
case("repeatVector", "three times", {"n": 3}, [draw.normal(2, 4)], lambda i, _: i[0][:, None].expand(2, 3, 4))


# --- einsumDense: equations as Keras's documentation has them ---------------------------------------------------------------------


def einsum_dense(equation, output, inputs, kernel, bias_axes=None, bias=None, activation=None):
    options = {"equation": equation, "outputShape": output}
    weights = {"kernel": draw.normal(*kernel, scale=0.5)}
    if bias_axes:
        options["biasAxes"] = bias_axes
        weights["bias"] = draw.normal(*bias)
    if activation:
        options["activation"] = activation

    def call(i, w):
        y = torch.einsum(equation, i[0], w["kernel"])
        y = y + w["bias"] if bias_axes else y
        return torch.tanh(y) if activation else y

    case("einsumDense", equation, options, [draw.normal(*inputs)], call, weights)


einsum_dense("ab,bc->ac", 3, [2, 4], [4, 3], "c", [3])
einsum_dense("abc,cd->abd", [None, 3], [2, 3, 4], [4, 3], "d", [3], "tanh")
einsum_dense("...x,xy->...y", 3, [2, 3, 2, 4], [4, 3], "y", [3])
einsum_dense("ab...,bc->ac...", 3, [2, 4, 3, 2], [4, 3], "c", [3, 1, 1])
einsum_dense("btd,dhk->bthk", [None, 2, 3], [2, 3, 4], [4, 2, 3], "hk", [2, 3])
einsum_dense("bthk,hkd->btd", [None, 4], [2, 3, 2, 3], [2, 3, 4])
einsum_dense("abc,bcd->abd", [None, 2], [2, 3, 4], [3, 4, 2], "bd", [3, 2])
einsum_dense("abc,bd->acd", [4, 2], [2, 3, 4], [3, 2], "cd", [4, 2])
einsum_dense("abc,bc->abc", [3, 4], [2, 3, 4], [3, 4])
einsum_dense("abc,d->abd", [3, 2], [2, 3, 4], [2])

# --- channels to pixels -----------------------------------------------------------------------------------------------------------

for r, shape in ((2, [2, 2, 3, 8]), (3, [1, 2, 1, 9])):
    shuffle = lambda i, _, r=r: last(F.pixel_shuffle(first(i[0]), r))  # noqa: E731
    case("pixelShuffle", f"factor {r}", {"upscaleFactor": r}, [draw.normal(*shape)], shuffle)

layers.write("shapes", {"by": f"layers/shapes.py, PyTorch {torch.__version__}, float64", "gradient": "of sum(output * cotangent)"})

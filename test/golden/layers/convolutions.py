"""Convolutions of the catalogue: 3-D, transposed, depthwise, separable, and up-sampling. See ../README.md.

Transposed: PyTorch's conv_transpose without padding gives all elements that a window reaches; Keras's sizes are cut from it or zeros are
added behind (keras.src.ops.operation_utils.compute_conv_transpose_output_shape; TensorFlow cuts the smaller half before).
Depthwise kernels are Keras's [...k, in, multiplier]; PyTorch's grouped convolution has filter c * multiplier + m.
"""

import torch
import torch.nn.functional as F

from layer_cases import LayerCases
from layouts import first, last, pad_spatial, same_padding

layers = LayerCases(20260201)
draw = layers.draw
CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSE = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
ACTIVATIONS = {None: lambda y: y, "relu": F.relu, "tanh": torch.tanh, "silu": F.silu}


def every(value, rank):
    return [value] * rank if isinstance(value, int) else value


def given(**options):
    return {name: value for name, value in options.items() if value is not None}


def padded(x, padding, kernel, strides, dilation):
    if padding == "same":
        return pad_spatial(x, [same_padding(*a) for a in zip(x.shape[2:], kernel, strides, dilation)])
    if padding == "causal":
        return pad_spatial(x, [((k - 1) * d, 0) for k, d in zip(kernel, dilation)])
    return x


def grouped(x, kernel, bias, options, groups):
    """x [N, C, ...], kernel [...k, in/groups, out]."""
    rank = x.dim() - 2
    size = list(kernel.shape[:rank])
    strides, dilation = every(options.get("strides", 1), rank), every(options.get("dilationRate", 1), rank)
    x = padded(x, options.get("padding"), size, strides, dilation)
    return CONV[rank](x, kernel.movedim((-1, -2), (0, 1)), bias, tuple(strides), 0, tuple(dilation), groups)


def conv3d(title, sizes, channels, filters, kernel, groups=1, **more):
    options = given(filters=filters, kernelSize=kernel, **more, **({"groups": groups} if groups > 1 else {}))
    weights = {"kernel": draw.normal(*every(kernel, 3), channels // groups, filters, scale=0.5)}
    if more.get("useBias", True):
        weights["bias"] = draw.normal(filters, scale=0.5)

    def call(inputs, w):
        y = last(grouped(first(inputs[0]), w["kernel"], w.get("bias"), options, groups))
        return ACTIVATIONS[more.get("activation")](y)

    layers.case("conv3d", title, options, [draw.normal(2, *sizes, channels, step=16)], call, weights)


conv3d("valid", [3, 4, 3], 2, 2, 2)
conv3d("same, rectangular", [3, 2, 4], 2, 2, [2, 1, 3], padding="same", activation="tanh")
conv3d("strides, no bias", [4, 5, 4], 1, 2, 2, strides=[2, 1, 2], useBias=False)
conv3d("same, stride 2", [3, 4, 3], 1, 2, 3, strides=2, padding="same")
conv3d("dilation and groups", [4, 3, 4], 2, 4, 2, dilationRate=[2, 1, 3], groups=2)


def transposed(title, sizes, channels, filters, kernel, groups=1, batch=2, **more):
    rank = len(sizes)
    options = given(filters=filters, kernelSize=kernel, **more, **({"groups": groups} if groups > 1 else {}))
    size, strides = every(kernel, rank), every(more.get("strides", 1), rank)
    dilation = every(more.get("dilationRate", 1), rank)
    added = more.get("outputPadding")
    added = [None] * rank if added is None else every(added, rank)
    weights = {"kernel": draw.normal(*size, filters // groups, channels, scale=0.5)}
    if more.get("useBias", True):
        weights["bias"] = draw.normal(filters, scale=0.5)

    def call(inputs, w):
        x = first(inputs[0])
        y = TRANSPOSE[rank](x, w["kernel"].movedim((-1, -2), (0, 1)), None, tuple(strides), 0, 0, groups, tuple(dilation))
        pads = []
        for axis in range(rank):
            count, span = x.shape[2 + axis], (size[axis] - 1) * dilation[axis] + 1
            if more.get("padding") == "same":
                p = added[axis]
                length = count * strides[axis] if p is None else (count - 1) * strides[axis] + span % 2 + p
            else:
                p = max(span, strides[axis]) - span if added[axis] is None else added[axis]
                length = (count - 1) * strides[axis] + span + p
            surplus = y.shape[2 + axis] - length
            pads.append((-(surplus // 2), surplus // 2 - surplus) if surplus > 0 else (0, -surplus))
        y = last(pad_spatial(y, pads))  # negative padding cuts
        y = y + w["bias"] if "bias" in w else y
        return ACTIVATIONS[more.get("activation")](y)

    layers.case(f"conv{rank}dTranspose", title, options, [draw.normal(batch, *sizes, channels, step=16)], call, weights)


transposed("valid", [4], 3, 2, 3)
transposed("stride 2, valid", [4], 2, 3, 3, strides=2)
transposed("stride beyond the kernel", [4], 2, 2, 2, strides=3)
transposed("stride 2, same", [4], 2, 2, 4, strides=2, padding="same")
transposed("stride 3, same, odd kernel", [3], 2, 2, 5, strides=3, padding="same", activation="silu")
transposed("dilation 2, same", [5], 2, 2, 3, dilationRate=2, padding="same")
transposed("stride and dilation", [4], 2, 1, 3, strides=2, dilationRate=3)
transposed("outputPadding, valid", [4], 2, 2, 3, strides=3, outputPadding=2)
transposed("outputPadding 0, same", [4], 2, 2, 3, strides=2, padding="same", outputPadding=0)
transposed("groups, no bias", [4], 4, 2, 3, groups=2, useBias=False)

transposed("twice the size", [3, 2], 4, 3, 2, strides=2)
transposed("twice the size, same, kernel 3", [3, 2], 3, 2, 3, strides=2, padding="same", activation="relu")
transposed("twice the size, same, kernel 4", [2, 3], 2, 2, 4, strides=2, padding="same")
transposed("rectangular kernel and strides", [3, 2], 2, 2, [3, 2], strides=[1, 3])
transposed("same, stride beyond the kernel", [2, 3], 2, 2, [1, 2], strides=[2, 3], padding="same")
transposed("outputPadding, same, even kernel", [3, 3], 2, 2, [4, 3], strides=[3, 2], padding="same", outputPadding=[2, 1])
transposed("outputPadding and dilation", [3, 2], 2, 2, 2, strides=[2, 3], dilationRate=[2, 1], outputPadding=1)
transposed("groups", [2, 3], 4, 4, 2, groups=2, strides=2)
transposed("wide channels", [2, 3], 20, 17, 2, strides=2, batch=1)

transposed("twice the size", [2, 1, 2], 2, 2, 2, strides=2)
transposed("same, rectangular", [2, 2, 1], 2, 1, [3, 1, 2], strides=[1, 2, 2], padding="same")
transposed("outputPadding and dilation", [2, 1, 2], 1, 2, 2, strides=2, dilationRate=[1, 2, 1], outputPadding=[0, 1, 1])


def depthwise_of(inputs, kernel, bias, options):
    channels, multiplier = kernel.shape[-2:]
    flat = kernel.reshape(*kernel.shape[:-2], 1, channels * multiplier)
    return grouped(first(inputs[0]), flat, bias, options, channels)


def depthwise(title, sizes, channels, kernel, multiplier=1, **more):
    rank = len(sizes)
    options = given(kernelSize=kernel, **({"depthMultiplier": multiplier} if multiplier > 1 else {}), **more)
    weights = {"kernel": draw.normal(*every(kernel, rank), channels, multiplier, scale=0.5)}
    if more.get("useBias", True):
        weights["bias"] = draw.normal(channels * multiplier, scale=0.5)

    def call(inputs, w):
        return ACTIVATIONS[more.get("activation")](last(depthwise_of(inputs, w["kernel"], w.get("bias"), options)))

    layers.case(f"depthwiseConv{rank}d", title, options, [draw.normal(2, *sizes, channels, step=16)], call, weights)


depthwise("valid", [6], 3, 3)
depthwise("causal, dilated", [6], 2, 2, padding="causal", dilationRate=2)
depthwise("same, stride 2, two per channel", [5], 3, 3, 2, padding="same", strides=2, activation="silu")
depthwise("valid", [4, 5], 3, 3)
depthwise("same, many channels", [3, 4], 19, 3, padding="same", useBias=False)
depthwise("same, stride 2", [5, 4], 5, 3, padding="same", strides=2, activation="relu")
depthwise("two per channel, rectangular", [4, 4], 3, [2, 3], 2, strides=[1, 2])
depthwise("dilation, three per channel", [5, 5], 2, 3, 3, dilationRate=[1, 2], padding="same")
depthwise("eight channels, dilation", [5, 5], 8, 3, dilationRate=2)


def separable(title, sizes, channels, filters, kernel, multiplier=1, **more):
    rank = len(sizes)
    options = given(filters=filters, kernelSize=kernel, **({"depthMultiplier": multiplier} if multiplier > 1 else {}), **more)
    weights = {
        "depthwiseKernel": draw.normal(*every(kernel, rank), channels, multiplier, scale=0.5),
        "pointwiseKernel": draw.normal(*[1] * rank, channels * multiplier, filters, scale=0.5),
    }
    if more.get("useBias", True):
        weights["bias"] = draw.normal(filters, scale=0.5)

    def call(inputs, w):
        y = depthwise_of(inputs, w["depthwiseKernel"], None, options)
        y = CONV[rank](y, w["pointwiseKernel"].movedim((-1, -2), (0, 1)), w.get("bias"))
        return ACTIVATIONS[more.get("activation")](last(y))

    layers.case(f"separableConv{rank}d", title, options, [draw.normal(2, *sizes, channels, step=16)], call, weights)


separable("valid", [5], 3, 2, 3)
separable("same, stride 2, two per channel, no bias", [5], 2, 3, 2, 2, strides=2, padding="same", useBias=False)
separable("causal, dilated", [5], 2, 2, 2, padding="causal", dilationRate=2, activation="tanh")
separable("valid", [4, 3], 3, 4, 2)
separable("same, stride 2", [4, 5], 4, 3, 3, padding="same", strides=2, activation="relu")
separable("two per channel, dilation", [4, 4], 2, 3, 2, 2, dilationRate=2)


def up(title, sizes, channels, size=None, interpolation=None):
    rank = len(sizes)
    options = given(size=size, interpolation=interpolation)
    factor = every(size or 2, rank)
    mode = "nearest" if interpolation is None else interpolation
    corners = None if mode == "nearest" else False

    def call(inputs, _):
        return last(F.interpolate(first(inputs[0]), scale_factor=[float(f) for f in factor], mode=mode, align_corners=corners))

    layers.case(f"upSampling{rank}d", title, options, [draw.normal(2, *sizes, channels, step=16)], call)


up("nearest", [3], 2)
up("nearest, three times", [2], 3, 3, "nearest")
up("linear", [4], 2, None, "linear")
up("linear, five times", [3], 2, 5, "linear")
up("nearest", [3, 2], 2)
up("nearest, rectangular", [2, 3], 2, [3, 1])
up("bilinear", [3, 4], 2, 2, "bilinear")
up("bilinear, rectangular", [3, 2], 2, [3, 4], "bilinear")
up("bilinear of one row", [1, 3], 2, 2, "bilinear")
up("nearest", [2, 1, 2], 2)
up("nearest, rectangular", [2, 2, 1], 1, [1, 2, 3])
up("trilinear", [2, 3, 2], 2, [2, 3, 2], "trilinear")

layers.write("convolutions", {"by": f"layers/convolutions.py, PyTorch {torch.__version__}, float64", "gradient": "of sum(output * cotangent)"})

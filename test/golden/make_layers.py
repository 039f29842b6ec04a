"""Golden numbers of layers and activations: python3 test/golden/make_layers.py (PyTorch 2.13 CPU, float64).

Layouts are Keras's: channels last, dense kernel [in, out], convolution kernel [...k, in/groups, out]; PyTorch's are transposed here.
Per case: the outputs, and the gradients of sum(output * cotangent) for every input and every trainable weight.
'same' padding is TensorFlow's (output = ceil(input / stride), the odd element of padding at the end), which PyTorch has only for stride 1;
it is written as explicit padding in front of PyTorch's 'valid' operation.
Batch normalization: Keras keeps the biased batch variance in its moving statistics and PyTorch the unbiased one; Keras's is used, by its
formula moving = momentum * moving + (1 - momentum) * batch.
"""

import numpy as np
import torch
import torch.nn.functional as F

from golden import write
from layer_cases import ROWS, WIDE, LayerCases
from layouts import first, last, pad_spatial, same_padding

layers = LayerCases(20260101)
draw, case, cases = layers.draw, layers.case, layers.cases

# name -> (options, function). Slopes and other defaults: Keras 3's; where PyTorch's default differs the note says so.
ACTIVATIONS = {
    "linear": lambda x: x * 1.0,
    "relu": F.relu,
    "relu6": F.relu6,
    "leakyRelu": lambda x: F.leaky_relu(x, 0.2),
    "elu": F.elu,
    "selu": F.selu,
    "gelu": F.gelu,
    "silu": F.silu,
    "swish": F.silu,
    "softplus": F.softplus,
    "softsign": F.softsign,
    "sigmoid": torch.sigmoid,
    "hardSigmoid": lambda x: F.relu6(x + 3) / 6,  # = F.hardsigmoid, which has no second gradient
    "tanh": torch.tanh,
    "softmax": lambda x: F.softmax(x, -1),
    "logSoftmax": lambda x: F.log_softmax(x, -1),
    "mish": F.mish,
    "exponential": torch.exp,
}


# --- dense ------------------------------------------------------------------------------------------------------------------------

def dense(activation=None, bias=True):
    def call(inputs, w):
        y = inputs[0] @ w["kernel"] + (w["bias"] if bias else 0)
        assert (y != 0).all(), "a value at a kink"
        return ACTIVATIONS[activation](y) if activation else y

    return call


def dense_weights(n, units, bias=True):
    return {"kernel": draw.normal(n, units, scale=0.7), **({"bias": draw.normal(units, scale=0.5)} if bias else {})}


case("dense", "no activation", {"units": 4}, [draw.normal(3, 5)], dense(), dense_weights(5, 4))
case("dense", "no bias", {"units": 3, "useBias": False}, [draw.normal(4, 2)], dense(bias=False), dense_weights(2, 3, bias=False))
case("dense", "one row, one unit", {"units": 1}, [draw.normal(1, 2)], dense(), dense_weights(2, 1))
case("dense", "over the last axis of a sequence", {"units": 3}, [draw.normal(2, 3, 4)], dense(), dense_weights(4, 3))
case("dense", "wide", {"units": 17, "activation": "tanh"}, [draw.normal(5, 33, scale=0.3)], dense("tanh"), dense_weights(33, 17))
for activation in ACTIVATIONS:
    case("dense", activation, {"units": 4, "activation": activation}, [draw.normal(3, 3)], dense(activation), dense_weights(3, 4))

# --- convolution ------------------------------------------------------------------------------------------------------------------

def convolution(kernel, strides, dilation, padding, groups, activation):
    rank = len(kernel)
    convolve = F.conv1d if rank == 1 else F.conv2d

    def call(inputs, w):
        x = first(inputs[0])
        sizes = x.shape[2:]
        if padding == "same":
            x = pad_spatial(x, [same_padding(*a) for a in zip(sizes, kernel, strides, dilation)])
        elif padding == "causal":
            x = pad_spatial(x, [((k - 1) * d, 0) for k, d in zip(kernel, dilation)])
        weight = w["kernel"].movedim((-1, -2), (0, 1))  # [...k, in/groups, out] -> [out, in/groups, ...k]
        y = last(convolve(x, weight, w.get("bias"), tuple(strides), 0, tuple(dilation), groups))
        return ACTIVATIONS[activation](y) if activation else y

    return call


def conv(title, sizes, channels, filters, kernel, strides=1, dilation=1, padding="valid", groups=1, activation=None, bias=True, batch=2):
    rank = len(sizes)
    every = lambda v: [v] * rank if isinstance(v, int) else v  # noqa: E731
    options = {"filters": filters, "kernelSize": kernel if isinstance(kernel, list) else every(kernel)[0]}
    if strides != 1:
        options["strides"] = strides
    if dilation != 1:
        options["dilationRate"] = dilation
    if padding != "valid":
        options["padding"] = padding
    if groups != 1:
        options["groups"] = groups
    if activation:
        options["activation"] = activation
    if not bias:
        options["useBias"] = False
    weights = {"kernel": draw.normal(*every(kernel), channels // groups, filters, scale=0.5)}
    if bias:
        weights["bias"] = draw.normal(filters, scale=0.5)
    call = convolution(every(kernel), every(strides), every(dilation), padding, groups, activation)
    case(f"conv{rank}d", title, options, [draw.normal(batch, *sizes, channels, step=16)], call, weights)


conv("valid", [9], 3, 4, 3)
conv("same", [9], 3, 4, 3, padding="same")
conv("same, even kernel", [8], 2, 3, 4, padding="same")
conv("causal", [7], 2, 3, 3, padding="causal")
conv("causal, dilated", [9], 2, 2, 3, dilation=2, padding="causal")
conv("stride 2, valid", [10], 3, 2, 3, strides=2)
conv("stride 2, same, odd size", [9], 2, 2, 3, strides=2, padding="same")
conv("stride 2, same, even size", [8], 2, 2, 3, strides=2, padding="same")
conv("stride 2, causal", [9], 2, 2, 3, strides=2, padding="causal")
conv("stride 3 beyond the kernel", [11], 2, 2, 2, strides=3)
conv("dilation 2, same", [9], 2, 3, 3, dilation=2, padding="same")
conv("dilation 3, valid", [11], 1, 2, 3, dilation=3)
conv("groups", [7], 4, 6, 3, groups=2)
conv("relu, no bias", [7], 2, 3, 3, activation="relu", bias=False)
conv("kernel 1", [5], 3, 4, 1)

conv("valid", [6, 5], 2, 3, 3)
conv("same", [5, 6], 2, 3, 3, padding="same")
conv("same, rectangular even kernel", [5, 6], 2, 2, [4, 2], padding="same")
conv("rectangular kernel and strides", [7, 8], 2, 2, [3, 2], strides=[2, 3])
conv("stride 2, same, odd size", [7, 5], 2, 2, 3, strides=2, padding="same")
conv("stride 2, same, even size", [6, 8], 1, 2, 3, strides=2, padding="same")
conv("stride 2, kernel 5, same", [7, 7], 1, 2, 5, strides=2, padding="same")
conv("dilation 2, valid", [7, 7], 1, 2, 3, dilation=2)
conv("dilation [1, 2], same", [5, 6], 2, 2, 3, dilation=[1, 2], padding="same")
conv("groups", [5, 5], 4, 4, 3, groups=2)
conv("depthwise", [5, 5], 3, 3, 3, groups=3, padding="same")
conv("relu", [5, 5], 1, 4, 3, activation="relu")
conv("gelu, no bias, batch 1", [4, 4], 3, 2, 3, activation="gelu", bias=False, batch=1)
conv("kernel 1 (a product over channels)", [3, 4], 5, 3, 1)

# --- pooling ----------------------------------------------------------------------------------------------------------------------

def pool(kind, sizes, channels, size, strides=None, padding="valid", batch=2):
    rank = len(sizes)
    every = lambda v: [v] * rank if isinstance(v, int) else v  # noqa: E731
    window, steps = every(size), every(size if strides is None else strides)
    options = {"poolSize": size}
    if strides is not None:
        options["strides"] = strides
    if padding != "valid":
        options["padding"] = padding

    def call(inputs, _):
        x = first(inputs[0])
        pads = [same_padding(*a) for a in zip(x.shape[2:], window, steps)] if padding == "same" else [(0, 0)] * rank
        if kind == "max":
            function = F.max_pool1d if rank == 1 else F.max_pool2d
            return last(function(pad_spatial(x, pads, -torch.inf), tuple(window), tuple(steps)))
        function = F.avg_pool1d if rank == 1 else F.avg_pool2d
        total = function(pad_spatial(x, pads), tuple(window), tuple(steps))
        share = function(pad_spatial(torch.ones_like(x), pads), tuple(window), tuple(steps))
        return last(total / share)  # padding is not counted

    title = f"size {size}, strides {steps if strides is not None else 'as size'}, {padding}, {sizes}"
    case(f"{kind}Pooling{rank}d", title, options, [draw.distinct(batch, *sizes, channels)], call)


for kind in ("max", "average"):
    pool(kind, [8], 3, 2)
    pool(kind, [9], 2, 2)
    pool(kind, [9], 2, 3, 2)
    pool(kind, [9], 2, 3, 1, "same")
    pool(kind, [8], 2, 3, 2, "same")
    pool(kind, [7], 2, 2, None, "same")
    pool(kind, [6, 4], 2, 2)
    pool(kind, [7, 5], 2, 2)
    pool(kind, [7, 5], 2, [3, 2], [2, 1])
    pool(kind, [5, 6], 2, 3, 2, "same")
    pool(kind, [5, 5], 2, 2, None, "same")
    pool(kind, [4, 5], 2, 3, 1, "same")

for rank, sizes in ((1, [5]), (2, [3, 4])):
    axes = tuple(range(1, rank + 1))
    case(f"globalMaxPooling{rank}d", str(sizes), {}, [draw.distinct(2, *sizes, 3)], lambda i, _: torch.amax(i[0], axes))
    case(f"globalAveragePooling{rank}d", str(sizes), {}, [draw.normal(2, *sizes, 3)], lambda i, _: i[0].mean(axes))
    kept = {"keepdims": True}
    case(f"globalMaxPooling{rank}d", "keepdims", kept, [draw.distinct(2, *sizes, 2)], lambda i, _: torch.amax(i[0], axes, keepdim=True))
    case(f"globalAveragePooling{rank}d", "keepdims", kept, [draw.normal(2, *sizes, 2)], lambda i, _: i[0].mean(axes, keepdim=True))

# --- batch normalization ----------------------------------------------------------------------------------------------------------

def batch_normalization(title, shape, training, momentum=0.99, epsilon=1e-3, center=True, scale=True, offset=0.0, axis=-1):
    channels = shape[axis]
    options = {} if axis == -1 else {"axis": axis}
    if momentum != 0.99:
        options["momentum"] = momentum
    if epsilon != 1e-3:
        options["epsilon"] = epsilon
    if not center:
        options["center"] = False
    if not scale:
        options["scale"] = False
    weights = {}
    if scale:
        weights["gamma"] = draw.positive(channels)
    if center:
        weights["beta"] = draw.normal(channels)
    state = {"movingMean": draw.normal(channels, scale=0.5), "movingVariance": draw.positive(channels)}

    def call(inputs, w):
        y = F.batch_norm(
            inputs[0].movedim(axis, 1), w["movingMean"].clone(), w["movingVariance"].clone(), w.get("gamma"), w.get("beta"), training, 0.5, epsilon
        )
        return y.movedim(1, axis)

    def updates(inputs):
        axes = tuple(a for a in range(len(shape)) if a != axis % len(shape))
        mean, variance = inputs[0].mean(axes), inputs[0].var(axes, correction=0)
        return {
            "movingMean": momentum * torch.tensor(state["movingMean"]) + (1 - momentum) * mean,
            "movingVariance": momentum * torch.tensor(state["movingVariance"]) + (1 - momentum) * variance,
        }

    x = draw.normal(*shape) + offset
    case("batchNormalization", title, options, [x], call, weights, training, state, updates if training else None)


batch_normalization("training, matrix", [6, 4], True)
batch_normalization("training, images", [2, 3, 4, 3], True)
batch_normalization("training, sequence", [2, 5, 3], True)
batch_normalization("training, momentum and epsilon", [5, 3], True, momentum=0.9, epsilon=1e-5)
batch_normalization("training, neither scale nor center", [5, 3], True, center=False, scale=False)
batch_normalization("training, a mean far from zero", [8, 2], True, offset=64.0)
batch_normalization("training, channels first", [3, 2, 4], True, axis=1)
batch_normalization("inference, matrix", [6, 4], False)
batch_normalization("inference, images", [2, 3, 4, 3], False)
batch_normalization("inference, epsilon", [4, 3], False, epsilon=0.25)

# --- shapes, merging, activation --------------------------------------------------------------------------------------------------

case("flatten", "images", {}, [draw.normal(2, 2, 3, 2)], lambda i, _: i[0].flatten(1))
case("flatten", "already flat", {}, [draw.normal(2, 3)], lambda i, _: i[0].flatten(1))
case("reshape", "to images", {"targetShape": [2, 3, 1]}, [draw.normal(2, 6)], lambda i, _: i[0].reshape(2, 2, 3, 1))
case("reshape", "with one axis inferred", {"targetShape": [3, -1]}, [draw.normal(2, 2, 6)], lambda i, _: i[0].reshape(2, 3, 4))
case("add", "two", {}, [draw.normal(2, 3), draw.normal(2, 3)], lambda i, _: i[0] + i[1])
case("add", "three images", {}, [draw.normal(2, 2, 2, 2) for _ in range(3)], lambda i, _: i[0] + i[1] + i[2])
case("add", "one row for all pixels", {}, [draw.normal(2, 2, 3, 2), draw.normal(2, 1, 1, 2)], lambda i, _: i[0] + i[1])
case("concatenate", "last axis", {}, [draw.normal(2, 3), draw.normal(2, 4)], lambda i, _: torch.cat(i, -1))
case("concatenate", "channels of images", {}, [draw.normal(2, 2, 3, n) for n in (1, 2, 3)], lambda i, _: torch.cat(i, -1))
case("concatenate", "axis 1", {"axis": 1}, [draw.normal(2, 2, 3), draw.normal(2, 1, 3)], lambda i, _: torch.cat(i, 1))
case("dropout", "inference changes nothing", {"rate": 0.5}, [draw.normal(3, 4)], lambda i, _: i[0] * 1.0)
case("dropout", "rate 0 in training changes nothing", {"rate": 0}, [draw.normal(3, 4)], lambda i, _: i[0] * 1.0, training=True)
for activation in ACTIVATIONS:
    call = lambda i, _, f=ACTIVATIONS[activation]: f(i[0])  # noqa: E731
    case("activation", activation, {"activation": activation}, [draw.normal(2, 2, 3, scale=2)], call)

# --- activations by themselves: the whole range ------------------------------------------------------------------------------------

KINKED_AT_ZERO = {"leakyRelu", "selu", "elu"}  # (elu: its second derivative); for relu and relu6 PyTorch, TensorFlow and JAX agree on slope 0 there
VARIANTS = [(name, {}, f) for name, f in ACTIVATIONS.items()] + [
    ("leakyRelu", {"negativeSlope": 0.01}, F.leaky_relu),  # PyTorch's default slope; Keras's is 0.2 (0.3 in Keras 2)
    ("elu", {"alpha": 0.5}, lambda x: F.elu(x, 0.5)),
    ("gelu", {"approximate": True}, lambda x: F.gelu(x, approximate="tanh")),
]
for name, options, function in VARIANTS:
    values = ROWS if name in ("softmax", "logSoftmax") else np.clip(WIDE, -80, 20) if name == "exponential" else WIDE
    if values.ndim == 1 and not (name in KINKED_AT_ZERO or "alpha" in options):
        values = np.append(values, 0.0)
    layers.activation(name, options, function, values)

write(
    "layers",
    {"by": f"make_layers.py, PyTorch {torch.__version__}, float64", "gradient": "of sum(output * cotangent)", "secondGradient": "of sum(gradient * cotangent)"},
    cases=cases,
    activations=layers.activations,
)

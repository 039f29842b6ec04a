"""Golden numbers of whole trainings: python3 test/golden/make_training.py (PyTorch 2.13 CPU, float64).

Small networks trained from given weights on given batches, in order, the last batch smaller than the others: layers, loss, gradients,
optimizer, moving statistics and the loop's sums together. Per case: all weights after the last epoch; the training loss of every epoch
(the mean over its samples, each measured just before its batch's update); then, in inference mode, the loss and the predictions.
With sample weights the loss of a batch is sum(weight * loss) / batch, as in Keras.
Names, layouts and formulas are Keras's, as in make_layers.py; moving variances are biased ones.
"""

import torch
import torch.nn.functional as F

from golden import Draw, array, exact, number, write

draw = Draw(20260105)
cases = []


class Net:
    """Weights by path, and what one forward pass leaves of moving statistics."""

    def __init__(self, dtype):
        self.dtype = dtype
        self.weights, self.moving = {}, {}

    def load(self, given):
        for path, value in given.items():
            tensor = torch.tensor(value, dtype=self.dtype)
            if "/moving" in path:
                self.moving[path] = tensor
            else:
                self.weights[path] = tensor.requires_grad_(True)

    def dense(self, name, x):
        return x @ self.weights[f"{name}/kernel"] + self.weights[f"{name}/bias"]

    def conv(self, name, x, pads):
        kernel = self.weights[f"{name}/kernel"].movedim((-1, -2), (0, 1))
        flat = [p for pair in reversed(pads) for p in pair]
        convolve = F.conv1d if x.ndim == 3 else F.conv2d
        return convolve(F.pad(x.movedim(-1, 1), flat), kernel, self.weights[f"{name}/bias"]).movedim(1, -1)

    def batch_normalization(self, name, x, training, momentum, epsilon=1e-3):
        mean, variance = self.moving[f"{name}/movingMean"], self.moving[f"{name}/movingVariance"]
        if training:
            axes = tuple(range(x.ndim - 1))
            batch_mean, batch_variance = x.mean(axes), x.var(axes, correction=0)
            self.moving[f"{name}/movingMean"] = (momentum * mean + (1 - momentum) * batch_mean).detach()
            self.moving[f"{name}/movingVariance"] = (momentum * variance + (1 - momentum) * batch_variance).detach()
            mean, variance = batch_mean, batch_variance
        return (x - mean) / torch.sqrt(variance + epsilon) * self.weights[f"{name}/gamma"] + self.weights[f"{name}/beta"]


def normalization(name, channels):
    return {
        f"{name}/gamma": draw.positive(channels, low=0.5, high=1.5),
        f"{name}/beta": draw.normal(channels, scale=0.25),
        f"{name}/movingMean": draw.normal(channels, scale=0.25),
        f"{name}/movingVariance": draw.positive(channels, low=0.5, high=1.5),
    }


def affine(name, *kernel):
    return {f"{name}/kernel": draw.normal(*kernel, scale=0.4), f"{name}/bias": draw.normal(kernel[-1], scale=0.2)}


def train(dtype, weights, forward, loss, make, x, y, batch, epochs, sample_weight, valid):
    net = Net(dtype)
    net.load(weights)
    x, y = torch.tensor(x, dtype=dtype), torch.tensor(y, dtype=dtype)
    w = torch.ones(len(x), dtype=dtype) if sample_weight is None else torch.tensor(sample_weight, dtype=dtype)
    optimizer = make(list(net.weights.values()))
    counted = torch.ones(len(x), dtype=dtype) if valid is None else valid(x)  # [batch] or [batch, places]
    whole = lambda losses, part: (losses * counted[part]).reshape(len(losses), -1).sum(1) / counted[part].sum()  # noqa: E731
    epoch_losses = []
    for _ in range(epochs):
        total = 0.0
        for start in range(0, len(x), batch):
            part = slice(start, start + batch)
            optimizer.zero_grad()
            batch_loss = (whole(loss(forward(net, x[part], True), y[part]), part) * w[part]).sum()
            batch_loss.backward()
            optimizer.step()
            total += batch_loss.item() * counted[part].sum().item()
        epoch_losses.append(total / counted.sum().item())
    with torch.no_grad():
        predictions = forward(net, x, False)
        evaluated = whole(loss(predictions, y), slice(None)).sum().item()
    return {**net.weights, **net.moving}, epoch_losses, evaluated, predictions


def case(name, layers, optimizer, loss_config, metrics, weights, forward, loss, make, x, y, batch, epochs, predict, sample_weight=None, valid=None):
    run = lambda dtype: train(dtype, weights, forward, loss, make, x, y, batch, epochs, sample_weight, valid)  # noqa: E731
    after, losses, evaluated, predictions = run(torch.float64)
    single, _, _, _ = run(torch.float32)
    error = max(((single[k].double() - v).abs() / v.abs().clamp_min(0.1)).max().item() for k, v in after.items())
    moved = max((v.detach() - torch.tensor(weights[k])).abs().max().item() for k, v in after.items())
    print(f"{name:30} loss {losses[0]:.4f} -> {losses[-1]:.4f}, weights moved by {moved:.2f}, float32 error {error:.1e}")
    assert error < 4e-6 and losses[-1] < losses[0]
    cases.append(
        {
            "name": name,
            "layers": layers,
            "optimizer": optimizer,
            "loss": loss_config,
            "batchSize": batch,
            "epochs": epochs,
            "x": exact(x),
            "y": exact(y),
            **({} if sample_weight is None else {"sampleWeight": exact(sample_weight)}),
            "before": {k: exact(v) for k, v in weights.items()},
            "after": {k: array(v) for k, v in after.items()},
            "losses": [number(v) for v in losses],
            "evaluated": {"loss": number(evaluated), **{k: number(f(predictions).item()) for k, f in metrics.items()}},
            "predictions": array(predict(predictions)),
        }
    )


O = torch.optim  # noqa: E741

# A classifier of rows.
x, y = draw.normal(22, 6), draw.integers(0, 3, 22)
x[:, 0] += y
case(
    "a classifier",
    [
        {"kind": "dense", "units": 8, "activation": "tanh", "inputShape": [6]},
        {"kind": "batchNormalization", "momentum": 0.9},
        {"kind": "dense", "units": 5, "activation": "gelu"},
        {"kind": "dense", "units": 3, "activation": "softmax"},
    ],
    {"kind": "adam", "learningRate": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
    {"kind": "sparseCategoricalCrossentropy"},
    {"accuracy": lambda z: (z.argmax(1) == torch.tensor(y)).double().mean()},
    {**affine("dense_1", 6, 8), **normalization("batchNormalization_1", 8), **affine("dense_2", 8, 5), **affine("dense_3", 5, 3)},
    lambda net, x, training: net.dense(
        "dense_3", F.gelu(net.dense("dense_2", net.batch_normalization("batchNormalization_1", torch.tanh(net.dense("dense_1", x)), training, 0.9)))
    ),
    lambda z, y: F.cross_entropy(z, y.long(), reduction="none"),
    lambda p: O.Adam(p, lr=0.01),
    x, y, 8, 10, lambda z: F.softmax(z, 1),
)  # fmt: skip

# A network for images.
x = draw.normal(10, 7, 6, 2, step=16)
y = x[:, 1:5, 1:5].mean((1, 2, 3)).reshape(10, 1) * 4
y = (y * 64).round() / 64
case(
    "a convolutional network",
    [
        {"kind": "conv2d", "filters": 4, "kernelSize": 3, "padding": "same", "activation": "silu", "inputShape": [7, 6, 2]},
        {"kind": "maxPooling2d"},
        {"kind": "conv2d", "filters": 3, "kernelSize": [2, 3], "activation": "elu"},
        {"kind": "flatten"},
        {"kind": "dense", "units": 1},
    ],
    {"kind": "nesterov", "learningRate": 0.01, "momentum": 0.9},
    {"kind": "meanSquaredError"},
    {},
    {**affine("conv2d_1", 3, 3, 2, 4), **affine("conv2d_2", 2, 3, 4, 3), **affine("dense_1", 6, 1)},
    lambda net, x, training: net.dense(
        "dense_1",
        F.elu(
            net.conv(
                "conv2d_2",
                F.max_pool2d(F.silu(net.conv("conv2d_1", x, [(1, 1), (1, 1)])).movedim(-1, 1), 2).movedim(1, -1),
                [(0, 0), (0, 0)],
            )
        ).flatten(1),
    ),
    lambda z, y: F.mse_loss(z, y, reduction="none").mean(1),
    lambda p: O.SGD(p, lr=0.01, momentum=0.9, nesterov=True),
    x, y, 4, 8, lambda z: z,
)  # fmt: skip

# A network for sequences, with sample weights.
x, y = draw.normal(13, 8, 3, step=16), draw.integers(0, 2, 13).reshape(13, 1)
x[:, :, 0] += y * 0.5
case(
    "a sequence classifier",
    [
        {"kind": "conv1d", "filters": 4, "kernelSize": 3, "padding": "causal", "activation": "softplus", "inputShape": [8, 3]},
        {"kind": "batchNormalization"},
        {"kind": "globalAveragePooling1d"},
        {"kind": "dense", "units": 1, "activation": "sigmoid"},
    ],
    {"kind": "rmsprop", "learningRate": 0.002, "rho": 0.9, "epsilon": 1e-7},
    {"kind": "binaryCrossentropy"},
    {"accuracy": lambda z: ((z > 0) == (torch.tensor(y) == 1)).double().mean()},
    {**affine("conv1d_1", 3, 3, 4), **normalization("batchNormalization_1", 4), **affine("dense_1", 4, 1)},
    lambda net, x, training: net.dense(
        "dense_1", net.batch_normalization("batchNormalization_1", F.softplus(net.conv("conv1d_1", x, [(2, 0)])), training, 0.99).mean(1)
    ),
    lambda z, y: F.binary_cross_entropy_with_logits(z, y, reduction="none").mean(1),
    lambda p: O.RMSprop(p, lr=0.002, alpha=0.9, eps=1e-7),
    x, y, 5, 10, torch.sigmoid, draw.positive(13),
)  # fmt: skip

# Full-batch gradient descent, no smaller batches at all.
x = draw.normal(9, 3)
y = (x @ [[0.5], [-1.0], [2.0]]) + 0.25
case(
    "a line by gradient descent",
    [{"kind": "dense", "units": 1, "inputShape": [3]}],
    {"kind": "gradientDescent", "learningRate": 0.1},
    {"kind": "huber", "delta": 2},
    {},
    affine("dense_1", 3, 1),
    lambda net, x, training: net.dense("dense_1", x),
    lambda z, y: F.huber_loss(z, y, reduction="none", delta=2.0).mean(1),
    lambda p: O.SGD(p, lr=0.1),
    x, y, 9, 50, lambda z: z,
)  # fmt: skip

# Weights that two layers use: their gradients are added up.
def tied(name, *shape):
    return {name: draw.normal(*shape, scale=0.4)}


x = draw.integers(0, 5, 11, 4)
y = (x * 2 + 1) % 5
case(
    "the words' vectors as the output's kernel",
    [
        {"kind": "embedding", "inputDim": 5, "outputDim": 3, "inputShape": [4]},
        {"kind": "dense", "units": 3, "activation": "tanh"},
        {
            "kind": "dense", "units": 5, "activation": "softmax",
            "ties": {"kernel": {"layer": "embedding_1", "weight": "embeddings", "transpose": True}},
        },
    ],
    {"kind": "adam", "learningRate": 0.02, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
    {"kind": "sparseCategoricalCrossentropy"},
    {"accuracy": lambda z: (z.argmax(-1) == torch.tensor(y)).double().mean()},
    {**tied("embedding_1/embeddings", 5, 3), **affine("dense_1", 3, 3), "dense_2/bias": draw.normal(5, scale=0.2)},
    lambda net, x, training: torch.tanh(net.dense("dense_1", F.embedding(x.long(), net.weights["embedding_1/embeddings"])))
    @ net.weights["embedding_1/embeddings"].T + net.weights["dense_2/bias"],
    lambda z, y: F.cross_entropy(z.movedim(-1, 1), y.long(), reduction="none").mean(1),
    lambda p: O.Adam(p, lr=0.02),
    x, y, 4, 10, lambda z: F.softmax(z, -1),
)  # fmt: skip

x = draw.normal(10, 6)
case(
    "an autoencoder of one kernel",
    [
        {"kind": "dense", "units": 4, "activation": "tanh", "inputShape": [6]},
        {"kind": "dense", "units": 6, "ties": {"kernel": {"layer": "dense_1", "transpose": True}}},
    ],
    {"kind": "momentum", "learningRate": 0.05, "momentum": 0.9},
    {"kind": "meanSquaredError"},
    {},
    {**affine("dense_1", 6, 4), "dense_2/bias": draw.normal(6, scale=0.2)},
    lambda net, x, training: torch.tanh(net.dense("dense_1", x)) @ net.weights["dense_1/kernel"].T + net.weights["dense_2/bias"],
    lambda z, y: F.mse_loss(z, y, reduction="none").mean(1),
    lambda p: O.SGD(p, lr=0.05, momentum=0.9),
    x, x, 4, 10, lambda z: z,
)  # fmt: skip

x = draw.normal(6, 7, 5, 2, step=16)


def convolved_and_back(net, x, training):
    kernel = net.weights["conv2d_1/kernel"].permute(3, 2, 0, 1)
    hidden = F.elu(F.conv2d(x.movedim(-1, 1), kernel, net.weights["conv2d_1/bias"], stride=2))
    return F.conv_transpose2d(hidden, kernel, net.weights["conv2dTranspose_1/bias"], stride=2).movedim(1, -1)


case(
    "a convolution and its adjoint of one kernel",
    [
        {"kind": "conv2d", "filters": 3, "kernelSize": 3, "strides": 2, "activation": "elu", "inputShape": [7, 5, 2]},
        {"kind": "conv2dTranspose", "filters": 2, "kernelSize": 3, "strides": 2, "ties": {"kernel": {"layer": "conv2d_1"}}},
    ],
    {"kind": "adam", "learningRate": 0.02, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
    {"kind": "meanSquaredError"},
    {},
    {**affine("conv2d_1", 3, 3, 2, 3), "conv2dTranspose_1/bias": draw.normal(2, scale=0.2)},
    convolved_and_back,
    lambda z, y: F.mse_loss(z, y, reduction="none").mean((1, 2, 3)),
    lambda p: O.Adam(p, lr=0.02),
    x, x, 4, 8, lambda z: z,
)  # fmt: skip

# Padded sequences, with sample weights: what is padded counts neither in losses nor in metrics.
x = draw.integers(1, 5, 11, 4)
y = (x * 2) % 5
for row, length in enumerate([4, 2, 3, 1, 4, 2, 1, 3, 2, 4, 1]):
    x[row, length:] = 0
seen = torch.tensor(x) != 0
case(
    "words with padding",
    [
        {"kind": "embedding", "inputDim": 5, "outputDim": 3, "maskZero": True, "inputShape": [4]},
        {"kind": "dense", "units": 4, "activation": "tanh"},
        {"kind": "dense", "units": 5, "activation": "softmax"},
    ],
    {"kind": "adam", "learningRate": 0.02, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
    {"kind": "sparseCategoricalCrossentropy"},
    {"accuracy": lambda z: (z.argmax(-1) == torch.tensor(y))[seen].double().mean()},
    {**tied("embedding_1/embeddings", 5, 3), **affine("dense_1", 3, 4), **affine("dense_2", 4, 5)},
    lambda net, x, training: net.dense("dense_2", torch.tanh(net.dense("dense_1", F.embedding(x.long(), net.weights["embedding_1/embeddings"])))),
    lambda z, y: F.cross_entropy(z.movedim(-1, 1), y.long(), reduction="none"),
    lambda p: O.Adam(p, lr=0.02),
    x, y, 4, 10, lambda z: F.softmax(z, -1), draw.positive(11), lambda x: (x != 0).to(x.dtype),
)  # fmt: skip

write("training", {"by": f"make_training.py, PyTorch {torch.__version__}, float64"}, cases=cases)

"""Golden numbers of descent/architectures: architectures.json. Run as python3 make_architectures.py (PyTorch 2.13 CPU, float64).

Every network is defined here as a PyTorch module, ResNets, VGG and MobileNetV2 as torchvision has them and with its names. Per case:
`parameters`, the trained weights of the network with its default options (counted on the "meta" device, without memory), and for a small
one of the same code with `options`: what it answers in inference mode, its mean cross-entropy (or what `loss` says) in training mode,
and the norm of every weight's gradient.

Weights and images are not written down: both sides draw them from the same counter, `draw` here and in architectures.test.ts.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from golden import array, number, write


def draw(name, shape):
    """Numbers in [0, 1), multiples of 1/4096, by the name and the place: the finalizer of MurmurHash3."""
    seed = 0
    for c in name:
        seed = (seed * 31 + ord(c)) % 2**32
    with np.errstate(over="ignore"):
        v = np.arange(math.prod(shape), dtype=np.uint32) * np.uint32(0x9E3779B1) + np.uint32(seed)
        v = (v ^ (v >> np.uint32(16))) * np.uint32(0x85EBCA6B)
        v = (v ^ (v >> np.uint32(13))) * np.uint32(0xC2B2AE35)
        v ^= v >> np.uint32(16)
    return ((v >> np.uint32(20)).astype(np.float64) / 4096).reshape(shape)


def value(path, shape):
    """A weight in Descent's layout: kernels in proportion to sqrt(6 / fan in), deviations around 1, all else around 0."""
    u = draw(path, shape)
    name = path.split("/")[-1]
    if name == "kernel":
        fan = math.prod(shape[:2]) if len(shape) == 4 and shape[3] == 1 else math.prod(shape[:-1])
        return np.round((2 * u - 1) * math.sqrt(6 / fan) * 4096) / 4096
    return 0.5 + u if name in ("gamma", "movingVariance") else (u - 0.5) / 2


# ---- the networks


Bn = nn.BatchNorm2d


class BasicBlock(nn.Module):
    def __init__(self, inputs, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, 1, bias=False)
        self.bn1 = Bn(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = Bn(channels)
        self.downsample = None
        if stride != 1 or inputs != channels:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, channels, 1, stride, bias=False), Bn(channels))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    def __init__(self, inputs, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, channels, 1, bias=False)
        self.bn1 = Bn(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride, 1, bias=False)
        self.bn2 = Bn(channels)
        self.conv3 = nn.Conv2d(channels, 4 * channels, 1, bias=False)
        self.bn3 = Bn(4 * channels)
        self.downsample = None
        if stride != 1 or inputs != 4 * channels:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, 4 * channels, 1, stride, bias=False), Bn(4 * channels))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn3(self.conv3(F.relu(self.bn2(self.conv2(y)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class Resnet(nn.Module):
    def __init__(self, block, blocks, expansion, width=64, classes=1000):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = Bn(width)
        inputs = width
        for stage, count in enumerate(blocks):
            parts = []
            for i in range(count):
                parts.append(block(inputs, width * 2**stage, 2 if stage and not i else 1))
                inputs = width * 2**stage * expansion
            setattr(self, f"layer{stage + 1}", nn.Sequential(*parts))
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


class CifarBlock(nn.Module):
    """Option A, as in https://github.com/akamaster/pytorch_resnet_cifar10."""

    def __init__(self, inputs, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, 1, bias=False)
        self.bn1 = Bn(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = Bn(channels)
        self.stride, self.new = stride, channels - inputs

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.stride > 1:
            before = self.new // 2
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, before, self.new - before))
        return F.relu(y + x)


class ResnetCifar(nn.Module):
    def __init__(self, depth=20, width=16, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, 1, 1, bias=False)
        self.bn1 = Bn(width)
        inputs = width
        for stage in range(3):
            parts = []
            for i in range((depth - 2) // 6):
                parts.append(CifarBlock(inputs, width * 2**stage, 2 if stage and not i else 1))
                inputs = width * 2**stage
            setattr(self, f"layer{stage + 1}", nn.Sequential(*parts))
        self.linear = nn.Linear(inputs, classes)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x))))))
        return self.linear(x.mean((2, 3)))


class ChannelsLast(nn.Module):
    """Flattens as Descent does: pixel by pixel."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)


class Vgg(nn.Module):
    def __init__(self, stages, width=64, hidden=4096, classes=1000, bn=False):
        super().__init__()
        parts, inputs = [], 3
        for stage, count in enumerate(stages):
            for _ in range(count):
                filters = width * min(8, 2**stage)
                parts += [nn.Conv2d(inputs, filters, 3, 1, 1), *([Bn(filters)] if bn else []), nn.ReLU()]
                inputs = filters
            parts.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*parts)
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(7), ChannelsLast())
        self.classifier = nn.Sequential(
            nn.Linear(inputs * 49, hidden), nn.ReLU(), nn.Identity(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Identity(), nn.Linear(hidden, classes)
        )

    def forward(self, x):
        return self.classifier(self.pool(self.features(x)))


def divisible(v):
    new = max(8, int(v + 4) // 8 * 8)
    return new + 8 if new < 0.9 * v else new


def conv_bn(inputs, outputs, kernel, stride=1, groups=1):
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False), Bn(outputs), nn.ReLU6())


class InvertedResidual(nn.Module):
    def __init__(self, inputs, outputs, stride, expansion):
        super().__init__()
        hidden = inputs * expansion
        parts = [conv_bn(inputs, hidden, 1)] if expansion != 1 else []
        parts += [conv_bn(hidden, hidden, 3, stride, hidden), nn.Conv2d(hidden, outputs, 1, bias=False), Bn(outputs)]
        self.conv = nn.Sequential(*parts)
        self.sum = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.conv(x) if self.sum else self.conv(x)


class MobilenetV2(nn.Module):
    def __init__(self, alpha=1.0, classes=1000):
        super().__init__()
        inputs = divisible(32 * alpha)
        parts = [conv_bn(3, inputs, 3, 2)]
        for t, c, n, s in [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]:
            outputs = divisible(c * alpha)
            for i in range(n):
                parts.append(InvertedResidual(inputs, outputs, 1 if i else s, t))
                inputs = outputs
        last = divisible(1280 * max(1.0, alpha))
        self.features = nn.Sequential(*parts, conv_bn(inputs, last, 1))
        self.classifier = nn.Sequential(nn.Identity(), nn.Linear(last, classes))

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


class Lenet5(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.c1, self.c3 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.c5, self.f6, self.output = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, classes)

    def forward(self, x):
        x = F.avg_pool2d(torch.tanh(self.c1(x)), 2)
        x = F.avg_pool2d(torch.tanh(self.c3(x)), 2)
        x = torch.tanh(self.c5(ChannelsLast()(x)))
        return self.output(torch.tanh(self.f6(x)))


class Unet(nn.Module):
    def __init__(self, channels=1, classes=1, width=64, depth=4, bn=False):
        super().__init__()
        self.depth, self.bn = depth, bn
        stage = lambda inputs, outputs: nn.ModuleDict(
            {
                "conv1": nn.Conv2d(inputs, outputs, 3, 1, 1, bias=not bn),
                "conv2": nn.Conv2d(outputs, outputs, 3, 1, 1, bias=not bn),
                **({"bn1": Bn(outputs), "bn2": Bn(outputs)} if bn else {}),
            }
        )
        for level in range(depth + 1):
            wide = width * 2**level
            setattr(self, f"down{level}", stage(wide // 2 if level else channels, wide))
            if level < depth:
                setattr(self, f"up{level}", nn.ConvTranspose2d(2 * wide, wide, 2, 2))
                setattr(self, f"merge{level}", stage(2 * wide, wide))
        self.output = nn.Conv2d(width, classes, 1)

    def twice(self, stage, x):
        for i in "12":
            x = stage[f"conv{i}"](x)
            x = F.relu(stage[f"bn{i}"](x) if self.bn else x)
        return x

    def forward(self, x):
        passed = []
        for level in range(self.depth + 1):
            x = self.twice(getattr(self, f"down{level}"), F.max_pool2d(x, 2) if level else x)
            passed.append(x)
        for level in reversed(range(self.depth)):
            x = torch.cat([passed[level], getattr(self, f"up{level}")(x)], 1)
            x = self.twice(getattr(self, f"merge{level}"), x)
        return self.output(x).permute(0, 2, 3, 1)


class Mixer(nn.Module):
    def __init__(self, size=224, patch=16, width=512, blocks=8, tokens=256, channels=2048, classes=1000):
        super().__init__()
        self.stem = nn.Conv2d(3, width, patch, patch)
        mlp = lambda size, hidden: nn.ModuleDict({"fc1": nn.Linear(size, hidden), "fc2": nn.Linear(hidden, size)})
        norm = lambda: nn.LayerNorm(width, eps=1e-6)
        patches = (size // patch) ** 2
        self.blocks = nn.ModuleList(
            nn.ModuleDict({"norm1": norm(), "tokens": mlp(patches, tokens), "norm2": norm(), "channels": mlp(width, channels)}) for _ in range(blocks)
        )
        self.norm, self.head = norm(), nn.Linear(width, classes)

    def forward(self, x):
        mlp = lambda part, x: part["fc2"](F.gelu(part["fc1"](x)))
        x = self.stem(x).flatten(2).transpose(1, 2)
        for block in self.blocks:
            x = x + mlp(block["tokens"], block["norm1"](x).transpose(1, 2)).transpose(1, 2)
            x = x + mlp(block["channels"], block["norm2"](x))
        return self.head(self.norm(x).mean(1))


class Autoencoder(nn.Module):
    """Layers are called as in Descent's models "encoder" and "decoder"."""

    def __init__(self, size=784, units=(1000, 500, 250), code=30):
        super().__init__()
        sizes = [size, *units]
        self.encoder = nn.ModuleDict({f"dense_{i + 1}": nn.Linear(a, b) for i, (a, b) in enumerate(zip(sizes, units))})
        self.encoder["code"] = nn.Linear(sizes[-1], code)
        back = [code, *reversed(sizes)]
        self.decoder = nn.ModuleDict({f"dense_{i + 1}": nn.Linear(a, b) for i, (a, b) in enumerate(zip(back, back[1:]))})

    def hidden(self, x):
        for name, layer in self.encoder.items():
            if name.startswith("dense"):
                x = F.relu(layer(x))
        return x

    def decode(self, x):
        *hidden, last = self.decoder.values()
        for layer in hidden:
            x = F.relu(layer(x))
        return last(x)

    def forward(self, x):
        x = ChannelsLast()(x)
        return self.decode(self.encoder["code"](self.hidden(x)))


class Vae(Autoencoder):
    """Without noise: the mean is decoded; `divergence` is what PyTorch's distributions say."""

    def __init__(self, size=784, units=(400,), code=20):
        super().__init__(size, units, code)
        del self.encoder["code"]
        self.encoder["mean"], self.encoder["logVariance"] = nn.Linear(units[-1], code), nn.Linear(units[-1], code)

    def forward(self, x):
        hidden = self.hidden(ChannelsLast()(x))
        mean, log_variance = self.encoder["mean"](hidden), self.encoder["logVariance"](hidden)
        normal = torch.distributions.Normal
        self.divergence = torch.distributions.kl_divergence(normal(mean, (log_variance / 2).exp()), normal(0.0, 1.0)).sum(1).mean()
        return self.decode(mean)


# ---- the cases

BATCH_NORM = {"weight": "gamma", "bias": "beta", "running_mean": "movingMean", "running_var": "movingVariance"}


def path_of(module, name):
    """Descent's path of a module's tensor."""
    *parts, last = name.split(".")
    owner = module.get_submodule(".".join(parts))
    kind = BATCH_NORM if isinstance(owner, (nn.BatchNorm2d, nn.LayerNorm)) else {"weight": "kernel", "bias": "bias"}
    nested = parts[0] in ("encoder", "decoder")
    return f"{'/'.join(parts) if nested else '.'.join(parts)}/{kind[last]}"


def ours(module, name, tensor):
    """A tensor in Descent's layout."""
    owner = module.get_submodule(name.rpartition(".")[0])
    if tensor.ndim == 4:
        return tensor.permute(2, 3, 0, 1) if getattr(owner, "groups", 1) > 1 else tensor.permute(2, 3, 1, 0)
    return tensor.T if tensor.ndim == 2 else tensor


def load(module):
    state = {name: tensor for name, tensor in module.state_dict().items() if not name.endswith("num_batches_tracked")}
    for name, tensor in state.items():
        view = ours(module, name, tensor)
        view.copy_(torch.tensor(value(path_of(module, name), tuple(view.shape))))


def count(module):
    return sum(p.numel() for p in module.parameters())


CASES = []


def case(factory, full, small, options, shape, classes=4, batch=4, loss="crossentropy"):
    """`full()` has the default options, `small()` those of `options`; `shape` is one image's, channels last."""
    with torch.device("meta"):
        parameters = count(full())
    module = small().double()
    with torch.no_grad():
        load(module)
    images = torch.tensor(draw("images", (batch, *shape)))
    x = images.permute(0, 3, 1, 2)
    module.eval()
    with torch.no_grad():
        output = module(x)
    module.train()
    scores = module(x)
    if loss == "crossentropy":
        value_ = F.cross_entropy(scores, torch.arange(batch) % classes)
    else:  # of logits, against the images (autoencoders) or the images' first channel, rounded
        target = images.round() if loss == "binary" else images[..., :1].round()
        per_sample = F.binary_cross_entropy_with_logits(scores.reshape(target.shape), target)
        value_ = per_sample + getattr(module, "divergence", 0)
    value_.backward()
    CASES.append(
        {
            "name": factory,
            "factory": factory,
            "parameters": parameters,
            "options": options,
            "batch": batch,
            "loss": loss,
            "output": array(output.reshape(batch, *shape) if loss == "binary" else output),
            "value": number(value_.item()),
            "gradients": {path_of(module, name): number(p.grad.norm().item()) for name, p in module.named_parameters()},
        }
    )


linear = {"classes": 4, "classifierActivation": "linear"}
case("lenet5", Lenet5, lambda: Lenet5(4), linear, (28, 28, 1))
basic = lambda **o: Resnet(BasicBlock, [2, 2, 2, 2], 1, **o)
case("resnet18", basic, lambda: basic(width=4, classes=4), {**linear, "width": 4, "inputShape": [33, 40, 3]}, (33, 40, 3))
deep = lambda block, expansion: lambda **o: Resnet(block, [3, 4, 6, 3], expansion, **o)
case("resnet50", deep(Bottleneck, 4), lambda: deep(Bottleneck, 4)(width=2, classes=4), {**linear, "width": 2, "inputShape": [64, 64, 3]}, (64, 64, 3))
case("resnetCifar", ResnetCifar, lambda: ResnetCifar(14, 4, 4), {**linear, "depth": 14, "width": 4, "inputShape": [16, 15, 3]}, (16, 15, 3))
options = {**linear, "width": 2, "hiddenUnits": 8, "dropout": 0, "batchNormalization": True, "inputShape": [32, 64, 3]}
case("vgg11", lambda: Vgg([1, 1, 2, 2, 2]), lambda: Vgg([1, 1, 2, 2, 2], 2, 8, 4, True), options, (32, 64, 3))
case("mobilenetV2", MobilenetV2, lambda: MobilenetV2(0.1, 4), {**linear, "alpha": 0.1, "dropout": 0, "inputShape": [35, 32, 3]}, (35, 32, 3))
options = {"activation": "linear", "width": 4, "depth": 2, "batchNormalization": True, "inputShape": [8, 12, 2]}
case("unet", Unet, lambda: Unet(2, 1, 4, 2, True), options, (8, 12, 2), loss="mask")
options = {**linear, "patchSize": 4, "width": 8, "blocks": 2, "tokenUnits": 6, "channelUnits": 10, "inputShape": [8, 8, 3]}
case("mlpMixer", Mixer, lambda: Mixer(8, 4, 8, 2, 6, 10, 4), options, (8, 8, 3))
options = {"inputShape": [4, 3, 2], "units": [9, 6], "codeSize": 3, "outputActivation": "linear"}
case("autoencoder", Autoencoder, lambda: Autoencoder(24, (9, 6), 3), options, (4, 3, 2), loss="binary")
case("vae", Vae, lambda: Vae(24, (9, 6), 3), options, (4, 3, 2), loss="binary")

COUNTS = [
    {"factory": "resnet34", "options": {}, "parameters": deep(BasicBlock, 1)},
    {"factory": "resnetCifar", "options": {"depth": 56}, "parameters": lambda: ResnetCifar(56)},
    {"factory": "vgg13", "options": {}, "parameters": lambda: Vgg([2, 2, 2, 2, 2])},
    {"factory": "vgg16", "options": {}, "parameters": lambda: Vgg([2, 2, 3, 3, 3])},
    {"factory": "vgg16", "options": {"batchNormalization": True}, "parameters": lambda: Vgg([2, 2, 3, 3, 3], bn=True)},
    {"factory": "vgg19", "options": {}, "parameters": lambda: Vgg([2, 2, 4, 4, 4])},
    {"factory": "mobilenetV2", "options": {"alpha": 1.4}, "parameters": lambda: MobilenetV2(1.4)},
    {"factory": "unet", "options": {"inputShape": [64, 64, 3], "batchNormalization": True}, "parameters": lambda: Unet(3, bn=True)},
    {"factory": "mlpMixer", "options": {"width": 768, "blocks": 12, "tokenUnits": 384, "channelUnits": 3072}, "parameters": lambda: Mixer(width=768, blocks=12, tokens=384, channels=3072)},
]
with torch.device("meta"):
    COUNTS = [{**each, "parameters": count(each["parameters"]())} for each in COUNTS]

write("architectures", "Networks of descent/architectures in PyTorch 2.13, float64; see make_architectures.py", cases=CASES, counts=COUNTS)

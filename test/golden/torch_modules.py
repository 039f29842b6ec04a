"""Modules of PyTorch with their weights in a safetensors file, and what they give: python3 torch_modules.py in test/golden.

PyTorch 2.13 (CPU, float64 for the outputs; the file holds float32, one tensor float16, one bfloat16). Needs the package safetensors 0.8, which
writes the file. Inputs and outputs are in our layouts, channels last.
"""

import json

import torch
from safetensors.torch import save_file
from torch import nn

torch.manual_seed(20261128)


def first(x):
    return x.movedim(-1, 1)


def last(x):
    return x.movedim(1, -1)


def spatial(module):
    return lambda x: last(module(first(x)))


MODULES = {
    "linear": (nn.Linear(4, 3), "dense", {"units": 3}, [4], None),
    "conv1": (nn.Conv1d(4, 6, 3, groups=2), "conv1d", {"filters": 6, "kernelSize": 3, "groups": 2}, [5, 4], spatial),
    "conv2": (nn.Conv2d(2, 3, (3, 2)), "conv2d", {"filters": 3, "kernelSize": [3, 2]}, [4, 3, 2], spatial),
    "conv3": (nn.Conv3d(1, 2, 2, bias=False), "conv3d", {"filters": 2, "kernelSize": 2, "useBias": False}, [2, 3, 2, 1], spatial),
    "up1": (nn.ConvTranspose1d(2, 3, 3), "conv1dTranspose", {"filters": 3, "kernelSize": 3}, [4, 2], spatial),
    "up2": (nn.ConvTranspose2d(4, 2, 2, stride=2, groups=2), "conv2dTranspose",
            {"filters": 2, "kernelSize": 2, "strides": 2, "groups": 2}, [2, 3, 4], spatial),
    "depthwise": (nn.Conv2d(2, 6, 2, groups=2), "depthwiseConv2d", {"kernelSize": 2, "depthMultiplier": 3}, [3, 3, 2], spatial),
    "bn": (nn.BatchNorm2d(3, eps=1e-3), "batchNormalization", {}, [2, 2, 3], spatial),
    "ln": (nn.LayerNorm(4, eps=1e-3), "layerNormalization", {}, [3, 4], None),
    "gn": (nn.GroupNorm(2, 4, eps=1e-3), "groupNormalization", {"groups": 2}, [3, 4], spatial),
    "rms": (nn.RMSNorm(4, eps=1e-6), "rmsNormalization", {}, [3, 4], None),
    "prelu": (nn.PReLU(4), "prelu", {"sharedAxes": [1]}, [3, 4], spatial),
    "embedding": (nn.Embedding(5, 3), "embedding", {"inputDim": 5, "outputDim": 3}, [4], None),
    "rnn": (nn.RNN(3, 2, batch_first=True), "simpleRnn", {"units": 2, "returnSequences": True}, [4, 3], None),
    "lstm": (nn.LSTM(3, 2, batch_first=True), "lstm", {"units": 2, "returnSequences": True}, [4, 3], None),
    "gru": (nn.GRU(3, 2, batch_first=True), "gru", {"units": 2, "returnSequences": True}, [4, 3], None),
    "both": (nn.LSTM(3, 2, batch_first=True, bidirectional=True), "bidirectional",
             {"layer": {"kind": "lstm", "units": 2, "returnSequences": True}}, [4, 3], None),
    "attention": (nn.MultiheadAttention(4, 2, batch_first=True), "multiHeadAttention", {"numHeads": 2, "keyDim": 2}, [3, 4], None),
}

tensors, cases = {}, []
for name, (module, kind, options, shape, around) in MODULES.items():
    for weight in [*module.parameters(), *(b for b in module.buffers() if b.dtype == torch.float32)]:
        weight.data = torch.rand_like(weight) * 0.8 + 0.1 if weight.dim() < 2 else torch.randn_like(weight) * 0.5
    tensors |= {f"{name}.{key}": value.clone() for key, value in module.state_dict().items()}
    if name == "linear":
        module.weight.data = module.weight.data.half().float()
        module.bias.data = module.bias.data.bfloat16().float()
        tensors |= {"linear.weight": module.weight.data.half(), "linear.bias": module.bias.data.bfloat16()}
    module = module.double().eval()
    x = torch.randint(0, 5, [2, *shape]) if kind == "embedding" else torch.randn(2, *shape, dtype=torch.float64)
    y = module(x, x, x)[0] if kind == "multiHeadAttention" else (around(module) if around else module)(x)
    y = y[0] if isinstance(y, tuple) else y
    array = lambda t: {"shape": list(t.shape), "data": [float(f"{v:.8g}") for v in t.flatten().tolist()]}
    cases.append({"module": name, "kind": kind, "options": options, "input": array(x), "output": array(y.detach())})

save_file(tensors, "torch_modules.safetensors")
with open("torch_modules.json", "w") as file:
    json.dump({"cases": cases}, file)
    file.write("\n")

"""PyTorch's side of `npm run bench`: the same training steps, one block at a time, so that blocks can interleave.

Reads one JSON request per line, {"case": NAME, "steps": K}, answers one JSON line, {"ms": per step} or {"error": ...}.
A block ends early after some seconds, so that a busy machine does not stretch the run.
The first line it prints, unasked, is {"torch": VERSION, "threads": N}. Usage: torch_peer.py THREADS
Eager mode, fused optimizers: what a PyTorch user gets without torch.compile (which needs a C++ compiler as well).
"""
import json
import sys
import time

try:
    import torch
    import torch.nn as nn
    import torch.nn.functional as F
except Exception as error:  # not installed, or broken: the caller prints why and goes on alone
    print(json.dumps({"error": f"{type(error).__name__}: {error}"}), flush=True)
    sys.exit(0)

torch.manual_seed(0)
if len(sys.argv) > 1:
    torch.set_num_threads(int(sys.argv[1]))


class Residual(nn.Module):
    def __init__(self, before, after, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(after)
        self.down = nn.Conv2d(before, after, 1, stride, bias=False) if stride > 1 else nn.Identity()

    def forward(self, x):
        return F.relu(self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x))))) + self.down(x))


def resnet20():
    parts = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    before = 16
    for after, stride in ((16, 1), (32, 2), (64, 2)):
        for block in range(3):
            parts.append(Residual(before, after, stride if block == 0 else 1))
            before = after
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def mlp(sizes, last=None):
    parts = []
    for i in range(len(sizes) - 1):
        parts.append(nn.Linear(sizes[i], sizes[i + 1]))
        if i < len(sizes) - 2:
            parts.append(nn.ReLU())
    return nn.Sequential(*parts, *([last] if last else []))


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25),
        nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10),
    )


def adam(parameters):
    return torch.optim.Adam(parameters, 1e-3, fused=True)


def sgd(parameters):
    return torch.optim.SGD(parameters, 0.1, momentum=0.9, weight_decay=1e-4, fused=True)


def classes(batch, shape, count):
    return lambda: (torch.rand(batch, *shape), torch.randint(0, count, (batch,)))


# name: (network, batch, loss, optimizer); the same table as bench/cases.ts
CASES = {
    "mlp-tiny": (
        lambda: mlp([2, 10, 5, 1], nn.Sigmoid()),
        lambda: (torch.rand(1, 2), torch.ones(1, 1)),
        F.binary_cross_entropy,
        adam,
    ),
    "mlp-mnist": (lambda: mlp([784, 512, 256, 10]), classes(128, (784,), 10), F.cross_entropy, adam),
    "mlp-wide": (lambda: mlp([1024, 2048, 2048, 1000]), classes(256, (1024,), 1000), F.cross_entropy, adam),
    "cnn-mnist": (cnn, classes(128, (1, 28, 28), 10), F.cross_entropy, adam),
    "resnet20": (resnet20, classes(64, (3, 32, 32), 10), F.cross_entropy, sgd),
}
STEPS = {}
LONGEST_BLOCK = 5  # seconds


def make_step(name):
    build, batch, loss_of, optimizer_of = CASES[name]
    model = build().train()
    optimizer = optimizer_of(model.parameters())
    x, y = batch()

    def step():
        optimizer.zero_grad()
        loss_of(model(x), y).backward()
        optimizer.step()

    for _ in range(5):
        step()
    return step


def answer(request):
    name = request["case"]
    if name not in STEPS:
        STEPS[name] = make_step(name)
    step = STEPS[name]
    start = time.perf_counter()
    for done in range(1, request["steps"] + 1):
        step()
        seconds = time.perf_counter() - start
        if seconds > LONGEST_BLOCK:
            break
    return {"ms": seconds / done * 1e3}


print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
for line in sys.stdin:
    try:
        print(json.dumps(answer(json.loads(line))), flush=True)
    except Exception as error:
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}), flush=True)

"""PyTorch's side of `npm run bench`. Usage: torch_peer.py eager|compile|bfloat16 THREADS

Reads one JSON request per line and answers one JSON line: {"ask": "begin", "task": TASK, "numbers": FILE} -> {"first": LOSSES},
{"ask": "block", "ms": M} -> {"block": {"ms": per step, "steps": N}}, {"ask": "end"} -> {"loss": L}; or {"error": ...}. {"ask": "learn",
"task": TASK, "vocabulary": V, "sizes": SIZES, "numbers": FILE}, {"ask": "steps", "count": N} and {"ask": "validate"}: see torch_language.py. TASK is a
TrainingTask or KernelTask of bench/suite/task.ts, FILE what bench/contest/numbers-file.ts writes.
The first line, unasked, says who this is: {"name", "version", "threads", "note"}.
Fused optimizers. With "bfloat16", forward and loss under torch.autocast, as PyTorch's guide says. With "compile", forward and loss go through torch.compile, which compiles the backward pass with them.
"""
import json
import sys
import time

try:
    import torch
    import torch.nn as nn
    import torch.nn.functional as F
except Exception as error:  # not installed, or broken: the caller prints why and goes on without
    print(json.dumps({"error": f"PyTorch cannot be imported: {type(error).__name__}: {error}"}), flush=True)
    sys.exit(0)

COMPILE = sys.argv[1] == "compile"
BFLOAT16 = sys.argv[1] == "bfloat16"
if COMPILE:
    try:
        import filelock, fsspec  # noqa: E401, F401: what torch.compile imports beyond torch itself
    except ImportError:
        sys.path.append("/usr/lib/python3/dist-packages")  # Debian's python3-filelock and python3-fsspec
        try:
            import filelock, fsspec  # noqa: E401, F401
        except ImportError as error:
            print(json.dumps({"error": f"torch.compile needs filelock and fsspec: {error}"}), flush=True)
            sys.exit(0)

from torch_language import Learning  # noqa: E402
from torch_models import NETWORKS  # noqa: E402: needs torch, which may not be there

torch.manual_seed(0)
torch.set_num_threads(int(sys.argv[2]))


def mlp(sizes, last=None):
    parts = []
    for i in range(len(sizes) - 1):
        parts.append(nn.Linear(sizes[i], sizes[i + 1]))
        if i < len(sizes) - 2:
            parts.append(nn.ReLU())
    return nn.Sequential(*parts, *([last] if last else []))


def network_of(task):
    if task["name"] in NETWORKS:
        return NETWORKS[task["name"]]()
    if any(layer["kind"] != "dense" for layer in task["layers"]):
        raise ValueError(f"torch_peer.py has no network {task['name']}")
    sizes = [task["inputShape"][0]] + [layer["options"]["units"] for layer in task["layers"]]
    last = task["layers"][-1]["options"].get("activation")
    return mlp(sizes, nn.Sigmoid() if last == "sigmoid" else None)


def optimizer_of(spec, parameters):
    if spec["kind"] == "adam":
        return torch.optim.Adam(parameters, spec["learningRate"], fused=True)
    if spec["kind"] == "adamw":
        return torch.optim.AdamW(parameters, spec["learningRate"], fused=True)
    return torch.optim.SGD(
        parameters, spec["learningRate"], momentum=spec["momentum"], weight_decay=spec["weightDecay"], fused=True
    )


def size_of(shape):
    size = 1
    for axis in shape:
        size *= axis
    return size


class Numbers:
    """What the file holds, taken one tensor after the other."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = bytearray(file.read())
        self.at = 0

    def take(self, shape, dtype=torch.float32):
        size = size_of(shape)
        values = torch.frombuffer(self.bytes, dtype=dtype, count=size, offset=self.at)
        self.at += 4 * size
        return values.reshape(shape)


def load(model, task, numbers):
    """The task's first weights: kernels are [in, out] and [height, width, in, out] there."""
    ours = []
    image = None  # [channels, height, width] before a flattening: there, rows of the next kernel are in another order
    kinds = {layer["name"]: layer["kind"] for layer in task["layers"]}
    flat = "flatten" in kinds.values()
    projections = {}
    for spec in task["weights"]:
        value = numbers.take(spec["shape"])
        if not spec["trainable"]:
            continue
        name = spec["path"].split("/")[-1]
        if name in ("embeddings", "positions"):  # rows by number here and there
            ours.append(value)
            continue
        if name.startswith(("query", "key", "value")):  # one projection there: [3 out, in]
            parts = projections.setdefault(name.endswith("Bias"), [])
            parts.append(value if name.endswith("Bias") else value.T)
            if name == "valueBias":
                ours += [torch.cat(projections.pop(False)), torch.cat(projections.pop(True))]
            continue
        if value.ndim == 4:
            image = value.shape[3]
            value = value.permute(3, 2, 0, 1)
        elif value.ndim == 2:
            if flat and image:
                side = round((value.shape[0] / image) ** 0.5)
                value = value.reshape(side, side, image, -1).permute(2, 0, 1, 3).reshape(value.shape)
                image = None
            value = value.T
        ours.append(value)
    theirs = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if [tuple(p.shape) for p in theirs] != [tuple(v.shape) for v in ours]:
        raise ValueError(f"{task['name']}: other parameters than Descent's")
    with torch.no_grad():
        for parameter, value in zip(theirs, ours):
            parameter.copy_(value)


class Work:
    """`step` runs once; a training's returns its loss."""

    def __init__(self, step, first=()):
        self.step = step
        self.first = list(first)

    def block(self, ms):
        start = time.perf_counter()
        done = 0
        while True:
            self.step()
            done += 1
            seconds = time.perf_counter() - start
            if seconds * 1e3 >= ms:
                return {"ms": seconds / done * 1e3, "steps": done}


FIRST_STEPS, FIRST_SECONDS = 5, 4


def training(task, path):
    numbers = Numbers(path)
    x = numbers.take([task["batch"]] + task["inputShape"])
    y = numbers.take([task["batch"]] + task["places"], torch.int32)
    if task["tokens"]:
        x = x.long()
    if x.ndim == 4:
        x = x.permute(0, 3, 1, 2).contiguous()
    if task["loss"] == "crossEntropy":
        y, loss_of = y.long().flatten(), lambda scores, y: F.cross_entropy(scores.flatten(0, -2), y)
    else:
        y, loss_of = y.float().reshape(-1, 1), F.binary_cross_entropy
    model = network_of(task).train()
    load(model, task, numbers)
    optimizer = optimizer_of(task["optimizer"], model.parameters())

    def forward(x, y):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=BFLOAT16):
            scores = model(x)
        return loss_of(scores.float(), y)

    if COMPILE:
        torch._dynamo.reset()
        forward = torch.compile(forward)

    def step():
        optimizer.zero_grad()
        loss = forward(x, y)
        loss.backward()
        optimizer.step()
        return loss

    first = [step().item()]  # compiles
    begun = time.perf_counter()
    while len(first) < FIRST_STEPS and time.perf_counter() - begun < FIRST_SECONDS:
        first.append(step().item())
    return Work(step, first)


def kernel(task, path):
    size, op = task["size"], task["op"]
    if op == "matmul":
        numbers = Numbers(path)
        a = numbers.take([size["rows"], size["depth"]])
        b = numbers.take([size["depth"], size["columns"]])
        c = torch.empty(size["rows"], size["columns"])
        torch.matmul(a, b, out=c)
        flat = c.reshape(-1)
        count = flat.numel()
        places = [0, size["columns"] - 1, count // 2, count - 1]  # as `sampled` in bench/suite/task.ts
        return Work(lambda: torch.matmul(a, b, out=c), [flat[i].item() for i in places])
    if op in ("conv", "convGradients"):
        side, stride, pad = size["kernel"], size["stride"], (size["kernel"] - 1) // 2
        x = torch.rand(size["batch"], size["inputs"], size["image"], size["image"])
        w = torch.rand(size["filters"], size["inputs"], side, side)
        if op == "conv":
            return Work(lambda: F.conv2d(x, w, stride=stride, padding=pad))
        dy = torch.rand_like(F.conv2d(x, w, stride=stride, padding=pad))
        pair = lambda n: [n, n]  # noqa: E731
        return Work(lambda: torch.ops.aten.convolution_backward(
            dy, x, w, None, pair(stride), pair(pad), pair(1), False, pair(0), 1, [True, True, False]
        ))
    if op == "softmax":
        x = torch.rand(size["rows"], size["columns"])
        return Work(lambda: torch.softmax(x, -1))
    if op == "layerNorm":
        x = torch.rand(size["rows"], size["columns"])
        gamma, beta = torch.rand(size["columns"]), torch.rand(size["columns"])
        return Work(lambda: F.layer_norm(x, [size["columns"]], gamma, beta))
    if op == "adam":
        parameter = nn.Parameter(torch.rand(size["parameters"]))
        parameter.grad = torch.rand(size["parameters"])
        return Work(torch.optim.Adam([parameter], 1e-3, fused=True).step)
    raise ValueError(f"torch_peer.py has no kernel {op}")


work, ending, learning = None, None, None


def learner(request):
    numbers = Numbers(request["numbers"])
    model = NETWORKS[request["task"]["name"]](request["vocabulary"]).train()
    load(model, request["task"], numbers)
    return Learning(model, request["sizes"], numbers)


def answer(request):
    global work, ending, learning
    if request["ask"] == "learn":
        learning = learner(request)
        return {}
    if request["ask"] == "steps":
        return learning.steps(request["count"])
    if request["ask"] == "validate":
        return learning.validate()
    if request["ask"] == "begin":
        if request["task"]["kind"] == "training":
            work = training(request["task"], request["numbers"])
            ending = lambda: work.step().item()  # noqa: E731: the loss now
        else:
            with torch.no_grad():
                work = kernel(request["task"], request["numbers"])
            ending = lambda: 0  # noqa: E731
        return {"first": work.first}
    if request["ask"] == "block":
        return {"block": work.block(request["ms"])}
    loss = ending()
    work = None
    return {"loss": loss}


print(json.dumps({
    "name": "torch.compile" if COMPILE else "PyTorch bfloat16" if BFLOAT16 else "PyTorch",
    "version": torch.__version__,
    "threads": torch.get_num_threads(),
    "note": "fused optimizer" + (", forward, loss and backward compiled" if COMPILE else ", eager") + (", autocast to bfloat16" if BFLOAT16 else ""),
}), flush=True)
for line in sys.stdin:
    try:
        print(json.dumps(answer(json.loads(line))), flush=True)
    except Exception as error:
        print(json.dumps({"error": f"{type(error).__name__}: {str(error)[:400]}"}), flush=True)

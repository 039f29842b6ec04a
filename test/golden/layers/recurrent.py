"""Golden numbers of recurrent layers: python3 -m layers.recurrent in test/golden (PyTorch 2.13 CPU, float64).

Cases as in make_layers.py. The numbers are those of PyTorch's own rnn_tanh, lstm and gru; its gates are put into Keras's order (gru: z, r, h), its
two biases are one in Keras, but for the GRU. Masked cases are PyTorch's packed sequences: states at the end of each sequence.
What PyTorch does not have, the GRU whose reset gate comes before the product (Cho et al., 2014), is written by its equations.
"""

import torch
from torch.nn.utils.rnn import pack_padded_sequence

from layer_cases import LayerCases

layers = LayerCases(20261129)
draw, case = layers.draw, layers.case


def weights(features, units, gates, bias=1):
    w = {"kernel": draw.normal(features, gates * units, scale=0.7), "recurrentKernel": draw.normal(units, gates * units, scale=0.7)}
    shape = {0: None, 1: [gates * units], 2: [2, gates * units]}[bias]
    return {**w, **({"bias": draw.normal(*shape, scale=0.5)} if shape else {})}


def reordered(w, order):
    """Blocks of the last axis in another order."""
    blocks = w.chunk(len(order), -1)
    return torch.cat([blocks[i] for i in order], -1)


def parameters(w, order):
    """PyTorch's [input weights, state weights, input bias, state bias] from Keras's weights."""
    kernel, recurrent = [reordered(w[k], order).T for k in ("kernel", "recurrentKernel")]
    bias = w.get("bias", torch.zeros(kernel.shape[0], dtype=torch.float64))
    bias = bias if bias.dim() == 2 else torch.stack([bias, torch.zeros_like(bias)])
    return [kernel, recurrent, *reordered(bias, order)]


FUNCTIONS = {
    "simpleRnn": (torch._VF.rnn_tanh, [0], 1),
    "lstm": (torch._VF.lstm, [0, 1, 2, 3], 2),
    "gru": (torch._VF.gru, [1, 0, 2], 1),
}


def recurrent(kind, sequences=False, backwards=False, lengths=None):
    function, order, states = FUNCTIONS[kind]

    def call(inputs, w):
        x, given = inputs[0], inputs[1:]
        units = w["recurrentKernel"].shape[0]
        first = list(given) or [torch.zeros(x.shape[0], units, dtype=torch.float64)] * states
        first = [state[None] for state in first]
        p = parameters(w, order)
        if lengths:
            packed = pack_padded_sequence(x, torch.tensor(lengths), batch_first=True, enforce_sorted=False)
            sort = packed.sorted_indices
            hx = [state[:, sort] for state in first]
            out = function(packed.data, packed.batch_sizes, tuple(hx) if states == 2 else hx[0], p, True, 1, 0.0, False, False)
            return out[1][0][packed.unsorted_indices]
        x = x.flip(1) if backwards else x
        y = function(x, tuple(first) if states == 2 else first[0], p, True, 1, 0.0, False, False, True)[0]
        return y if sequences else y[:, -1]

    return call


for kind, gates in [("simpleRnn", 1), ("lstm", 4), ("gru", 3)]:
    bias = 2 if kind == "gru" else 1
    states = FUNCTIONS[kind][2]
    case(kind, "last output", {"units": 3}, [draw.normal(2, 4, 2)], recurrent(kind), weights(2, 3, gates, bias))
    case(kind, "sequences", {"units": 2, "returnSequences": True}, [draw.normal(3, 3, 2)], recurrent(kind, True), weights(2, 2, gates, bias))
    case(kind, "backwards, no bias", {"units": 3, "returnSequences": True, "goBackwards": True, "useBias": False}, [draw.normal(2, 3, 2)],
         recurrent(kind, True, True), weights(2, 3, gates, 0))
    case(kind, "states given, recomputed", {"units": 3, "recompute": True}, [draw.normal(2, 3, 2), *(draw.normal(2, 3) for _ in range(states))],
         recurrent(kind), weights(2, 3, gates, bias))
    lengths = [2, 4, 1]
    mask = [[i < n for i in range(4)] for n in lengths]
    case(kind, "padding", {"units": 3}, [draw.normal(3, 4, 2)], recurrent(kind, lengths=lengths), weights(2, 3, gates, bias), mask=mask)
    case(kind, "padding, states given", {"units": 2}, [draw.normal(3, 4, 2), *(draw.normal(3, 2) for _ in range(states))],
         recurrent(kind, lengths=lengths), weights(2, 2, gates, bias), mask=mask)


def reset_before(inputs, w):
    x = inputs[0]
    h = torch.zeros(x.shape[0], w["recurrentKernel"].shape[0], dtype=torch.float64)
    outputs = []
    for t in range(x.shape[1]):
        xz, xr, xh = (x[:, t] @ w["kernel"] + w["bias"]).chunk(3, -1)
        uz, ur, uh = w["recurrentKernel"].chunk(3, -1)
        z, r = torch.sigmoid(xz + h @ uz), torch.sigmoid(xr + h @ ur)
        h = z * h + (1 - z) * torch.tanh(xh + (r * h) @ uh)
        outputs.append(h)
    return torch.stack(outputs, 1)


case("gru", "reset before the product", {"units": 3, "resetAfter": False, "returnSequences": True}, [draw.normal(2, 4, 2)], reset_before,
     weights(2, 3, 3))


def both(kind, sequences, merge):
    def call(inputs, w):
        x, half = inputs[0], (len(inputs) - 1) // 2
        own = lambda direction: {k.split("/")[1]: v for k, v in w.items() if k.startswith(direction)}  # noqa: E731
        forward = recurrent(kind, sequences)([x, *inputs[1 : 1 + half]], own("forward"))
        backward = recurrent(kind, sequences, True)([x, *inputs[1 + half :]], own("backward"))
        return merge(forward, backward.flip(1) if sequences else backward)

    return call


MERGE = {"concat": lambda a, b: torch.cat([a, b], -1), "sum": torch.add, "mul": torch.mul, "ave": lambda a, b: (a + b) / 2}


def twice(*args):
    return {f"{direction}/{k}": v for direction in ("forward", "backward") for k, v in weights(*args).items()}


for kind, gates, bias, mode, sequences in [("lstm", 4, 1, "concat", True), ("gru", 3, 2, "concat", False), ("simpleRnn", 1, 1, "sum", True),
                                           ("gru", 3, 2, "mul", True), ("simpleRnn", 1, 1, "ave", False)]:
    inner = {"kind": kind, "units": 2, **({"returnSequences": True} if sequences else {})}
    options = {"layer": inner, **({} if mode == "concat" else {"mergeMode": mode})}
    case("bidirectional", f"{kind}, {mode}{', sequences' if sequences else ''}", options, [draw.normal(2, 3, 2)],
         both(kind, sequences, MERGE[mode]), twice(2, 2, gates, bias))
case("bidirectional", "states given", {"layer": {"kind": "lstm", "units": 2}}, [draw.normal(2, 3, 2), *(draw.normal(2, 2) for _ in range(4))],
     both("lstm", False, MERGE["concat"]), twice(2, 2, 4))

case("timeDistributed", "dense", {"layer": {"kind": "dense", "units": 3}}, [draw.normal(2, 3, 4)], lambda i, w: i[0] @ w["kernel"] + w["bias"],
     {"kernel": draw.normal(4, 3), "bias": draw.normal(3)})
case("timeDistributed", "convolution", {"layer": {"kind": "conv1d", "filters": 2, "kernelSize": 2}}, [draw.normal(2, 3, 4, 2)],
     lambda i, w: torch.nn.functional.conv1d(i[0].flatten(0, 1).mT, w["kernel"].permute(2, 1, 0), w["bias"]).mT.unflatten(0, (2, 3)),
     {"kernel": draw.normal(2, 2, 2), "bias": draw.normal(2)})


# --- states out, films ---------------------------------------------------------------------------------------------------------------


def with_states(kind, sequences):
    """[output, ...states] in a row."""
    function, order, states = FUNCTIONS[kind]

    def call(inputs, w):
        x, given = inputs[0], inputs[1:]
        first = list(given) or [torch.zeros(x.shape[0], w["recurrentKernel"].shape[0], dtype=torch.float64)] * states
        first = [state[None] for state in first]
        y, *ends = function(x, tuple(first) if states == 2 else first[0], parameters(w, order), True, 1, 0.0, False, False, True)
        return torch.cat([(y if sequences else y[:, -1]).flatten(1), *(end[0] for end in ends)], 1)

    return call


for kind, gates, sequences in [("lstm", 4, True), ("gru", 3, False), ("simpleRnn", 1, True)]:
    states = FUNCTIONS[kind][2]
    case(kind, "states returned", {"units": 2, "returnState": True, **({"returnSequences": True} if sequences else {})},
         [draw.normal(2, 3, 2), *(draw.normal(2, 2) for _ in range(states))], with_states(kind, sequences), weights(2, 2, gates, 2 if kind == "gru" else 1))


def film(stride, padding, dilation, sequences, lengths=None, backwards=False):
    conv = torch.nn.functional.conv2d

    def call(inputs, w):
        x = inputs[0].permute(0, 1, 4, 2, 3)  # [batch, frames, channels, height, width]
        kernel, recurrent = [w[k].permute(3, 2, 0, 1) for k in ("kernel", "recurrentKernel")]
        first = lambda i: inputs[i].permute(0, 3, 1, 2) if len(inputs) > 1 else 0  # noqa: E731
        h, c, outputs = first(1), first(2), []
        frames = range(x.shape[1])
        for t in reversed(frames) if backwards else frames:
            z = conv(x[:, t], kernel, w.get("bias"), stride, padding, dilation)
            if isinstance(h, torch.Tensor):
                z = z + conv(h, recurrent, padding="same")
            i, f, g, o = z.chunk(4, 1)
            c2 = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h2 = torch.sigmoid(o) * torch.tanh(c2)
            if lengths:
                real = (torch.tensor(lengths) > t)[:, None, None, None]
                h2, c2 = torch.where(real, h2, h), torch.where(real, c2, c)
            h, c = h2, c2
            outputs.append(h.permute(0, 2, 3, 1))
        return torch.stack(outputs, 1) if sequences else outputs[-1]

    return call


def film_weights(size, channels, filters, bias=True):
    w = {"kernel": draw.normal(*size, channels, 4 * filters, scale=0.5), "recurrentKernel": draw.normal(*size, filters, 4 * filters, scale=0.5)}
    return {**w, **({"bias": draw.normal(4 * filters, scale=0.5)} if bias else {})}


case("convLstm2d", "last output", {"filters": 2, "kernelSize": 2}, [draw.normal(2, 3, 4, 3, 1)], film(1, "valid", 1, False), film_weights((2, 2), 1, 2))
case("convLstm2d", "sequences of the same size, states given", {"filters": 2, "kernelSize": [3, 1], "padding": "same", "returnSequences": True},
     [draw.normal(1, 2, 3, 3, 2), draw.normal(1, 3, 3, 2), draw.normal(1, 3, 3, 2)], film(1, "same", 1, True), film_weights((3, 1), 2, 2))
case("convLstm2d", "strides, no bias, backwards", {"filters": 1, "kernelSize": 2, "strides": [2, 1], "useBias": False, "goBackwards": True},
     [draw.normal(2, 2, 4, 3, 2)], film((2, 1), "valid", 1, False, backwards=True), film_weights((2, 2), 2, 1, False))
case("convLstm2d", "dilation, padding", {"filters": 1, "kernelSize": 2, "dilationRate": 2, "recompute": True},
     [draw.normal(2, 3, 3, 4, 1)], film(1, "valid", 2, False, lengths=[3, 2]), film_weights((2, 2), 1, 1), mask=[[1, 1, 1], [1, 1, 0]])

case("segment", "the middle", {"start": 2, "shape": [2, 2]}, [draw.normal(2, 3, 3)], lambda i, _: i[0].flatten(1)[:, 2:6].unflatten(1, (2, 2)))


def masked(value):
    def call(inputs, _):
        return torch.where((inputs[0] != value).any(-1, keepdim=True), inputs[0], 0.0)

    return call


padded = draw.normal(2, 3, 2)
padded[0, 2] = 0
padded[1, 1:] = 0
case("masking", "zeros", {}, [padded], masked(0.0))
padded = draw.normal(2, 3, 2)
padded[0, 0] = -1
case("masking", "another value", {"maskValue": -1}, [padded], masked(-1.0))


# --- both directions: states out, going on, padding --------------------------------------------------------------------------------------


def directions(kind, sequences=False, lengths=None, returned=True):
    """[merged output, states of the first direction, those of the second] in a row; each sample by itself, as long as it is."""
    function, order, states = FUNCTIONS[kind]

    def run(x, first, w, backwards):
        x = x.flip(1) if backwards else x
        first = [state[None] for state in first]
        y, *ends = function(x, tuple(first) if states == 2 else first[0], parameters(w, order), True, 1, 0.0, False, False, True)
        y = (y.flip(1) if backwards else y) if sequences else y[:, -1]
        return y, [end[0] for end in ends]

    def sample(x, first, w):
        own = lambda direction: {k.split("/")[1]: v for k, v in w.items() if k.startswith(direction) and "state" not in k}  # noqa: E731
        forward, ends = run(x, first[:states], own("forward"), False)
        backward, others = run(x, first[states:], own("backward"), True)
        return torch.cat([forward, backward], -1), [*ends, *others]

    def call(inputs, w):
        x, given = inputs[0], list(inputs[1:])
        given = given or [w[f"{direction}/state{i}"] for direction in ("forward", "backward") for i in range(states)]
        rows = []
        for b in range(x.shape[0]):
            n = lengths[b] if lengths else x.shape[1]
            output, ends = sample(x[b : b + 1, :n], [state[b : b + 1] for state in given], w)
            if sequences and n < x.shape[1]:  # at padding the first direction says what it said last; the second has not begun
                units = given[0].shape[1]
                rest = torch.cat([output[:, -1:, :units], given[states][b].expand(1, 1, -1)], -1).expand(-1, x.shape[1] - n, -1)
                output = torch.cat([output, rest], 1)
            rows.append((output, ends))
        output = torch.cat([o for o, _ in rows])
        ends = [torch.cat([e[i] for _, e in rows]) for i in range(2 * states)]
        call.ends = ends
        return torch.cat([output.flatten(1), *ends], 1) if returned else output

    return call


for kind, gates, bias, sequences, lengths in [("lstm", 4, 1, True, None), ("gru", 3, 2, True, [3, 1]), ("lstm", 4, 1, False, [2, 3])]:
    states = FUNCTIONS[kind][2]
    mask = lengths and [[i < n for i in range(3)] for n in lengths]
    inner = {"kind": kind, "units": 2, "returnState": True, **({"returnSequences": True} if sequences else {})}
    case("bidirectional", f"{kind}, states given and returned{', padding' if mask else ''}{', sequences' if sequences else ''}", {"layer": inner},
         [draw.normal(2, 3, 2), *(draw.normal(2, 2) for _ in range(2 * states))], directions(kind, sequences, lengths), twice(2, 2, gates, bias), mask=mask)
for kind, gates, bias in [("lstm", 4, 1), ("gru", 3, 2)]:
    names = [f"{direction}/state{i}" for direction in ("forward", "backward") for i in range(FUNCTIONS[kind][2])]
    goes = directions(kind, returned=False)
    case("bidirectional", f"{kind}, going on where it ended", {"layer": {"kind": kind, "units": 2, "stateful": 2}}, [draw.normal(2, 3, 2)], goes,
         twice(2, 2, gates, bias), training=True, state={name: draw.normal(2, 2) for name in names},
         updates=lambda _, goes=goes, names=names: dict(zip(names, goes.ends)))

layers.write("recurrent", {"by": f"layers/recurrent.py, PyTorch {torch.__version__}, float64", "gradient": "of sum(output * cotangent)"})

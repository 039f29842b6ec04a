"""Golden numbers of mixtures of experts: python3 -m layers.experts in test/golden (PyTorch 2.13 CPU, float64).

The papers' algorithms, written place by place: GShard (Lepikhin et al., 2021, algorithm 1, without its random second choice), Switch (Fedus et
al., 2022, section 2.1 and equation 4), Mixtral (Jiang et al., 2024, section 2.1).
"""

import math

import numpy as np
import torch
import torch.nn.functional as F

from layer_cases import LayerCases

layers = LayerCases(20261129)
draw = layers.draw


def expert(w, e, x, activation):
    def through(name, x):
        return x @ w[f"{name}Kernel"][e] + (w[f"{name}Bias"][e] if f"{name}Bias" in w else 0)

    hidden = through("hidden", x)
    active = F.silu(through("gate", x)) * hidden if activation == "swiglu" else {"relu": F.relu, "gelu": F.gelu}[activation](hidden)
    return through("output", active)


def mixture(x, w, count, options, training, mask):
    rows, real = x.reshape(-1, x.shape[-1]), (torch.ones(x.shape[:-1]) if mask is None else torch.as_tensor(mask)).reshape(-1) > 0
    top = options.get("topK", 2)
    logits = rows @ w["router"]
    p = logits.softmax(-1)
    values, experts = p.topk(top, -1)
    shares = values / values.sum(-1, keepdim=True) if options.get("normalize", top > 1) else values
    factor = options.get("capacityFactor") if training else None
    capacity = math.inf if factor is None else math.ceil(factor * top * len(rows) / count)
    taken, y = [0] * count, [torch.zeros_like(row) for row in rows]
    for choice in range(top):
        for i, row in enumerate(rows):
            e = experts[i, choice].item()
            if not real[i] or taken[e] >= capacity:
                continue
            taken[e] += 1
            y[i] = y[i] + shares[i, choice] * expert(w, e, row, options.get("activation", "relu"))
    chosen = F.one_hot(experts, count).double().sum(1)
    n = real.sum()
    loss = options.get("balanceLoss", 0.01) * count * (chosen[real].sum(0) / n * (p[real].sum(0) / n)).sum()
    loss = loss + options.get("zLoss", 0) * (logits.logsumexp(-1)[real] ** 2).mean()
    return torch.stack(y).reshape(x.shape), loss


def case(title, shape, count, inner, training=True, mask=None, **options):
    width = shape[-1]
    weights = {"router": draw.normal(width, count), "hiddenKernel": draw.normal(count, width, inner), "outputKernel": draw.normal(count, inner, width)}
    if options.get("activation") == "swiglu":
        weights["gateKernel"] = draw.normal(count, width, inner)
    if options.get("useBias"):
        weights |= {"hiddenBias": draw.normal(count, inner), "outputBias": draw.normal(count, width)}
        if options.get("activation") == "swiglu":
            weights["gateBias"] = draw.normal(count, inner)
    layers.case(
        "mixtureOfExperts", title, {"numExperts": count, "intermediateDim": inner} | options, [draw.normal(*shape)],
        lambda i, w: mixture(i[0], w, count, options, training, mask), weights, training=training, mask=mask,
    )


case("two of four (GShard)", [2, 5, 4], 4, 3)
case("one of four, no shares (Switch)", [2, 5, 4], 4, 3, topK=1, balanceLoss=0.5)
case("one of four, one capacity for all (Switch)", [2, 6, 3], 4, 5, topK=1, capacityFactor=1.0, balanceLoss=0.25)
case("two of three, little room (GShard)", [3, 4, 4], 3, 2, capacityFactor=0.75, activation="gelu", useBias=True)
case("two of four (Mixtral)", [2, 4, 4], 4, 3, activation="swiglu", zLoss=0.5)
case("all of three, not normalized", [2, 3, 4], 3, 2, topK=3, normalize=False, activation="swiglu", useBias=True)
case("room is for training only", [2, 5, 4], 4, 3, training=False, capacityFactor=0.25)
padding = np.array([[1, 1, 0, 1, 0], [0, 1, 1, 1, 1]], dtype=np.float64)
case("padding", [2, 5, 4], 3, 3, mask=padding, zLoss=0.25, balanceLoss=1.0)
case("padding takes no room", [2, 5, 4], 3, 3, mask=padding, capacityFactor=0.75, balanceLoss=1.0)


# --- in the blocks of a transformer: attention by PyTorch, experts by the papers ---------------------------------------------------------

def block(title, shape, heads, count, inner, cross=None, mask=None, training=True, **given):
    experts, options = given.pop("experts"), given
    width, decoder, first = shape[-1], cross is not None or "causal" not in options, options.get("normalizeFirst", False)
    rms = options.get("normalization") == "rms"
    matrix, bias = lambda a, b: draw.normal(a, b, scale=0.5), options.get("useBias", True)  # noqa: E731

    def attention_weights(name, other):
        sizes = {"query": (width, width), "key": (other, width), "value": (other, width), "output": (width, width)}
        return {f"{name}.{part}Kernel": matrix(*size) for part, size in sizes.items()} | ({f"{name}.{part}Bias": draw.normal(width) for part in sizes} if bias else {})

    norm_weights = lambda name: {f"{name}.scale": draw.positive(width)} if rms else {f"{name}.gamma": draw.positive(width), f"{name}.beta": draw.normal(width)}  # noqa: E731
    weights = attention_weights("attention", width) | norm_weights("attentionNorm")
    if cross:
        weights |= attention_weights("cross", cross[-1]) | norm_weights("crossNorm")
    inside = {"router": draw.normal(width, count), "hiddenKernel": draw.normal(count, width, inner), "outputKernel": draw.normal(count, inner, width)}
    if options.get("activation") == "swiglu":
        inside["gateKernel"] = draw.normal(count, width, inner)
    if bias:
        inside |= {"hiddenBias": draw.normal(count, inner), "outputBias": draw.normal(count, width)}
    weights |= {f"experts.{name}": value for name, value in inside.items()} | norm_weights("outputNorm")

    def attend(name, x, source, w, causal, real):
        heads_of = lambda part, x: (x @ w[f"{name}.{part}Kernel"] + w.get(f"{name}.{part}Bias", 0)).unflatten(-1, (heads, -1)).transpose(1, 2)  # noqa: E731
        places = torch.ones(x.shape[1], source.shape[1], dtype=torch.bool)
        seen = places.tril() if causal else places
        seen = seen if real is None else seen & (torch.as_tensor(real) > 0)[:, None, None, :]
        y = F.scaled_dot_product_attention(heads_of("query", x), heads_of("key", source), heads_of("value", source), attn_mask=seen)
        return y.transpose(1, 2).flatten(2) @ w[f"{name}.outputKernel"] + w.get(f"{name}.outputBias", 0)

    def call(i, w):
        norm = lambda name, x: F.rms_norm(x, [width], w[f"{name}.scale"], 1e-5) if rms else F.layer_norm(x, [width], w[f"{name}.gamma"], w[f"{name}.beta"], 1e-5)  # noqa: E731
        add = lambda x, name, f: x + f(norm(name, x)) if first else norm(name, x + f(x))  # noqa: E731
        y = add(i[0], "attentionNorm", lambda x: attend("attention", x, x, w, decoder or options["causal"], mask))
        if cross:
            y = add(y, "crossNorm", lambda x: attend("cross", x, i[1], w, False, None))
        added = []

        def forward(x):
            out, loss = mixture(x, {name[8:]: each for name, each in w.items() if name.startswith("experts.")}, count, experts | {"activation": options.get("activation", "relu")}, training, mask)
            added.append(loss)
            return out

        return add(y, "outputNorm", forward), added[0]

    layers.case(
        "transformerDecoder" if decoder else "transformerEncoder", title,
        {"intermediateDim": inner, "numHeads": heads, "experts": {"numExperts": count} | experts} | options,
        [draw.normal(*s) for s in ([shape, cross] if cross else [shape])], call, weights, training=training, mask=mask,
    )


block("experts as Mixtral's", [2, 3, 4], 2, 4, 3, experts={"zLoss": 0.5}, activation="swiglu", normalization="rms", normalizeFirst=True, useBias=False)
block("experts of padded sequences, with little room", [2, 5, 4], 2, 3, 2, mask=padding, causal=False, activation="gelu", experts={"topK": 1, "capacityFactor": 1.0, "balanceLoss": 0.5})
block("experts, to an encoded sequence", [1, 3, 4], 2, 2, 3, cross=[1, 2, 3], experts={"topK": 1}, activation="gelu", normalizeFirst=True)

layers.write("experts", "mixtures of experts")

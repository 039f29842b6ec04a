"""Golden numbers of embeddings, normalizations over features and attention: python3 -m layers.attention in test/golden (PyTorch 2.13 CPU, float64).

Cases as in make_layers.py. Integer inputs (tokens) have no gradient.
"""

import torch
import torch.nn.functional as F

from layer_cases import LayerCases

layers = LayerCases(20261128)
draw, case = layers.draw, layers.case

# --- embedding --------------------------------------------------------------------------------------------------------------------

def embedding(title, vocabulary, width, *shape):
    weights = {"embeddings": draw.normal(vocabulary, width)}
    tokens = draw.integers(0, vocabulary, *shape)
    case("embedding", title, {"inputDim": vocabulary, "outputDim": width}, [tokens], lambda i, w: F.embedding(i[0], w["embeddings"]), weights)


embedding("sequences", 5, 3, 2, 7)
embedding("one number per sample", 4, 2, 3)
embedding("a number that occurs twice and one that never does", 9, 4, 2, 3, 2)


# --- normalizations over features ----------------------------------------------------------------------------------------------------

def layer_normalization(title, shape, axes=(-1,), epsilon=1e-3, center=True, scale=True, offset=0.0):
    sizes = [shape[a] for a in axes]
    options = {} if axes == (-1,) else {"axis": list(axes)}
    if epsilon != 1e-3:
        options["epsilon"] = epsilon
    options |= ({} if center else {"center": False}) | ({} if scale else {"scale": False})
    weights = ({"gamma": draw.positive(*sizes)} if scale else {}) | ({"beta": draw.normal(*sizes)} if center else {})
    call = lambda i, w: F.layer_norm(i[0], sizes, w.get("gamma"), w.get("beta"), epsilon)  # noqa: E731
    case("layerNormalization", title, options, [draw.normal(*shape) + offset], call, weights)


layer_normalization("rows", [3, 5])
layer_normalization("sequences, PyTorch's epsilon", [2, 4, 6], epsilon=1e-5)
layer_normalization("two axes", [2, 3, 4], axes=(1, 2))
layer_normalization("neither scale nor center", [2, 7], center=False, scale=False)
layer_normalization("a mean far from zero", [2, 8], offset=64.0)

for title, shape, epsilon in [("rows", [3, 5], 1e-6), ("sequences, epsilon", [2, 4, 6], 0.125)]:
    case("rmsNormalization", title, {} if epsilon == 1e-6 else {"epsilon": epsilon}, [draw.normal(*shape)],
         lambda i, w, n=shape[-1], e=epsilon: F.rms_norm(i[0], [n], w["scale"], e), {"scale": draw.positive(shape[-1])})

# --- attention -----------------------------------------------------------------------------------------------------------------------

UNSEEN = -1e30  # where nothing may be seen, all is seen alike (Keras); PyTorch's -inf gives NaN there, and the same elsewhere


def rotated(x, base=10000.0):
    """[..., places, d]: feature i and i + d/2 are a pair, as in Llama."""
    half = x.shape[-1] // 2
    angles = torch.arange(x.shape[-2], dtype=torch.float64)[:, None] / base ** (torch.arange(half, dtype=torch.float64) / half)
    cos, sin = angles.cos(), angles.sin()
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


def alibi_slopes(n):
    """The paper's reference code (Press et al., 2022: get_slopes)."""
    import math

    def power_of_2(n):
        start = 2 ** (-(2 ** -(math.log2(n) - 3)))
        return [start * start**i for i in range(n)]

    if math.log2(n).is_integer():
        return power_of_2(n)
    closest = 2 ** math.floor(math.log2(n))
    return power_of_2(closest) + alibi_slopes(2 * closest)[0::2][: n - closest]


def alibi(heads, queries, keys):
    distance = (torch.arange(queries)[:, None] - torch.arange(keys)).abs()
    return -torch.tensor(alibi_slopes(heads), dtype=torch.float64)[:, None, None] * distance


def attended(q, k, v, causal=False, mask=None, bias=0.0, scale=None):
    """[B, H, T, d], [B, H, S, d], [B, H, S, e]; mask [B, S] or [B, T, S]."""
    scores = q @ k.transpose(-1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale) + bias
    return weighted(scores, v, causal, mask)


def weighted(scores, v, causal=False, mask=None):
    if causal:
        scores = scores.masked_fill(torch.ones(scores.shape[-2:]).tril() == 0, UNSEEN)
    if mask is not None:
        mask = mask[:, None] if mask.dim() == 2 else mask
        scores = scores.masked_fill((mask if scores.dim() == 3 else mask[:, None]) == 0, UNSEEN)
    return scores.softmax(-1) @ v


def heads_of(x, w, name, heads):
    y = x @ w[f"{name}Kernel"] + w.get(f"{name}Bias", 0)
    return y.unflatten(-1, (heads, -1)).transpose(1, 2)


def many_heads(inputs, w, heads, groups, options, prefix=""):
    w = {k.removeprefix(prefix): v for k, v in w.items() if k.startswith(prefix)}
    mask = inputs[-1] if options.get("mask") else None
    sources = inputs[:-1] if options.get("mask") else inputs
    query = sources[0]
    value = sources[1] if len(sources) > 1 else query
    key = sources[2] if len(sources) > 2 else value
    q, k, v = heads_of(query, w, "query", heads), heads_of(key, w, "key", groups), heads_of(value, w, "value", groups)
    if options.get("positions") == "rotary":
        q, k = rotated(q), rotated(k)
    k, v = k.repeat_interleave(heads // groups, 1), v.repeat_interleave(heads // groups, 1)
    bias = alibi(heads, q.shape[2], k.shape[2]) if options.get("positions") == "alibi" else 0.0
    y = attended(q, k, v, options.get("causal", False), mask, bias).transpose(1, 2).flatten(2)
    return y @ w["outputKernel"] + w.get("outputBias", 0)


def head_weights(query, key, value, heads, groups, dim, value_dim, out, bias=True, prefix=""):
    sizes = {"query": (query, heads * dim), "key": (key, groups * dim), "value": (value, groups * value_dim), "output": (heads * value_dim, out)}
    weights = {}
    for name, (a, b) in sizes.items():
        weights[f"{prefix}{name}Kernel"] = draw.normal(a, b, scale=0.6)
        if bias:
            weights[f"{prefix}{name}Bias"] = draw.normal(b, scale=0.5)
    return weights


def multi_head(title, heads, dim, *shapes, mask=None, value_dim=None, out=None, groups=None, **options):
    options |= {"mask": True} if mask is not None else {}
    query, value, key = shapes[0], shapes[min(1, len(shapes) - 1)], shapes[min(2, len(shapes) - 1)]
    weights = head_weights(query[-1], key[-1], value[-1], heads, groups or heads, dim, value_dim or dim, out or query[-1], options.get("useBias", True))
    layer, first = ("multiHeadAttention", {"numHeads": heads, "keyDim": dim})
    if groups:
        layer, first = ("groupedQueryAttention", {"headDim": dim, "numQueryHeads": heads, "numKeyValueHeads": groups})
    more = ({"valueDim": value_dim} if value_dim else {}) | ({"outputDim": out} if out else {})
    inputs = [draw.normal(*s) for s in shapes] + ([mask] if mask is not None else [])
    case(layer, title, first | more | options, inputs, lambda i, w: many_heads(i, w, heads, groups or heads, options), weights)


padding = draw.integers(0, 2, 2, 5)
padding[:, 0] = 1
square = draw.integers(0, 2, 2, 4, 5)
square[1, 2] = 0  # a query that may see nothing

multi_head("itself", 2, 3, [2, 5, 6])
multi_head("itself, causal", 2, 4, [2, 5, 8], causal=True)
multi_head("itself, one head, no bias", 1, 3, [2, 4, 3], useBias=False)
multi_head("itself, padding", 2, 2, [2, 5, 4], mask=padding)
multi_head("itself, padding and causal", 2, 2, [2, 5, 4], mask=padding, causal=True)
multi_head("another sequence", 2, 3, [2, 4, 6], [2, 5, 6])
multi_head("another sequence, mask for every pair", 2, 3, [2, 4, 6], [2, 5, 4], mask=square)
multi_head("query, value, key; other sizes of values and output", 2, 3, [2, 4, 6], [2, 5, 4], [2, 5, 5], value_dim=2, out=7)
multi_head("rotary", 2, 4, [2, 6, 4], positions="rotary", causal=True)
multi_head("alibi, both directions", 3, 2, [2, 5, 6], positions="alibi")
multi_head("alibi, causal", 4, 2, [1, 6, 8], positions="alibi", causal=True)
multi_head("groups of two", 4, 2, [2, 5, 6], groups=2, causal=True)
multi_head("one head of keys for all", 3, 2, [2, 4, 6], groups=1)
multi_head("rotary, another sequence, padding", 4, 2, [2, 3, 5], [2, 5, 5], groups=2, positions="rotary", mask=padding)

concat = lambda q, k: torch.tanh(q[:, :, None] + k[:, None])  # noqa: E731
three = lambda i: (i[0], i[1], i[2] if len(i) > 2 and i[2].dim() == 3 and i[2].requires_grad else i[1])  # noqa: E731


def dot_attention(title, *inputs, **options):
    weights = ({"scale": draw.positive()} if options.get("useScale") else {})
    concatenated = options.get("scoreMode") == "concat"
    weights |= {"concatScoreWeight": draw.positive()} if concatenated else {}

    def call(i, w):
        q, v, k = three(i)
        s = w.get("scale", 1.0)
        scores = w["concatScoreWeight"] * torch.tanh(s * (q[:, :, None] + k[:, None])).sum(-1) if concatenated else s * (q @ k.transpose(1, 2))
        return weighted(scores, v, options.get("causal", False), i[-1] if options.get("mask") else None)

    case("attention", title, options, list(inputs), call, weights)


dot_attention("dot", draw.normal(2, 3, 4), draw.normal(2, 5, 4))
dot_attention("dot, scaled, with keys", draw.normal(2, 3, 4), draw.normal(2, 5, 2), draw.normal(2, 5, 4), useScale=True)
dot_attention("dot, padding", draw.normal(2, 3, 4), draw.normal(2, 5, 4), padding, mask=True)
dot_attention("concat, causal", draw.normal(2, 4, 3), draw.normal(2, 4, 3), scoreMode="concat", causal=True)
dot_attention("concat, scaled", draw.normal(2, 3, 3), draw.normal(2, 4, 3), scoreMode="concat", useScale=True)


def additive(title, *inputs, **options):
    weights = {} if options.get("useScale") is False else {"scale": draw.normal(inputs[0].shape[-1])}

    def call(i, w):
        q, v, k = three(i)
        return weighted((w.get("scale", 1.0) * concat(q, k)).sum(-1), v, options.get("causal", False), i[-1] if options.get("mask") else None)

    case("additiveAttention", title, options, list(inputs), call, weights)


additive("learned factors", draw.normal(2, 3, 4), draw.normal(2, 5, 4))
additive("no factors, causal", draw.normal(2, 4, 3), draw.normal(2, 4, 3), useScale=False, causal=True)
additive("with keys, mask for every pair", draw.normal(2, 4, 3), draw.normal(2, 5, 2), draw.normal(2, 5, 3), square, mask=True)

# --- positions -----------------------------------------------------------------------------------------------------------------------

case("positionEmbedding", "as many places as learned", {"sequenceLength": 4}, [draw.normal(2, 4, 3)], lambda i, w: i[0] + w["positions"], {"positions": draw.normal(4, 3)})
case("positionEmbedding", "fewer places", {"sequenceLength": 6}, [draw.normal(2, 4, 3)], lambda i, w: i[0] + w["positions"][:4], {"positions": draw.normal(6, 3)})


def sinusoids(places, features, base=10000.0):
    """The paper's: sin at even features, cos at odd ones."""
    p, i = torch.arange(places, dtype=torch.float64)[:, None], torch.arange(features)
    angle = p / base ** (2 * (i // 2) / features)
    return torch.where(i % 2 == 0, angle.sin(), angle.cos())


case("sinePositionEncoding", "even", {}, [draw.normal(2, 5, 6)], lambda i, _: i[0] + sinusoids(5, 6))
case("sinePositionEncoding", "odd features, short waves", {"maxWavelength": 100}, [draw.normal(1, 4, 5)], lambda i, _: i[0] + sinusoids(4, 5, 100.0))
case("rotaryEmbedding", "sequences", {}, [draw.normal(2, 5, 6)], lambda i, _: rotated(i[0]))
case("rotaryEmbedding", "heads, short waves", {"maxWavelength": 50}, [draw.normal(1, 2, 4, 4)], lambda i, _: rotated(i[0], 50.0))

# --- transformer blocks --------------------------------------------------------------------------------------------------------------

def block(title, inner, heads, *shapes, decoder=False, groups=None, **options):
    width, first, rms = shapes[0][-1], options.get("normalizeFirst", False), options.get("normalization") == "rms"
    activation, cross = options.get("activation", "relu"), len(shapes) > 1
    linear = lambda name, a, b: {f"{name}.kernel": draw.normal(a, b, scale=0.5), f"{name}.bias": draw.normal(b, scale=0.3)}  # noqa: E731
    norm_weights = lambda name: {f"{name}.scale": draw.positive(width)} if rms else {f"{name}.gamma": draw.positive(width), f"{name}.beta": draw.normal(width)}  # noqa: E731
    sizes = (heads, groups or heads, width // heads, width // heads, width)
    weights = head_weights(width, width, width, *sizes, prefix="attention.") | norm_weights("attentionNorm")
    if cross:
        weights |= head_weights(width, shapes[1][-1], shapes[1][-1], heads, heads, *sizes[2:], prefix="cross.") | norm_weights("crossNorm")
    weights |= linear("hidden", width, inner) | (linear("gate", width, inner) if activation == "swiglu" else {}) | linear("output", inner, width) | norm_weights("outputNorm")
    causal = decoder or options.get("causal", False)

    def call(i, w):
        dense = lambda name, x: x @ w[f"{name}.kernel"] + w[f"{name}.bias"]  # noqa: E731
        norm = lambda name, x: F.rms_norm(x, [width], w[f"{name}.scale"], 1e-5) if rms else F.layer_norm(x, [width], w[f"{name}.gamma"], w[f"{name}.beta"], 1e-5)  # noqa: E731
        act = {"relu": F.relu, "gelu": F.gelu, "swiglu": F.silu}[activation]
        forward = lambda x: dense("output", act(dense("gate", x)) * dense("hidden", x) if activation == "swiglu" else act(dense("hidden", x)))  # noqa: E731
        add = lambda x, name, f: x + f(norm(name, x)) if first else norm(name, x + f(x))  # noqa: E731
        seen = {"causal": causal, "positions": options.get("positions")}
        y = add(i[0], "attentionNorm", lambda x: many_heads([x], w, heads, groups or heads, seen, "attention."))
        if cross:
            y = add(y, "crossNorm", lambda x: many_heads([x, i[1]], w, heads, heads, {}, "cross."))
        return add(y, "outputNorm", forward)

    options |= {"numKeyValueHeads": groups} if groups else {}
    case("transformerDecoder" if decoder else "transformerEncoder", title, {"intermediateDim": inner, "numHeads": heads} | options, [draw.normal(*s) for s in shapes], call, weights)


block("as in the paper", 6, 2, [2, 3, 4], activation="gelu")
block("pre-normalized, causal", 5, 2, [2, 4, 4], activation="gelu", normalizeFirst=True, causal=True)
block("looks back", 6, 2, [2, 4, 4], decoder=True, activation="gelu", normalizeFirst=True)
block("to an encoded sequence", 5, 2, [2, 3, 4], [2, 4, 6], decoder=True, activation="gelu")
block("as Llama's", 5, 4, [1, 4, 8], decoder=True, groups=2, activation="swiglu", normalization="rms", normalizeFirst=True, positions="rotary")

layers.write("attention", {"by": f"layers/attention.py, PyTorch {torch.__version__}, float64", "gradient": "of sum(output * cotangent)"})

"""Golden numbers of losses: python3 test/golden/make_losses.py (PyTorch 2.13 CPU, float64).

Per case: the loss of every sample (averaged over the sample's own elements, as in Keras), their mean and its gradient for the predictions;
and with sample weights sum(weight * loss) / batch, Keras's "sum_over_batch_size" (PyTorch's class weights divide by the sum of weights).
Where `activation` is given, the predictions of the model are activation(input): the loss must find the logits behind a final sigmoid or
softmax, so that logits of +-100 give exact values; gradients are then for `input`.
Cross-entropies from probabilities follow Keras: predictions are divided by their sum and clipped to [1e-7, 1 - 1e-7]; the cases stay inside
those bounds (what happens at 0 and 1 is tested by itself).
Huber is PyTorch's huber_loss and Keras's Huber (0.5 e^2 inside delta, delta |e| - 0.5 delta^2 outside), not smooth_l1_loss (that / delta).
"""

import torch
import torch.nn.functional as F

from golden import Draw, array, exact, write

draw = Draw(20260102)
cases = []


def per_sample(elements):
    return elements.flatten(1).mean(1) if elements.ndim > 1 else elements


def case(loss, title, options, y_true, y_pred, call, activation=None):
    x = torch.tensor(y_pred, dtype=torch.float64, requires_grad=True)
    y = torch.tensor(y_true, dtype=torch.float64)
    losses = per_sample(call(y, x))
    weight = torch.tensor(draw.positive(len(losses)))
    weight[0] = 0
    mean, weighted = losses.mean(), (losses * weight).sum() / len(losses)
    cases.append(
        {
            "name": f"{loss}: {title}",
            "loss": loss,
            "options": options,
            **({"activation": activation} if activation else {}),
            "yTrue": exact(y),
            "yPred": exact(x),
            "perSample": array(losses),
            "mean": array(mean),
            "gradient": array(torch.autograd.grad(mean, x, retain_graph=True)[0]),
            "sampleWeight": exact(weight),
            "weighted": array(weighted),
            "weightedGradient": array(torch.autograd.grad(weighted, x)[0]),
        }
    )


# --- regression -------------------------------------------------------------------------------------------------------------------

def none(function, **options):
    return lambda y, x: function(x, y, reduction="none", **options)


REGRESSION = [
    ("meanSquaredError", {}, none(F.mse_loss)),
    ("meanAbsoluteError", {}, none(F.l1_loss)),
    ("huber", {}, none(F.huber_loss, delta=1.0)),
    ("huber", {"delta": 0.5}, none(F.huber_loss, delta=0.5)),
    ("huber", {"delta": 2.5}, none(F.huber_loss, delta=2.5)),
]
for loss, options, call in REGRESSION:
    suffix = f" {options}" if options else ""
    case(loss, f"one output{suffix}", options, draw.normal(6, 1, scale=2), draw.normal(6, 1, scale=2, step=64), call)
    case(loss, f"three outputs{suffix}", options, draw.normal(5, 3, scale=2), draw.normal(5, 3, scale=2, step=64), call)
    case(loss, f"images{suffix}", options, draw.normal(2, 3, 2, 2), draw.normal(2, 3, 2, 2, step=64), call)
    case(loss, f"large and equal values{suffix}", options, [[1000.0], [-512.0], [0.5]], [[-1000.0], [-512.0], [0.5]], call)

# --- binary cross-entropy ---------------------------------------------------------------------------------------------------------

binary = none(F.binary_cross_entropy)
binary_logits = none(F.binary_cross_entropy_with_logits)
EXTREME = [[100.0], [-100.0], [100.0], [-100.0], [30.0], [-30.0], [0.0], [88.75]]
LABELS = [[1.0], [0.0], [0.0], [1.0], [0.0], [1.0], [1.0], [0.0]]
name = "binaryCrossentropy"


def labels(*shape):
    return draw.integers(0, 2, *shape).astype(float)


case(name, "probabilities", {}, labels(8, 1), draw.positive(8, 1, low=0.05, high=0.95, step=256), binary)
case(name, "probabilities of three labels", {}, labels(5, 3), draw.positive(5, 3, low=0.05, high=0.95, step=256), binary)
case(name, "soft labels", {}, draw.positive(5, 1, low=0, high=1), draw.positive(5, 1, low=0.05, high=0.95, step=256), binary)
case(name, "small probabilities", {}, labels(6, 1), 2.0 ** -draw.integers(8, 20, 6, 1), binary)
case(name, "logits", {"fromLogits": True}, labels(8, 1), draw.normal(8, 1, scale=3), binary_logits)
case(name, "logits of three labels", {"fromLogits": True}, labels(5, 3), draw.normal(5, 3, scale=3), binary_logits)
case(name, "soft labels, logits", {"fromLogits": True}, draw.positive(5, 1, low=0, high=1), draw.normal(5, 1, scale=3), binary_logits)
case(name, "extreme logits", {"fromLogits": True}, LABELS, EXTREME, binary_logits)
case(name, "behind a sigmoid", {}, labels(8, 1), draw.normal(8, 1, scale=3), binary_logits, "sigmoid")
case(name, "extreme logits behind a sigmoid", {}, LABELS, EXTREME, binary_logits, "sigmoid")

smooth = lambda of: lambda y, x: of(y * 0.75 + 0.125, x)  # noqa: E731 (Keras: towards one half)
case(name, "label smoothing", {"labelSmoothing": 0.25}, labels(5, 2), draw.positive(5, 2, low=0.05, high=0.95, step=256), smooth(binary))
case(name, "label smoothing, logits", {"labelSmoothing": 0.25, "fromLogits": True}, labels(5, 2), draw.normal(5, 2), smooth(binary_logits))

# --- categorical cross-entropies --------------------------------------------------------------------------------------------------

def categorical(y, x):
    return -(y * torch.log(x / x.sum(-1, keepdim=True))).sum(-1)


def categorical_logits(y, x):
    return F.cross_entropy(x.movedim(-1, 1), y.movedim(-1, 1), reduction="none")


def sparse(y, x):
    probabilities = x / x.sum(-1, keepdim=True)
    return F.nll_loss(torch.log(probabilities).movedim(-1, 1), y.long(), reduction="none")


def sparse_logits(y, x):
    return F.cross_entropy(x.movedim(-1, 1), y.long(), reduction="none")


def one_hot(indices, depth):
    return F.one_hot(torch.tensor(indices), depth).double().tolist()


STRONG = [[100.0, -100.0, 0.0], [100.0, -100.0, 0.0], [-100.0, -100.0, -100.0], [0.0, 99.0, 100.0], [1000.0, 999.0, -1000.0], [50.0, -50.0, 50.0]]
STRONG_CLASS = [0, 1, 2, 1, 1, 0]

for loss, of, of_logits in (("categoricalCrossentropy", categorical, categorical_logits), ("sparseCategoricalCrossentropy", sparse, sparse_logits)):
    dense = loss.startswith("cat")
    as_labels = lambda indices, depth: one_hot(indices, depth) if dense else indices  # noqa: E731, B023
    classes = draw.integers(0, 4, 7)
    steps = draw.integers(0, 3, 2, 4)
    case(loss, "probabilities", {}, as_labels(classes, 4), draw.probabilities(7, 4), of)
    case(loss, "rows that do not sum to 1", {}, as_labels(classes, 4), draw.positive(7, 4, low=0.1, high=0.9, step=256), of)
    case(loss, "logits", {"fromLogits": True}, as_labels(classes, 4), draw.normal(7, 4, scale=3), of_logits)
    case(loss, "extreme logits", {"fromLogits": True}, as_labels(STRONG_CLASS, 3), STRONG, of_logits)
    case(loss, "behind a softmax", {}, as_labels(classes, 4), draw.normal(7, 4, scale=3), of_logits, "softmax")
    case(loss, "extreme logits behind a softmax", {}, as_labels(STRONG_CLASS, 3), STRONG, of_logits, "softmax")
    case(loss, "sequences, logits", {"fromLogits": True}, as_labels(steps, 3), draw.normal(2, 4, 3, scale=2), of_logits)
    if dense:
        case(loss, "soft labels", {}, draw.probabilities(5, 4), draw.probabilities(5, 4), of)
        smooth = lambda y, x: F.cross_entropy(x, y, reduction="none", label_smoothing=0.25)  # noqa: E731
        case(loss, "label smoothing, logits", {"labelSmoothing": 0.25, "fromLogits": True}, one_hot(classes, 4), draw.normal(7, 4), smooth)
        smooth = lambda y, x: categorical(y * 0.75 + 0.25 / 4, x)  # noqa: E731
        case(loss, "label smoothing", {"labelSmoothing": 0.25}, one_hot(classes, 4), draw.probabilities(7, 4), smooth)
        case(loss, "soft labels, logits", {"fromLogits": True}, draw.probabilities(5, 4), draw.normal(5, 4, scale=2), of_logits)
    else:
        case(loss, "labels as a column", {"fromLogits": True}, classes.reshape(7, 1), draw.normal(7, 4), lambda y, x: sparse_logits(y[:, 0], x))

write("losses", {"by": f"make_losses.py, PyTorch {torch.__version__}, float64", "gradient": "of the mean"}, cases=cases)

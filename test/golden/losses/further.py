"""Golden numbers of further losses: python3 -m losses.further, in test/golden (PyTorch 2.13 CPU, float64).

PyTorch's own functions where they exist, else the equations of Keras 3, TensorFlow Addons or the paper, each beside its name. Keras's
epsilon is 1e-7. Where Keras sums a whole batch (dice, tversky with axis=None), that is `over: "batch"`; its alpha and beta of tversky are
exchanged against the paper and its own documentation: here they are the paper's.
"""

import math

import torch
import torch.nn.functional as F

from golden import Draw, write
from loss_cases import LossCases

draw = Draw(20260501)
cases = LossCases(draw)
case = cases.case
EPSILON = 1e-7


def none(function, **options):
    return lambda y, x: function(x, y, reduction="none", **options)


def labels(*shape):
    return draw.integers(0, 2, *shape).astype(float)


def one_hot(indices, depth):
    return F.one_hot(torch.tensor(indices), depth).double().tolist()


def probabilities(*shape):
    return draw.positive(*shape, low=0.05, high=0.95, step=256)


# --- reductions, and places that do not count -------------------------------------------------------------------------------------

for reduction in ("sum", "meanWithSampleWeight", "sumOverBatchSize"):
    case("meanSquaredError", reduction, {"reduction": reduction}, draw.normal(5, 3), draw.normal(5, 3), none(F.mse_loss))
case("meanSquaredError", "sum, sequences", {"reduction": "sum"}, draw.normal(2, 4, 3), draw.normal(2, 4, 3), none(F.mse_loss))


def ignoring(label):
    def call(y, x):
        losses = F.cross_entropy(x.movedim(-1, 1), y.long(), reduction="none", ignore_index=label)
        return losses, (y != label).double()

    return call


steps = draw.integers(0, 4, 4, 5)
steps[0, 3:] = steps[2, 1:] = -1
rows = draw.integers(0, 4, 6)
rows[[1, 4]] = 255
sparse = "sparseCategoricalCrossentropy"
case(sparse, "ignoreClass -1, sequences", {"fromLogits": True, "ignoreClass": -1}, steps, draw.normal(4, 5, 4), ignoring(-1))
case(sparse, "ignoreClass 255", {"fromLogits": True, "ignoreClass": 255}, rows, draw.normal(6, 4), ignoring(255))
options = {"fromLogits": True, "ignoreClass": -1, "reduction": "meanWithSampleWeight"}
case(sparse, "ignoreClass, mean with weights", options, steps, draw.normal(4, 5, 4), ignoring(-1))
case(sparse, "ignoreClass, sum", {**options, "reduction": "sum"}, steps, draw.normal(4, 5, 4), ignoring(-1))

# --- regression -------------------------------------------------------------------------------------------------------------------


def percentage(y, x):
    return 100 * (y - x).abs() / y.abs().clamp(min=EPSILON)


def logarithmic(y, x):
    return (torch.log(y.clamp(min=EPSILON) + 1) - torch.log(x.clamp(min=EPSILON) + 1)) ** 2


def log_cosh(y, x):
    return torch.log(torch.cosh(x - y))


def poisson(y, x):
    return x - y * torch.log(x + EPSILON)


for shape, title in (((5, 1), "one output"), ((4, 3), "three outputs"), ((2, 3, 2), "sequences")):
    y, x = draw.normal(*shape, scale=2), draw.normal(*shape, scale=2, step=64)
    counts = draw.integers(0, 6, *shape).astype(float)
    positive = draw.positive(*shape)
    case("meanAbsolutePercentageError", title, {}, y, x, percentage)
    case("meanSquaredLogarithmicError", title, {}, counts, positive, logarithmic)
    case("logCosh", title, {}, y, x, log_cosh)
    case("poisson", title, {}, counts, positive, poisson)
    for q in (0.5, 0.125):
        pinball = lambda y, x, q=q: torch.maximum(q * (y - x), (q - 1) * (y - x))  # noqa: E731 (scikit-learn's mean_pinball_loss)
        case("quantile", f"{title}, {q}", {} if q == 0.5 else {"quantile": q}, y, x, pinball)
case("poisson", "PyTorch's PoissonNLLLoss", {}, counts, positive, none(F.poisson_nll_loss, log_input=False, eps=EPSILON))
case("logCosh", "large errors", {}, [[0.0], [0.0], [300.0]], [[20.0], [-40.0], [0.0]], lambda y, x: (x - y).abs() - math.log(2) + torch.log1p(torch.exp(-2 * (x - y).abs())))
case("meanAbsolutePercentageError", "a truth of 0", {}, [[0.0], [2.0]], [[2.0**-20], [3.0]], percentage)
case("meanSquaredLogarithmicError", "numbers below 0", {}, [[-1.0], [2.0]], [[3.0], [-0.5]], logarithmic)


def quantiles(y, x):
    q = torch.tensor([0.125, 0.5, 0.875], dtype=torch.float64)
    error = y.reshape(*x.shape[:-1], 1) - x
    return torch.maximum(q * error, (q - 1) * error)


several = {"quantile": [0.125, 0.5, 0.875]}
case("quantile", "three quantiles", several, draw.normal(5), draw.normal(5, 3, step=64), quantiles)
case("quantile", "three quantiles, a column", several, draw.normal(5, 1), draw.normal(5, 3, step=64), quantiles)
case("quantile", "three quantiles of sequences", several, draw.normal(2, 4), draw.normal(2, 4, 3, step=64), quantiles)


def gaussian(full):
    def call(y, x):
        mean, log_variance = x.chunk(2, -1)
        return F.gaussian_nll_loss(mean, y.reshape(mean.shape), log_variance.exp(), full=full, reduction="none")

    return call


case("gaussianNll", "one target", {}, draw.normal(5, 1), draw.normal(5, 2), gaussian(False))
case("gaussianNll", "a row of targets, full", {"full": True}, draw.normal(5), draw.normal(5, 2), gaussian(True))
case("gaussianNll", "sequences", {}, draw.normal(3, 4, 2), draw.normal(3, 4, 4), gaussian(False))


def cosine(y, x):
    return -F.cosine_similarity(y, x, dim=-1, eps=1e-10)


case("cosineSimilarity", "vectors", {}, draw.normal(5, 4), draw.normal(5, 4), cosine)
case("cosineSimilarity", "sequences", {}, draw.normal(2, 3, 4), draw.normal(2, 3, 4), cosine)

# --- hinges: labels -1 and 1, or 0 and 1 ------------------------------------------------------------------------------------------


def signed(y):
    return torch.where(y == 0, -1.0, y)


def hinge(y, x):
    return (1 - signed(y) * x).clamp(min=0)


for shape in ((6, 1), (4, 3)):
    zero_one, margins = labels(*shape), draw.normal(*shape) + 2.0**-10  # never on the kink
    for title, y in (("0 and 1", zero_one), ("-1 and 1", 2 * zero_one - 1)):
        case("hinge", f"{title}, {list(shape)}", {}, y, margins, hinge)
        case("squaredHinge", f"{title}, {list(shape)}", {}, y, margins, lambda y, x: hinge(y, x) ** 2)


def categorical_hinge(y, x):  # Keras
    return (((1 - y) * x).amax(-1) - (y * x).sum(-1) + 1).clamp(min=0)


case("categoricalHinge", "four classes", {}, one_hot(draw.integers(0, 4, 7), 4), draw.positive(7, 4), categorical_hinge)
case("categoricalHinge", "sequences", {}, one_hot(draw.integers(0, 3, 2, 4), 3), draw.distinct(2, 4, 3), categorical_hinge)

# --- cross-entropies --------------------------------------------------------------------------------------------------------------


def binary_focal(y, p, gamma=2.0, alpha=None):  # Keras; torchvision's sigmoid_focal_loss
    wrong = 1 - (y * p + (1 - y) * (1 - p))
    focal = wrong**gamma * F.binary_cross_entropy(p, y, reduction="none")
    return focal if alpha is None else focal * (y * alpha + (1 - y) * (1 - alpha))


def of_logits(call, **options):
    return lambda y, z: call(y, torch.sigmoid(z), **options)


name = "binaryFocalCrossentropy"
case(name, "probabilities", {}, labels(8, 1), probabilities(8, 1), binary_focal)
case(name, "three labels, gamma 1.5", {"gamma": 1.5}, labels(5, 3), probabilities(5, 3), lambda y, p: binary_focal(y, p, 1.5))
case(name, "balanced", {"applyClassBalancing": True}, labels(5, 3), probabilities(5, 3), lambda y, p: binary_focal(y, p, 2, 0.25))
case(name, "balanced, alpha 0.75", {"applyClassBalancing": True, "alpha": 0.75}, labels(5, 3), probabilities(5, 3), lambda y, p: binary_focal(y, p, 2, 0.75))
case(name, "soft labels", {}, draw.positive(5, 1, low=0, high=1), probabilities(5, 1), binary_focal)
case(name, "smoothed labels", {"labelSmoothing": 0.25}, labels(5, 2), probabilities(5, 2), lambda y, p: binary_focal(y * 0.75 + 0.125, p))
case(name, "logits", {"fromLogits": True}, labels(8, 1), draw.normal(8, 1, scale=3), of_logits(binary_focal))
case(name, "behind a sigmoid", {}, labels(8, 1), draw.normal(8, 1, scale=3), of_logits(binary_focal), "sigmoid")
case(name, "gamma 0 is the cross-entropy", {"gamma": 0}, labels(8, 1), probabilities(8, 1), none(F.binary_cross_entropy))


def focal(y, p, gamma=2.0, alpha=0.25):  # Keras
    p = p / p.sum(-1, keepdim=True)
    return -(torch.as_tensor(alpha, dtype=torch.float64) * (1 - p) ** gamma * y * torch.log(p)).sum(-1)


name = "categoricalFocalCrossentropy"
classes = draw.integers(0, 4, 7)
ALPHA = [0.5, 0.25, 0.125, 0.75]
case(name, "probabilities", {}, one_hot(classes, 4), draw.probabilities(7, 4), focal)
case(name, "gamma 3, alpha by class", {"gamma": 3, "alpha": ALPHA}, one_hot(classes, 4), draw.probabilities(7, 4), lambda y, p: focal(y, p, 3, ALPHA))
case(name, "logits", {"fromLogits": True}, one_hot(classes, 4), draw.normal(7, 4, scale=2), lambda y, z: focal(y, z.softmax(-1)))
case(name, "behind a softmax", {}, one_hot(classes, 4), draw.normal(7, 4, scale=2), lambda y, z: focal(y, z.softmax(-1)), "softmax")
case(name, "smoothed labels", {"labelSmoothing": 0.25}, one_hot(classes, 4), draw.probabilities(7, 4), lambda y, p: focal(y * 0.75 + 0.0625, p))


def generalized(q):  # Keras
    def call(y, p):
        own = (p * F.one_hot(y.long(), p.shape[-1])).sum(-1)
        return (1 - own**q) / q

    return call


name = "categoricalGeneralizedCrossEntropy"
case(name, "q 0.5", {}, classes, draw.probabilities(7, 4), generalized(0.5))
case(name, "q 0.75", {"q": 0.75}, classes, draw.probabilities(7, 4), generalized(0.75))
case(name, "behind a softmax", {"q": 0.25}, classes, draw.normal(7, 4), lambda y, z: generalized(0.25)(y, z.softmax(-1)), "softmax")

name = "klDivergence"
kl = lambda y, x: F.kl_div(torch.log(x), y, reduction="none").sum(-1)  # noqa: E731
case(name, "distributions", {}, draw.probabilities(6, 4), draw.probabilities(6, 4), kl)
case(name, "sequences", {}, draw.probabilities(2, 3, 4), draw.probabilities(2, 3, 4), kl)
clipped = lambda y, x: (y.clamp(EPSILON, 1) * torch.log(y.clamp(EPSILON, 1) / x.clamp(EPSILON, 1))).sum(-1)  # noqa: E731 (Keras)
case(name, "one-hot", {}, one_hot(classes, 4), draw.probabilities(7, 4), clipped)

# --- regions ----------------------------------------------------------------------------------------------------------------------


def region(x, over):
    return x.sum().expand(len(x)) if over == "batch" else x.flatten(1).sum(1)


def dice(over="sample"):
    return lambda y, x: 1 - 2 * region(y * x, over) / (region(y, over) + region(x, over) + EPSILON)


def tversky(alpha=0.5, beta=0.5, over="sample"):
    def call(y, x):
        both = region(y * x, over)
        return 1 - both / (both + alpha * region((1 - y) * x, over) + beta * region(y * (1 - x), over) + EPSILON)

    return call


masks, guesses = labels(4, 3, 3, 1), probabilities(4, 3, 3, 1)
masks[0] = 0
case("dice", "of each sample", {}, masks, guesses, dice())
case("dice", "of the batch, as Keras", {"over": "batch"}, masks, guesses, dice("batch"))
case("dice", "rows", {}, labels(4, 6), probabilities(4, 6), dice())
case("tversky", "as dice", {}, masks, guesses, tversky())
case("tversky", "the paper's best", {"alpha": 0.3, "beta": 0.7}, masks, guesses, tversky(0.3, 0.7))
case("tversky", "of the batch", {"alpha": 0.75, "beta": 0.25, "over": "batch"}, masks, guesses, tversky(0.75, 0.25, "batch"))

# --- embeddings -------------------------------------------------------------------------------------------------------------------


def contrastive(margin):  # TensorFlow Addons
    return lambda y, d: y * d**2 + (1 - y) * (margin - d).clamp(min=0) ** 2


case("contrastive", "distances", {}, labels(8), draw.positive(8, step=64), contrastive(1))
case("contrastive", "distances, margin 2", {"margin": 2}, labels(8, 1), draw.positive(8, 1, low=0, high=3, step=64), contrastive(2))

triples = draw.normal(6, 3, 4)
call = lambda y, x: F.triplet_margin_loss(x[:, 0], x[:, 1], x[:, 2], eps=0, reduction="none")  # noqa: E731
case("tripletMargin", "euclidean", {}, labels(6), triples, call)
call = lambda y, x: F.triplet_margin_loss(x[:, 0], x[:, 1], x[:, 2], margin=2, eps=0, reduction="none")  # noqa: E731
case("tripletMargin", "margin 2", {"margin": 2}, labels(6), triples, call)
squared = lambda a, b: ((a - b) ** 2).sum(-1)  # noqa: E731
call = lambda y, x: (squared(x[:, 0], x[:, 1]) - squared(x[:, 0], x[:, 2]) + 0.5).clamp(min=0)  # noqa: E731
case("tripletMargin", "squared", {"margin": 0.5, "distance": "squaredEuclidean"}, labels(6), triples, call)


def masks_of(y):
    same = y.reshape(-1, 1) == y.reshape(1, -1)
    return same & ~torch.eye(len(same), dtype=torch.bool), ~same


def distances(x, kind):
    if kind == "cosine":
        return 1 - x @ x.T
    squares = squared(x[:, None], x[None])
    if kind == "squaredEuclidean":
        return squares
    apart = squares > 0
    return torch.where(apart, torch.sqrt(torch.where(apart, squares, 1)), 0)


def semi_hard(margin=1.0, kind="euclidean"):  # TensorFlow Addons' triplet_semihard_loss, by its definition
    def call(y, x):
        positive, negative = masks_of(y)
        d = distances(x, kind)
        losses = torch.zeros(len(x), len(x), dtype=torch.float64)
        for a in range(len(x)):
            for p in range(len(x)):
                if not positive[a, p] or not negative[a].any():
                    continue
                others = d[a][negative[a]]
                farther = others[others > d[a, p]]
                losses[a, p] = (margin + d[a, p] - (farther.min() if len(farther) else others.max())).clamp(min=0)
        return losses, (positive & negative.any(1, keepdim=True)).double()

    return call


def hard(margin=1.0, kind="euclidean", soft=False):  # Hermans et al., equation 5
    def call(y, x):
        positive, negative = masks_of(y)
        d = distances(x, kind)
        counted = positive.any(1) & negative.any(1)
        losses = torch.zeros(len(x), dtype=torch.float64)
        for a in range(len(x)):
            if counted[a]:
                excess = d[a][positive[a]].max() - d[a][negative[a]].min()
                losses[a] = F.softplus(excess) if soft else (excess + margin).clamp(min=0)
        return losses, counted.double()

    return call


people = [0, 1, 0, 2, 1, 0, 2, 1]
alone = [0, 0, 1, 2, 2, 2, 7]
faces = draw.normal(8, 4)
case("triplet", "semi-hard", {}, people, faces, semi_hard())
case("triplet", "semi-hard, squared, margin 0.2", {"margin": 0.2, "distance": "squaredEuclidean"}, people, faces, semi_hard(0.2, "squaredEuclidean"))
case("triplet", "semi-hard, some alone", {}, alone, draw.normal(7, 3), semi_hard())
case("triplet", "semi-hard, sum", {"reduction": "sum"}, people, faces, semi_hard())
case("triplet", "hard", {"mining": "hard"}, people, faces, hard())
case("triplet", "hard, soft", {"mining": "hard", "soft": True}, people, faces, hard(soft=True))
case("triplet", "hard, some alone", {"mining": "hard", "margin": 0.5}, alone, draw.normal(7, 3), hard(0.5))
case("triplet", "hard, cosine", {"mining": "hard", "distance": "cosine"}, people, faces, hard(kind="cosine"))


def circle(gamma=80.0, margin=0.4):  # Keras
    def call(y, x, pairs=0):
        positive, negative = masks_of(y)
        d = (1 - x @ x.T - pairs).clamp(min=0)
        near = -gamma * (margin + d).clamp(min=0) * (margin - d)
        far = gamma * (1 + margin - d).clamp(min=0) * (1 - margin - d)
        counted = positive.any(1) & negative.any(1)
        log_sum = lambda values, of: torch.logsumexp(torch.where(of, values, -math.inf)[counted], 1)  # noqa: E731
        losses = torch.zeros(len(x), dtype=x.dtype)
        losses[counted] = F.softplus(log_sum(near, positive) + log_sum(far, negative))
        return losses, counted.to(x.dtype)

    return call


def embeddings(count, features=8):
    """Any rows of length 1, as float32 has them."""
    return F.normalize(torch.tensor(draw.normal(count, features)), dim=-1).float().double()


def condition(y, x, call):
    """The greatest condition of an element of the mean's gradient: the sum of what x's pairs add to it, without signs, over its size."""
    y = torch.tensor(y, dtype=torch.float64)
    pairs = torch.zeros(len(x), len(x), dtype=torch.float64, requires_grad=True)  # added to the similarities: their slopes
    losses, counted = call(y, x, pairs)
    slopes = torch.autograd.grad((losses * counted).sum() / counted.sum(), pairs)[0]
    slopes = slopes + slopes.T
    return ((slopes.abs() @ x.abs()) / (slopes @ x).abs()).nan_to_num(0).max().item()


crowd, loners = people * 2, alone * 2 + [8]
conditions = {}
for title, options, y, call in (
    ("labels", {}, crowd, circle()),
    ("gamma 16, margin 0.25", {"gamma": 16, "margin": 0.25}, crowd, circle(16, 0.25)),
    ("some alone", {}, loners, circle()),
):
    x = embeddings(len(y))
    conditions[title] = round(condition(y, x, call))
    case("circle", title, options, y, x.tolist(), call)
print("greatest conditions of circle's gradients:", conditions)

# --- sequences without alignment --------------------------------------------------------------------------------------------------


def ctc(zero_infinity=False):
    def call(y, x):
        steps = torch.full((len(x),), x.shape[1])
        log_p = x.log_softmax(-1).transpose(0, 1)
        return F.ctc_loss(log_p, y.long(), steps, (y != 0).sum(1), blank=0, reduction="none", zero_infinity=zero_infinity)

    return call


words = [[1, 2, 3], [2, 2, 0], [3, 0, 0], [0, 0, 0], [1, 1, 1]]
case("ctc", "labels of all lengths", {}, words, draw.normal(5, 6, 4), ctc())
case("ctc", "one step", {}, [[2], [0]], draw.normal(2, 1, 3), ctc())
case("ctc", "labels that do not fit", {"zeroInfinity": True}, words, draw.normal(5, 4, 4), ctc(True))

write("losses/further", {"by": f"losses/further.py, PyTorch {torch.__version__}, float64"}, cases=cases)

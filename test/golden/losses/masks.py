"""Golden numbers of losses of padded sequences: python3 -m losses.masks, in test/golden (PyTorch 2.13 CPU, float64).

`mask` is 1 for places that count. Cross-entropies are PyTorch's with ignore_index, CTC's its input_lengths; the others are the equations of
losses.further over the places that count alone. Batches are reduced by Keras's reduce_weighted_values: a mean over places that count.
"""

import torch
import torch.nn.functional as F

from golden import Draw, exact, write
from loss_cases import LossCases

draw = Draw(20261128)
cases = LossCases(draw)
EPSILON = 1e-7
BATCH, PLACES = 4, 5
lengths = torch.tensor([5, 2, 4, 1])
padded = (torch.arange(PLACES) < lengths[:, None]).double()


def case(loss, title, options, y_true, y_pred, call, mask=padded, activation=None):
    cases.case(loss, title, options, y_true, y_pred, call, activation)
    del cases[-1]["perSample"]  # a loss by itself knows no mask
    cases[-1]["mask"] = exact(mask)


def places(losses):
    return lambda y, x: (losses(y, x), padded)


def whole(losses):
    return lambda y, x: (losses(y, x), torch.ones(len(x), dtype=torch.float64))


def cross_entropy(y, x):
    labels = torch.where(padded > 0, y, torch.full_like(y, -100)).long()
    return F.cross_entropy(x.movedim(-1, 1), labels, reduction="none", ignore_index=-100)


steps, scores = draw.integers(0, 3, BATCH, PLACES), draw.normal(BATCH, PLACES, 3)
for reduction in ("sumOverBatchSize", "meanWithSampleWeight", "sum"):
    options = {"fromLogits": True, "reduction": reduction}
    case("sparseCategoricalCrossentropy", f"padding, {reduction}", options, steps, scores, places(cross_entropy))
one_hot = F.one_hot(torch.tensor(steps), 3).double().numpy()
case("categoricalCrossentropy", "padding", {"fromLogits": True}, one_hot, scores, places(lambda y, x: cross_entropy(y.argmax(-1), x)))
numbers, others = draw.normal(BATCH, PLACES, 2), draw.normal(BATCH, PLACES, 2)
case("meanSquaredError", "padding", {}, numbers, others, places(lambda y, x: F.mse_loss(x, y, reduction="none").mean(-1)))
case("huber", "padding", {}, numbers, others, places(lambda y, x: F.huber_loss(x, y, reduction="none").mean(-1)))
case("cosineSimilarity", "padding", {}, numbers, others, places(lambda y, x: -F.cosine_similarity(y, x, dim=-1)))
quantiles = torch.tensor([0.1, 0.9], dtype=torch.float64)


def pinball(y, x):
    error = y[..., None] - x
    return torch.maximum(quantiles * error, (quantiles - 1) * error).mean(-1)


case("quantile", "a list, padding", {"quantile": [0.1, 0.9]}, draw.normal(BATCH, PLACES), others, places(pinball))

regions, found = draw.integers(0, 2, BATCH, PLACES, 2).astype(float), draw.positive(BATCH, PLACES, 2, low=0.05, high=0.95, step=256)
binary = places(lambda y, x: F.binary_cross_entropy(x, y, reduction="none").mean(-1))
case("binaryCrossentropy", "padding", {}, regions, found, binary)


def sums(x, over):
    kept = (x * padded[..., None]).flatten(1).sum(1)
    return kept if over == "sample" else kept.sum().expand(len(x))


def dice(over):
    return whole(lambda y, x: 1 - 2 * sums(y * x, over) / (sums(y, over) + sums(x, over) + EPSILON))


def tversky(over, alpha, beta):
    def call(y, x):
        hits = sums(y * x, over)
        return 1 - hits / (hits + alpha * sums((1 - y) * x, over) + beta * sums(y * (1 - x), over) + EPSILON)

    return whole(call)


for over in ("sample", "batch"):
    case("dice", f"padding, {over}", {"over": over}, regions, found, dice(over))
    options = {"over": over, "alpha": 0.25, "beta": 0.75}
    case("tversky", f"padding, {over}", options, regions, found, tversky(over, 0.25, 0.75))

said = draw.integers(1, 4, 3, 3)
said[1, 1:] = 0
said[2, 2:] = 0
heard = torch.tensor([7, 4, 5])
listening = (torch.arange(7) < heard[:, None]).double()


def ctc(y, x):
    labels = (y > 0).sum(1)
    return F.ctc_loss(x.log_softmax(-1).movedim(1, 0), y.long(), heard, labels, reduction="none")


case("ctc", "padding", {}, said, draw.normal(3, 7, 4), whole(ctc), mask=listening)
early = listening.flip(1)  # padding before the steps


def ctc_late(y, x):
    shifted = torch.stack([torch.roll(row, int(n) - 7, 0) for row, n in zip(x, heard)])
    return ctc(y, shifted)


case("ctc", "padding before", {}, said, draw.normal(3, 7, 4), whole(ctc_late), mask=early)

write("losses/masks", {"by": f"losses/masks.py, PyTorch {torch.__version__}, float64"}, cases=list(cases))

"""Golden numbers of metrics of padded sequences: /usr/bin/python3 -m metrics.masks, in test/golden (scikit-learn 1.2, SciPy 1.10).

Weights are [batch, places]: those of the samples, 0 for padding. scikit-learn gets the places as rows with these weights; where it measures
every output by itself, a place's features are outputs of their own, each with the weights of its place.
"""

import numpy as np
import scipy.stats
import sklearn
from sklearn import metrics as M

from golden import Draw, exact, numbers, write

draw = Draw(20261129)
cases, data = [], []
BATCHES = (5, 1, 7)
SIZE, PLACES = sum(BATCHES), 4
lengths = np.array([4, 2, 3, 1, 4, 2, 4, 3, 1, 2, 3, 3, 4])
padding = (np.arange(PLACES) < lengths[:, None]).astype(float)
weighted = padding * draw.positive(SIZE)[:, None]


def case(metric, title, options, y_true, y_pred, weights, result):
    ends = np.cumsum(BATCHES)
    parts = {"yTrue": np.asarray(y_true), "yPred": np.asarray(y_pred), "sampleWeight": weights}
    batches = [{name: exact(x[start:end]) for name, x in parts.items()} for start, end in zip(ends - BATCHES, ends)]
    if batches not in data:
        data.append(batches)
    cases.append({"name": f"{metric}: {title}", "metric": metric, "options": options, "data": data.index(batches), "result": numbers(result)})


classes = draw.integers(0, 3, SIZE, PLACES)
shares = draw.probabilities(SIZE, PLACES, 3)
for i, j in np.ndindex(SIZE, PLACES):  # more often right than not, and no ties
    best, own = shares[i, j].argmax(), classes[i, j]
    if (i + j) % 3:
        shares[i, j, [best, own]] = shares[i, j, [own, best]]
flat, rows = classes.reshape(-1), shares.reshape(-1, 3)
decided = rows.argmax(1)
truth = draw.integers(0, 2, SIZE, PLACES, 1).astype(float)
score = np.clip(np.round((0.5 + 0.3 * (truth - 0.5) + draw.random.normal(0, 0.25, truth.shape)) * 16) / 16, 0, 0.9375) + 1 / 64
y, p = draw.normal(SIZE, PLACES, 2), draw.normal(SIZE, PLACES, 2) * 0.5
p = p + y * 0.5


def per_output(of, weights):
    """The mean over places and features of a score of one output's samples."""
    return np.mean([of(y[:, j, k], p[:, j, k], weights[:, j]) for j in range(PLACES) for k in range(2)])


def repeated(of):
    def call(a, b, w):
        seen = w > 0
        return of(a[seen], b[seen])

    return call


for title, weights in (("padding", padding), ("padding and sample weights", weighted)):
    w = weights.reshape(-1)
    seen = w > 0

    def of_classes(metric, options, result):
        case(metric, title, options, classes, shares, weights, result)

    of_classes("accuracy", {}, M.accuracy_score(flat, decided, sample_weight=w))
    of_classes("precision", {}, M.precision_score(flat, decided, average="macro", sample_weight=w))
    of_classes("confusionMatrix", {}, M.confusion_matrix(flat, decided, sample_weight=w))
    of_classes("sparseCategoricalCrossentropy", {}, M.log_loss(flat, rows, sample_weight=w))
    of_classes("perplexity", {}, np.exp(M.log_loss(flat, rows, sample_weight=w)))
    of_classes("sparseTopKCategoricalAccuracy", {"k": 2}, M.top_k_accuracy_score(flat, rows, k=2, sample_weight=w))
    of_classes("auc", {}, np.mean([M.roc_auc_score(flat == k, rows[:, k], sample_weight=w) for k in range(3)]))
    of_classes("brier", {}, np.average(((np.eye(3)[flat] - rows) ** 2).sum(1), weights=w))

    def of_decisions(metric, options, result):
        case(metric, title, options, truth, score, weights, result)

    t, s = truth.reshape(-1), score.reshape(-1)
    of_decisions("f1", {}, M.f1_score(t, s > 0.5, sample_weight=w))
    of_decisions("averagePrecision", {}, M.average_precision_score(t, s, sample_weight=w))
    of_decisions("binaryCrossentropy", {}, M.log_loss(t, s, sample_weight=w))

    def of_numbers(metric, options, result):
        case(metric, title, options, y, p, weights, result)

    of_numbers("meanSquaredError", {}, np.average(((y - p) ** 2).reshape(-1, 2).mean(1), weights=w))
    of_numbers("r2", {}, per_output(lambda a, b, v: M.r2_score(a, b, sample_weight=v), weights))
    of_numbers("explainedVariance", {}, per_output(lambda a, b, v: M.explained_variance_score(a, b, sample_weight=v), weights))
    of_numbers("maxError", {}, per_output(repeated(lambda a, b: np.abs(a - b).max()), weights))

of_numbers = lambda metric, result: case(metric, "padding", {}, y, p, padding, result)  # noqa: E731
of_numbers("pearsonCorrelation", per_output(repeated(lambda a, b: scipy.stats.pearsonr(a, b)[0]), padding))
of_numbers("spearmanCorrelation", per_output(repeated(lambda a, b: scipy.stats.spearmanr(a, b)[0]), padding))
of_numbers("medianAbsoluteError", per_output(repeated(M.median_absolute_error), padding))

write("metrics/masks", {"by": f"metrics/masks.py, scikit-learn {sklearn.__version__}, float64"}, data=data, cases=cases)

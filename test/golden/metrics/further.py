"""Golden numbers of further metrics: /usr/bin/python3 -m metrics.further, in test/golden (scikit-learn 1.2, SciPy 1.10).

As in make_metrics.py a case is a data set in uneven batches and the metric of the whole set. Where scikit-learn has no such function, the
equation stands beside the name. Curves are scikit-learn's exact ones, where Keras counts at 200 thresholds.
"""

import numpy as np
import scipy.stats
import sklearn
from sklearn import metrics as M

from golden import Draw, exact, numbers, write

draw = Draw(20260502)
cases, data = [], []
BATCHES = (13, 1, 23)
SIZE = sum(BATCHES)


def case(metric, title, options, y_true, y_pred, result, weight=None):
    ends = np.cumsum(BATCHES)
    batches = []
    for start, end in zip(ends - BATCHES, ends):
        batch = {"yTrue": exact(np.asarray(y_true)[start:end]), "yPred": exact(np.asarray(y_pred)[start:end])}
        if weight is not None:
            batch["sampleWeight"] = exact(weight[start:end])
        batches.append(batch)
    if batches not in data:
        data.append(batches)
    name = f"{metric}: {title}{'' if weight is None else ', with sample weights'}"
    cases.append({"name": name, "metric": metric, "options": options, "data": data.index(batches), "result": numbers(result)})


def column(values):
    return np.asarray(values, dtype=np.float64).reshape(-1, 1)


whole_weights = draw.integers(0, 4, SIZE).astype(float)  # whole: a weight is a repetition
parts = draw.positive(SIZE)
parts[[3, 10]] = 0

truth_binary = draw.integers(0, 2, SIZE)
# Multiples of 1/16 plus 1/64: with ties, and never at 1/2.
score_binary = np.clip(np.round((0.5 + 0.3 * (truth_binary - 0.5) + draw.random.normal(0, 0.25, SIZE)) * 16) / 16, 0, 0.9375) + 1 / 64
truth = draw.random.choice([0, 1, 2, 3], SIZE, p=[0.4, 0.3, 0.1, 0.2])
truth[[4, 20, 33]] = 2
probabilities = draw.probabilities(SIZE, 4)
swap = draw.random.random(SIZE) < 0.6
for i in np.nonzero(swap)[0]:
    best, own = probabilities[i].argmax(), truth[i]
    probabilities[i, [best, own]] = probabilities[i, [own, best]]
assert all(len(set(p)) == 4 or p.argmax() == np.nonzero(p == p.max())[0][-1] for p in probabilities)
predicted = probabilities.argmax(1)
one_hot = np.eye(4)[truth]
labels3 = draw.integers(0, 2, SIZE, 3)
scores3 = np.round(draw.random.random((SIZE, 3)) * 32) / 32 * 0.9375 + 1 / 64
scores3 = np.round(scores3 * 256) / 256
decided3 = scores3 > 0.5
CLASSES = list(range(4))


def mean_of(values, w):
    """Over samples and places."""
    return np.average(values.reshape(SIZE, -1).mean(1), weights=w)


for w in (None, parts):
    decided = (score_binary > 0.5).astype(int)
    B = (column(truth_binary), column(score_binary))
    common = {"sample_weight": w}
    for beta in (0.5, 2):
        options = {"beta": beta}
        case("fBeta", f"binary, {beta}", options, *B, M.fbeta_score(truth_binary, decided, beta=beta, **common), w)
        case("fBeta", f"classes, {beta}", options, truth, probabilities, M.fbeta_score(truth, predicted, beta=beta, average="macro", labels=CLASSES, zero_division=0, **common), w)
    case("iou", "binary", {}, *B, M.jaccard_score(truth_binary, decided, **common), w)
    case("iou", "each class", {"average": "none"}, truth, probabilities, M.jaccard_score(truth, predicted, average=None, labels=CLASSES, **common), w)
    case("iou", "three labels", {"threshold": 0.5}, labels3, scores3, M.jaccard_score(labels3, decided3, average="macro", **common), w)
    case("meanIou", "classes", {}, truth, probabilities, M.jaccard_score(truth, predicted, average="macro", **common), w)
    case("meanIou", "binary, as Keras's BinaryIoU", {}, *B, M.jaccard_score(truth_binary, decided, average="macro", **common), w)
    case("balancedAccuracy", "classes", {}, truth, probabilities, M.balanced_accuracy_score(truth, predicted, **common), w)
    case("balancedAccuracy", "binary", {}, *B, M.balanced_accuracy_score(truth_binary, decided, **common), w)
    case("specificity", "binary", {}, *B, M.recall_score(1 - truth_binary, 1 - decided, **common), w)
    per_class = [M.recall_score(truth != k, predicted != k, **common) for k in CLASSES]
    case("specificity", "each class", {"average": "none"}, truth, probabilities, per_class, w)
    tn, fp, fn, tp = M.confusion_matrix(truth_binary, decided, **common).ravel()
    for metric, count in (("trueNegatives", tn), ("falsePositives", fp), ("falseNegatives", fn), ("truePositives", tp)):
        case(metric, "binary", {}, *B, count, w)
    counts = np.array([M.confusion_matrix(labels3[:, k], decided3[:, k], **common).ravel() for k in range(3)]).T
    for metric, count in zip(("trueNegatives", "falsePositives", "falseNegatives", "truePositives"), counts):
        case(metric, "three labels", {"threshold": 0.5}, labels3, scores3, count.sum(), w)
        case(metric, "three labels, each", {"threshold": 0.5, "average": "none"}, labels3, scores3, count, w)
    case("matthewsCorrelation", "binary", {}, *B, M.matthews_corrcoef(truth_binary, decided, **common), w)
    case("matthewsCorrelation", "classes", {}, one_hot, probabilities, M.matthews_corrcoef(truth, predicted, **common), w)
    for weights in (None, "linear", "quadratic"):
        options = {} if weights is None else {"weights": weights}
        case("cohenKappa", f"classes, {weights}", options, truth, probabilities, M.cohen_kappa_score(truth, predicted, weights=weights, **common), w)
    case("cohenKappa", "binary", {}, *B, M.cohen_kappa_score(truth_binary, decided, **common), w)

    # --- curves: exact, with ties
    case("auc", "binary", {}, *B, M.roc_auc_score(truth_binary, score_binary, **common), w)
    precision, recall, _ = M.precision_recall_curve(truth_binary, score_binary, **common)
    case("auc", "binary, precision over recall", {"curve": "pr"}, *B, M.auc(recall, precision), w)
    case("averagePrecision", "binary", {}, *B, M.average_precision_score(truth_binary, score_binary, **common), w)
    for average in ("macro", "weighted", None):
        options = {} if average == "macro" else {"average": average or "none"}
        per_class = np.array([M.roc_auc_score(truth == k, probabilities[:, k], **common) for k in CLASSES])
        support = np.bincount(truth, weights=w)
        result = per_class if average is None else np.average(per_class, weights=support if average == "weighted" else None)
        case("auc", f"classes, {average}", options, truth, probabilities, result, w)
        several = {**options, "multiLabel": True}
        case("auc", f"three labels, {average}", several, labels3, scores3, M.roc_auc_score(labels3, scores3, average=average, **common), w)
        case("averagePrecision", f"three labels, {average}", several, labels3, scores3, M.average_precision_score(labels3, scores3, average=average, **common), w)
    case("auc", "classes, one-hot", {}, one_hot, probabilities, np.mean(per_class), w)
    alarms, hits, _ = M.roc_curve(truth_binary, score_binary, drop_intermediate=False, **common)
    for least in (0.5, 0.8):
        case("sensitivityAtSpecificity", f"{least}", {"specificity": least}, *B, hits[1 - alarms >= least].max(), w)
        case("specificityAtSensitivity", f"{least}", {"sensitivity": least}, *B, (1 - alarms)[hits >= least].max(), w)
        case("precisionAtRecall", f"{least}", {"recall": least}, *B, precision[recall >= least].max(), w)
        case("recallAtPrecision", f"{least}", {"precision": least}, *B, recall[:-1][precision[:-1] >= least].max(initial=0), w)

    # --- probabilities
    case("brier", "binary", {}, *B, M.brier_score_loss(truth_binary, score_binary, **common), w)
    case("brier", "classes", {}, truth, probabilities, np.average(((probabilities - one_hot) ** 2).sum(1), weights=w), w)
    case("binaryCrossentropy", "binary", {}, *B, M.log_loss(truth_binary, score_binary, **common), w)
    case("categoricalCrossentropy", "classes", {}, one_hot, probabilities, M.log_loss(truth, probabilities, labels=CLASSES, **common), w)
    case("sparseCategoricalCrossentropy", "classes", {}, truth, probabilities, M.log_loss(truth, probabilities, labels=CLASSES, **common), w)
    known = (truth != 2).astype(float) * (1 if w is None else w)
    own = -np.log(probabilities[np.arange(SIZE), truth])
    case("sparseCategoricalCrossentropy", "ignoreClass", {"ignoreClass": 2}, truth, probabilities, np.average(own, weights=known), w)
    case("perplexity", "classes", {}, truth, probabilities, np.exp(np.average(own, weights=w)), w)

    def calibration(confidence, right, bins):  # Guo et al., 2017
        v = np.ones(SIZE) if w is None else w
        bin_of = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
        gaps = [abs((v * (right - confidence))[bin_of == b].sum()) for b in range(bins)]
        return sum(gaps) / v.sum()

    case("expectedCalibrationError", "classes", {}, truth, probabilities, calibration(probabilities.max(1), predicted == truth, 15), w)
    case("expectedCalibrationError", "binary, ten bins", {"bins": 10}, *B, calibration(score_binary, truth_binary, 10), w)
    for k in (1, 2, 5):
        result = M.top_k_accuracy_score(truth, probabilities, k=k, labels=CLASSES, **common) if k < 4 else 1.0
        options = {} if k == 5 else {"k": k}
        case("sparseTopKCategoricalAccuracy", f"k = {k}", options, truth, probabilities, result, w)
        case("topKCategoricalAccuracy", f"k = {k}", options, one_hot, probabilities, result, w)

    # --- numbers
    for outputs, offset in ((1, 0), (3, 0), (2, 1000)):
        y = draw.normal(SIZE, outputs, step=64) + offset
        p = y + draw.normal(SIZE, outputs, scale=0.5, step=64)
        title = f"{outputs} outputs around {offset}"
        case("rootMeanSquaredError", title, {}, y, p, np.sqrt(M.mean_squared_error(y, p, **common)), w)
        case("meanAbsolutePercentageError", title, {}, y, p, 100 * M.mean_absolute_percentage_error(y, p, **common), w)
        case("explainedVariance", title, {}, y, p, M.explained_variance_score(y, p, **common), w)
        case("explainedVariance", f"{title}, each", {"average": "none"}, y, p, M.explained_variance_score(y, p, multioutput="raw_values", **common), w)

        def covariance(a, b):
            mean = lambda x: np.average(x, weights=w)  # noqa: E731
            return mean((a - mean(a)) * (b - mean(b)))

        pearson = [covariance(a, b) / np.sqrt(covariance(a, a) * covariance(b, b)) for a, b in zip(y.T, p.T)]
        if w is None:
            assert np.allclose(pearson, [scipy.stats.pearsonr(a, b)[0] for a, b in zip(y.T, p.T)])
        case("pearsonCorrelation", title, {"average": "none"}, y, p, pearson, w)
        case("pearsonCorrelation", f"{title}, mean", {}, y, p, np.mean(pearson), w)
        concordance = [2 * covariance(a, b) / (covariance(a, a) + covariance(b, b) + (np.average(a, weights=w) - np.average(b, weights=w)) ** 2) for a, b in zip(y.T, p.T)]
        case("concordanceCorrelation", title, {}, y, p, np.mean(concordance), w)
        case("logCosh", title, {}, y, p, mean_of(np.log(np.cosh(y - p)), w), w)
        error = np.abs(y - p)
        case("huber", title, {"delta": 0.5}, y, p, mean_of(np.where(error <= 0.5, 0.5 * error**2, 0.5 * error - 0.125), w), w)
        similarity = (y * p).sum(1) / np.linalg.norm(y, axis=1) / np.linalg.norm(p, axis=1)
        case("cosineSimilarity", title, {}, y, p, np.average(similarity, weights=w), w)
        kept = slice(None) if w is None else w > 0
        case("maxError", title, {}, y, p, error[kept].max(0).mean(), w)
    counts, rates = draw.integers(0, 6, SIZE, 2).astype(float), draw.positive(SIZE, 2)
    case("meanSquaredLogarithmicError", "counts", {}, counts, rates, M.mean_squared_log_error(counts, rates, **common), w)
    case("poisson", "counts", {}, counts, rates, mean_of(rates - counts * np.log(rates + 1e-7), w), w)
    margins = draw.normal(SIZE, 1) + 2.0**-10
    hinge = M.hinge_loss(truth_binary, margins[:, 0], **common)
    case("hinge", "0 and 1", {}, column(truth_binary), margins, hinge, w)
    case("hinge", "-1 and 1", {}, column(2 * truth_binary - 1), margins, hinge, w)
    case("squaredHinge", "0 and 1", {}, column(truth_binary), margins, np.average(np.maximum(1 - (2 * truth_binary - 1) * margins[:, 0], 0) ** 2, weights=w), w)
    case("categoricalHinge", "classes", {}, one_hot, probabilities, M.hinge_loss(truth, probabilities, labels=CLASSES, **common), w)
    other = draw.probabilities(SIZE, 4)
    case("klDivergence", "distributions", {}, other, probabilities, np.average((other * np.log(other / probabilities)).sum(1), weights=w), w)

# Whole weights: each sample as often as its weight says.
for w in (None, whole_weights):
    y = np.round(draw.normal(SIZE, 2, step=4) * 4) / 4
    p = np.round((y + draw.normal(SIZE, 2, step=4)) * 4) / 4
    again = np.repeat(np.arange(SIZE), 1 if w is None else w.astype(int))
    rho = [scipy.stats.spearmanr(y[again, k], p[again, k])[0] for k in range(2)]
    case("spearmanCorrelation", "with ties", {"average": "none"}, y, p, rho, w)
    case("spearmanCorrelation", "with ties, mean", {}, y, p, np.mean(rho), w)
    case("medianAbsoluteError", "two outputs", {}, y, p, M.median_absolute_error(y[again], p[again]), w)
    case("medianAbsoluteError", "each", {"average": "none"}, y, p, M.median_absolute_error(y[again], p[again], multioutput="raw_values"), w)

write("metrics/further", {"by": f"metrics/further.py, scikit-learn {sklearn.__version__}, SciPy {scipy.__version__}"}, data=data, cases=cases)

"""Golden numbers of metrics: /usr/bin/python3 test/golden/make_metrics.py (scikit-learn 1.2: apt-get install python3-sklearn).

Each case is a data set in uneven batches and the metric of the whole set, as scikit-learn computes it; averaging over batches fails.
A class that is never predicted (precision) or never there (recall, F1) scores 0, as in scikit-learn's zero_division=0, and every class of
the predictions' last axis takes part in a macro average, present or not, as in Keras. A probability must exceed the threshold (Keras).
R2 of several outputs is their plain average (scikit-learn's and Keras's "uniform_average").
"""

import numpy as np
import sklearn
from sklearn import metrics as M

from golden import Draw, exact, numbers, write

draw = Draw(20260104)
cases = []
data = []  # the batches, each set once; a case names its set by number
BATCHES = (13, 1, 23)
SIZE = sum(BATCHES)


def case(metric, title, options, y_true, y_pred, result, weight=None):
    ends = np.cumsum(BATCHES)
    assert len(y_true) == len(y_pred) == SIZE
    batches = []
    for start, end in zip(ends - BATCHES, ends):
        batch = {"yTrue": exact(y_true[start:end]), "yPred": exact(y_pred[start:end])}
        if weight is not None:
            batch["sampleWeight"] = exact(weight[start:end])
        batches.append(batch)
    if batches not in data:
        data.append(batches)
    name = f"{metric}: {title}{'' if weight is None else ', with sample weights'}"
    cases.append({"name": name, "metric": metric, "options": options, "data": data.index(batches), "result": numbers(result)})


def column(values):
    return np.asarray(values, dtype=np.float64).reshape(-1, 1)


def weights():
    w = draw.positive(SIZE)
    w[[3, 10]] = 0
    return w


def unequal_scores(classes, labels):
    """Probabilities without ties, right about 60 % of the time; class 2 is rare and class 3, if there, never predicted."""
    p = draw.probabilities(SIZE, classes)
    right = draw.random.random(SIZE) < 0.6
    for i in range(SIZE):
        best = labels[i] if right[i] and labels[i] != 3 else int(draw.random.choice([0, 1]))
        p[i, best] = p[i].max() + 0.5
    return p


truth_binary = draw.integers(0, 2, SIZE)
score_binary = np.clip(np.round((0.5 + 0.3 * (truth_binary - 0.5) + draw.random.normal(0, 0.25, SIZE)) * 64) / 64, 0, 1)
score_binary[[2, 7]] = 0.5  # not above the threshold
truth = draw.random.choice([0, 1, 2, 3], SIZE, p=[0.4, 0.3, 0.1, 0.2])
truth[truth == 2] = 0
truth[[4, 20, 33]] = 2
scores = unequal_scores(5, truth)  # class 4 is neither true nor predicted
predicted = scores.argmax(1)
assert 3 in truth and 3 not in predicted and 4 not in truth and 4 not in predicted
one_hot = np.eye(5)[truth]
multi_truth = draw.integers(0, 2, SIZE, 3)
multi_score = np.round(draw.random.random((SIZE, 3)) * 64) / 64
CLASSES = list(range(5))

for w in (None, weights()):
    binary = lambda threshold: (score_binary > threshold).astype(int)  # noqa: E731
    case("binaryAccuracy", "one output", {}, column(truth_binary), column(score_binary), M.accuracy_score(truth_binary, binary(0.5), sample_weight=w), w)
    case("binaryAccuracy", "threshold 0.25", {"threshold": 0.25}, column(truth_binary), column(score_binary), M.accuracy_score(truth_binary, binary(0.25), sample_weight=w), w)
    per_label = [M.accuracy_score(multi_truth[:, k], multi_score[:, k] > 0.5, sample_weight=w) for k in range(3)]
    case("binaryAccuracy", "three labels", {}, multi_truth, multi_score, np.mean(per_label), w)
    case("categoricalAccuracy", "five classes", {}, one_hot, scores, M.accuracy_score(truth, predicted, sample_weight=w), w)
    case("sparseCategoricalAccuracy", "five classes", {}, truth, scores, M.accuracy_score(truth, predicted, sample_weight=w), w)
    case("sparseCategoricalAccuracy", "labels as a column", {}, column(truth), scores, M.accuracy_score(truth, predicted, sample_weight=w), w)
    for metric, function in (("precision", M.precision_score), ("recall", M.recall_score), ("f1", M.f1_score)):
        common = {"sample_weight": w, "zero_division": 0}
        case(metric, "binary", {}, column(truth_binary), column(score_binary), function(truth_binary, binary(0.5), **common), w)
        case(metric, "binary, threshold 0.75", {"threshold": 0.75}, column(truth_binary), column(score_binary), function(truth_binary, binary(0.75), **common), w)
        case(metric, "binary, nothing predicted", {"threshold": 1}, column(truth_binary), column(score_binary), function(truth_binary, binary(1), **common), w)
        for average in ("micro", "macro", "weighted", None):
            result = function(truth, predicted, average=average, labels=CLASSES, **common)
            options = {"average": average or "none"}
            case(metric, f"{options['average']}, sparse labels", options, truth, scores, result, w)
            if w is None:
                case(metric, f"{options['average']}, one-hot labels", options, one_hot, scores, result, w)
        for average in ("micro", "macro", "weighted", None):
            result = function(truth_binary, binary(0.5), average=average, labels=[0, 1], **common)
            case(metric, f"binary, {average}", {"average": average or "none"}, column(truth_binary), column(score_binary), result, w)
            options = {"average": average or "none", "threshold": 0.5}
            result = function(multi_truth, multi_score > 0.5, average=average, **common)
            case(metric, f"three labels, {average}", options, multi_truth, multi_score, result, w)
    case("accuracy", "one output", {}, column(truth_binary), column(score_binary), M.accuracy_score(truth_binary, binary(0.5), sample_weight=w), w)
    case("accuracy", "one-hot", {}, one_hot, scores, M.accuracy_score(truth, predicted, sample_weight=w), w)
    case("accuracy", "class numbers", {}, truth, scores, M.accuracy_score(truth, predicted, sample_weight=w), w)
    case("confusionMatrix", "five classes", {}, truth, scores, M.confusion_matrix(truth, predicted, labels=CLASSES, sample_weight=w), w)
    case("confusionMatrix", "five classes, one-hot", {}, one_hot, scores, M.confusion_matrix(truth, predicted, labels=CLASSES, sample_weight=w), w)
    case("confusionMatrix", "binary", {}, column(truth_binary), column(score_binary), M.confusion_matrix(truth_binary, binary(0.5), sample_weight=w), w)
    for outputs, scale, offset in ((1, 1, 0), (3, 1, 0), (1, 1, 1000), (2, 1 / 16, -4096)):
        y = draw.normal(SIZE, outputs, scale=scale, step=64) + offset
        y_hat = y + draw.normal(SIZE, outputs, scale=0.5 * scale, step=64)
        title = f"{outputs} output{'s' if outputs > 1 else ''} around {offset}"
        for metric, function in (("meanSquaredError", M.mean_squared_error), ("meanAbsoluteError", M.mean_absolute_error), ("r2", M.r2_score)):
            case(metric, title, {}, y, y_hat, function(y, y_hat, sample_weight=w), w)

y, y_hat = draw.normal(SIZE, 2), draw.normal(SIZE, 2)
case("r2", "each output by itself", {"average": "none"}, y, y_hat, M.r2_score(y, y_hat, multioutput="raw_values"))
worse = draw.normal(SIZE, 1)
case("r2", "worse than the mean", {}, worse, -worse, M.r2_score(worse, -worse))
constant = np.full((SIZE, 1), 2.0)
case("r2", "constant truth, missed", {}, constant, constant + 1, M.r2_score(constant, constant + 1))
case("r2", "constant truth, met", {}, constant, constant, M.r2_score(constant, constant))

write("metrics", {"by": f"make_metrics.py, scikit-learn {sklearn.__version__}, NumPy {np.__version__}, float64"}, data=data, cases=cases)

"""Descent against scikit-learn's defaults, on the same rows. Run by bench/tables/run.sh, or after trainings:
python3 bench/tables/compare.py NAME=FILE=RUN_FOLDER... (a table in Markdown; scikit-learn 1.2.1, pandas; CSV and JSON)."""

import json
import sys

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, mean_absolute_error, r2_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

MISSING = ["?", "NA", ""]


def read(file, columns):
    if file.endswith(".json"):
        return pd.read_json(file)
    named = columns[0] != "column1"
    table = pd.read_csv(file, header=0 if named else None, na_values=MISSING)
    if not named:
        table.columns = columns
    return table


def features(table, kinds, target):
    """Numbers, words and dates as a person would give them to scikit-learn; identifiers, texts and constants left out."""
    parts, numbers, words = {}, [], []
    for name, kind in kinds.items():
        if name == target or name not in table or kind in ("identifier", "constant", "text"):
            continue
        column = table[name]
        if kind == "date":
            date = pd.to_datetime(column, errors="coerce")
            parts[f"{name} day"] = (date - pd.Timestamp("1970-01-01")).dt.days
            parts[f"{name} month"] = date.dt.month
            parts[f"{name} hour"] = date.dt.hour
            numbers += [f"{name} day", f"{name} month", f"{name} hour"]
        elif kind in ("numeric", "ordinal") or (kind == "boolean" and column.dtype.kind in "if"):
            parts[name] = pd.to_numeric(column, errors="coerce")
            numbers.append(name)
        else:
            parts[name] = column.astype("string").fillna("").astype(object)
            words.append(name)
    return pd.DataFrame(parts), numbers, words


def compare(title, file, run):
    with open(f"{run}/metrics.json") as f:
        metrics = json.load(f)
    kinds = {column["name"]: column["type"] for column in metrics["columns"]}
    target, task = metrics["target"], metrics["task"]
    table = read(file, list(kinds))
    tested = pd.read_csv(f"{run}/predictions.csv")["row"].to_numpy().astype(int) - 1
    y = pd.to_numeric(table[target], errors="coerce") if task == "regression" else table[target].where(table[target].notna())
    known = y.notna().to_numpy()
    x, numbers, words = features(table, kinds, target)
    is_test = np.zeros(len(table), bool)
    is_test[tested] = True
    # As Descent did: no copies of rows, in the training part either.
    copy = pd.concat([x, y.rename("\0y")], axis=1).duplicated().to_numpy()
    chosen = known & ~is_test & ~copy
    prepare = lambda: make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=5), words),
    )
    row = [title, target, metrics["rows"]["train"] + metrics["rows"]["validation"], len(tested)]
    if task == "regression":
        models = [LinearRegression(), RandomForestRegressor(random_state=0, n_jobs=2)]
        ours = [metrics["test"]["r2"], metrics["test"]["meanAbsoluteError"]]
        score = lambda model: [r2_score(y[is_test], model.predict(x[is_test])), mean_absolute_error(y[is_test], model.predict(x[is_test]))]
        row.append("R², mean absolute error")
    else:
        y = y.astype(str)
        models = [LogisticRegression(max_iter=1000), RandomForestClassifier(random_state=0, n_jobs=2)]
        binary = task == "binary"
        ours = [metrics["test"]["accuracy"]] + ([metrics["test"]["auc"]] if binary else [])
        def score(model):
            scores = [accuracy_score(y[is_test], model.predict(x[is_test]))]
            return scores + ([roc_auc_score(y[is_test], model.predict_proba(x[is_test])[:, 1])] if binary else [])
        row.append("accuracy, area under the curve" if binary else "accuracy")
    show = lambda values: ", ".join(f"{value:.3f}" for value in values)
    row.append(show(ours))
    for model in models:
        row.append(show(score(make_pipeline(prepare(), model).fit(x[chosen], y[chosen]))))
    print("| " + " | ".join(map(str, row)) + " |", flush=True)


print("| table | target | rows to train | to test | figures | Descent | linear | forest |")
print("| --- | --- | --- | --- | --- | --- | --- | --- |")
for argument in sys.argv[1:]:
    compare(*argument.split("="))

"""Golden numbers for src/data, from scikit-learn, SciPy and NumPy. Writes sklearn.json beside this file.

Debian: apt-get install python3-sklearn; then /usr/bin/python3 make.py   (made with scikit-learn 1.2.1, NumPy 1.24.2, SciPy 1.10.1)
"""
import json
import pathlib
import warnings

import numpy as np
import scipy
import sklearn
from scipy import stats
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold, StratifiedKFold, StratifiedShuffleSplit
from sklearn.preprocessing import LabelEncoder, MinMaxScaler, OneHotEncoder, RobustScaler, StandardScaler

warnings.simplefilter("ignore")
rng = np.random.default_rng(7)
nan = float("nan")


def clean(x):
    """Arrays as nested lists, NaN as null."""
    if isinstance(x, dict):
        return {k: clean(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [clean(v) for v in x]
    if isinstance(x, np.ndarray):
        return clean(x.tolist())
    if isinstance(x, np.generic):
        return clean(x.item())
    if isinstance(x, float) and np.isnan(x):
        return None
    return x


tables = {
    "normal": rng.normal(size=(20, 3)) * [1, 50, 0.01] + [0, 1000, -3],
    "integers": rng.integers(-5, 6, size=(15, 4)).astype(float),
    "constant column": np.column_stack([np.full(6, 7.0), np.arange(6.0), np.full(6, 0.1) + 1e-17]),
    "nearly constant": np.column_stack([np.full(5, 1e8) + np.array([0, 0, 0, 0, 1e-8]), np.arange(5.0) * 1e-12]),
    "one row": np.array([[1.0, -2.0]]),
    "missing": np.array([[1.0, nan, 3.0], [nan, 5.0, 9.0], [7.0, 8.0, nan], [2.0, 2.0, 2.0]]),
    "heavy tails": rng.standard_t(1.5, size=(25, 2)) * 10,
}
fresh = rng.normal(size=(4, 1)) * 3

scalers = []
for name, x in tables.items():
    new = np.tile(fresh, (1, x.shape[1])) + np.nan_to_num(np.nanmean(x, axis=0))
    for kind, make, options, python in [
        ("standardScaler", StandardScaler, {}, {}),
        ("standardScaler", StandardScaler, {"withMean": False}, {"with_mean": False}),
        ("standardScaler", StandardScaler, {"withStd": False}, {"with_std": False}),
        ("minMaxScaler", MinMaxScaler, {}, {}),
        ("minMaxScaler", MinMaxScaler, {"featureRange": [-1, 2]}, {"feature_range": (-1, 2)}),
        ("minMaxScaler", MinMaxScaler, {"clip": True}, {"clip": True}),
        ("robustScaler", RobustScaler, {}, {}),
        ("robustScaler", RobustScaler, {"quantileRange": [10, 80]}, {"quantile_range": (10, 80)}),
        ("robustScaler", RobustScaler, {"withCentering": False}, {"with_centering": False}),
        ("robustScaler", RobustScaler, {"withScaling": False}, {"with_scaling": False}),
    ]:
        if name == "nearly constant" and kind == "minMaxScaler":
            continue  # scikit-learn computes x * scale + min here, which cancels: it gives 0 where the smallest value must be the range's end
        s = make(**python).fit(x)
        learned = {
            "standardScaler": lambda: {"mean": s.mean_, "variance": s.var_, "scale": s.scale_},
            "minMaxScaler": lambda: {"min": s.data_min_, "max": s.data_max_},
            "robustScaler": lambda: {"median": s.center_, "scale": s.scale_},
        }[kind]()
        scalers.append({
            "table": name, "kind": kind, "options": options,
            "learned": {k: v for k, v in learned.items() if v is not None},
            "train": s.transform(x), "new": new, "newScaled": s.transform(new),
        })

missing = []
holes = np.array([[1, 2, nan], [nan, 2, 3], [7, nan, 3], [1, 9, 5], [4, 4, 5], [nan, 0, 3.5]])
for strategy, python in [("mean", "mean"), ("median", "median"), ("mode", "most_frequent"), ("constant", "constant")]:
    for indicator in (False, True):
        s = SimpleImputer(strategy=python, add_indicator=indicator, fill_value=-1 if strategy == "constant" else None).fit(holes)
        missing.append({"strategy": strategy, "indicator": indicator, "x": holes, "filled": s.transform(holes), "fill": s.statistics_})
few = np.array([[1, 2, 3], [nan, 2, 3], [4, 5, 6]])
s = SimpleImputer(add_indicator=True).fit(few)
missing.append({"strategy": "mean", "indicator": True, "x": few, "filled": s.transform(few), "fill": s.statistics_})

column = np.append(rng.normal(size=30), [6.0, -9.0])
q1, q3 = np.percentile(column, [25, 75])
outliers = {
    "x": column,
    "iqr": {"lower": q1 - 1.5 * (q3 - q1), "upper": q3 + 1.5 * (q3 - q1)},
    "zScore": [bool(v) for v in np.abs(stats.zscore(column)) > 3],
}

splits = []
for sizes, test in [([50, 30, 20], 0.2), ([33, 33, 34], 0.25), ([7, 5, 3, 85], 0.1), ([1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978], 0.2), ([5, 5], 3)]:
    y = np.repeat(np.arange(len(sizes)), sizes)
    train, held = next(StratifiedShuffleSplit(1, test_size=test, random_state=0).split(y, y))
    splits.append({
        "sizes": sizes, "testSize": test, "trainCount": len(train), "testCount": len(held),
        "testCounts": np.bincount(y[held], minlength=len(sizes)),
    })

folds = []
y = np.array([2, 0, 0, 1, 1, 2, 0, 0, 1, 0, 2, 2, 1, 0])
for k in (2, 3, 4):
    folds.append({"count": 14, "splits": k, "tests": [t for _, t in KFold(k).split(y)]})
    folds.append({"count": 14, "splits": k, "stratify": y, "tests": [t for _, t in StratifiedKFold(k).split(y, y)]})

colors = [["red", "L"], ["blue", "S"], ["green", "L"], ["blue", "M"], ["Red", "XL"]]
encoder = OneHotEncoder(sparse_output=False).fit(colors)
words = ["pear", "apple", "Zebra", "apple", "fig"]
encoding = {
    "rows": colors, "categories": encoder.categories_, "encoded": encoder.transform(colors),
    "words": words, "classes": LabelEncoder().fit(words).classes_, "codes": LabelEncoder().fit_transform(words),
}

out = {
    "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__, "scipy": scipy.__version__},
    "tables": tables, "scalers": scalers, "missing": missing, "outliers": outliers, "splits": splits, "folds": folds, "encoding": encoding,
}
path = pathlib.Path(__file__).with_name("sklearn.json")
path.write_text(json.dumps(clean(out)) + "\n")
print(path, path.stat().st_size, "bytes")

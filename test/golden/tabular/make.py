"""Golden numbers of tables: scikit-learn 1.2.1 (Debian's). Run: cd test/golden/tabular && /usr/bin/python3 make.py"""

import json

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.preprocessing import MinMaxScaler, PowerTransformer, QuantileTransformer, RobustScaler, StandardScaler

rng = np.random.default_rng(0)
n = 60
a = np.round(np.exp(rng.normal(size=n)), 3)
b = np.round(rng.normal(size=n) ** 3 - 0.4, 3)
c = np.round(2 * a - b + rng.normal(size=n), 2)
c[::7] = np.nan
x = np.stack([a, b], axis=1)
fresh = np.array([[0.0001, -100.0], [1.25, 0.0], [2.5, 0.7], [1000.0, 100.0]])
ways = {
    "standard": StandardScaler(),
    "min-max": MinMaxScaler(),
    "robust": RobustScaler(),
    "quantile": QuantileTransformer(n_quantiles=n, output_distribution="normal"),
    "yeo-johnson": PowerTransformer(),
}
scaled = {}
for name, way in ways.items():
    scaled[name] = {"train": way.fit_transform(x).tolist(), "fresh": way.transform(fresh).tolist()}
known = ~np.isnan(c)
scaler = StandardScaler().fit(x)
ridge = Ridge(alpha=1.0).fit(scaler.transform(x)[known], c[known])
told = np.clip(ridge.predict(scaler.transform(x)[~known]), np.nanmin(c), np.nanmax(c))
rows = [[float(p), float(q), None if np.isnan(r) else float(r)] for p, q, r in zip(a, b, c)]
json.dump({"rows": rows, "fresh": fresh.tolist(), "scaled": scaled, "filled": told.tolist()}, open("tabular.json", "w"))

"""Golden numbers of preprocessing layers: python3 -m layers.preprocessing in test/golden (PyTorch 2.13 CPU, NumPy, float64).

Resizing: torch.nn.functional.interpolate with align_corners=False. Its bicubic kernel has a = -3/4 unless it antialiases; a = -1/2, as
TensorFlow, JAX and Keras have it, is compared where antialias=True changes nothing else (enlarging) and where it shrinks with antialias.
Lanczos, which PyTorch lacks, is written out from its definition. Categories: numpy.digitize, torch.nn.functional.one_hot.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F

from layer_cases import LayerCases

layers = LayerCases(20261129)
draw, case = layers.draw, layers.case


def resized(x, size, **how):
    return F.interpolate(x.permute(0, 3, 1, 2), size=size, **how).permute(0, 2, 3, 1)


def bilinear(x, size, antialias=False):
    return resized(x, size, mode="bilinear", align_corners=False, antialias=antialias)


case("resizing", "bilinear, larger", {"height": 7, "width": 4}, [draw.normal(2, 4, 3, 2)], lambda x, _: bilinear(x[0], (7, 4)))
case("resizing", "bilinear, smaller", {"height": 3, "width": 4}, [draw.normal(2, 7, 9, 1)], lambda x, _: bilinear(x[0], (3, 4)))
options = {"height": 3, "width": 4, "antialias": True}
case("resizing", "bilinear, smaller, antialias", options, [draw.normal(1, 7, 9, 1)], lambda x, _: bilinear(x[0], (3, 4), True))
options = {"height": 5, "width": 2, "interpolation": "nearest"}
case("resizing", "nearest", options, [draw.normal(2, 3, 5, 1)], lambda x, _: resized(x[0], (5, 2), mode="nearest-exact"))
cubic = dict(mode="bicubic", align_corners=False, antialias=True)
options = {"height": 7, "width": 6, "interpolation": "bicubic"}
case("resizing", "bicubic, larger", options, [draw.normal(1, 4, 5, 1)], lambda x, _: resized(x[0], (7, 6), **cubic))
options = {"height": 3, "width": 4, "interpolation": "bicubic", "antialias": True}
case("resizing", "bicubic, smaller, antialias", options, [draw.normal(1, 7, 9, 1)], lambda x, _: resized(x[0], (3, 4), **cubic))


def lanczos_matrix(size, out, reach):
    rows = np.zeros((out, size))
    for i in range(out):
        for j in range(size):
            d = abs(j - ((i + 0.5) * size / out - 0.5))
            rows[i, j] = np.sinc(d) * np.sinc(d / reach) if d < reach else 0
    return torch.tensor(rows / rows.sum(1, keepdims=True))


def lanczos(x, height, width, reach):
    return torch.einsum("ih,jw,nhwc->nijc", lanczos_matrix(x.shape[1], height, reach), lanczos_matrix(x.shape[2], width, reach), x)


options = {"height": 8, "width": 5, "interpolation": "lanczos3"}
case("resizing", "lanczos3", options, [draw.normal(1, 5, 7, 1)], lambda x, _: lanczos(x[0], 8, 5, 3))
options = {"height": 4, "width": 4, "cropToAspectRatio": True}
case("resizing", "crop to the ratio", options, [draw.normal(1, 5, 8, 1)], lambda x, _: bilinear(x[0][:, :, 1:6], (4, 4)))
options = {"height": 4, "width": 4, "padToAspectRatio": True, "fillValue": 0.5}
case("resizing", "pad to the ratio", options, [draw.normal(1, 5, 8, 1)], lambda x, _: bilinear(F.pad(x[0], (0, 0, 0, 0, 1, 2), value=0.5), (4, 4)))
case("centerCrop", "odd room", {"height": 2, "width": 3}, [draw.normal(2, 5, 6, 2)], lambda x, _: x[0][:, 1:3, 1:4])
case("centerCrop", "of a small image", {"height": 4, "width": 4}, [draw.normal(1, 2, 3, 1)], lambda x, _: bilinear(x[0][:, :, 0:2], (4, 4)))
case("rescaling", "bytes", {"scale": 1 / 128, "offset": -1}, [draw.normal(3, 4)], lambda x, _: x[0] / 128 - 1)

mean, variance = [0.5, -1.0, 2.0], [0.25, 4.0, 0.0]
deviation = torch.tensor(variance, dtype=torch.float64).sqrt().clamp(min=1e-7)
given = {"mean": mean, "variance": variance}
case("normalization", "last axis", {"mean": mean[:2], "variance": variance[:2]}, [draw.normal(4, 3, 2)], lambda x, _: (x[0] - torch.tensor(mean[:2])) / deviation[:2])
case("normalization", "inverted", {**given, "invert": True}, [draw.normal(4, 3)], lambda x, _: x[0] * deviation + torch.tensor(mean))
case("normalization", "one for all", {"axis": None, "mean": 3, "variance": 2}, [draw.normal(2, 3, 2)], lambda x, _: (x[0] - 3) / math.sqrt(2))
case("normalization", "first axis", {"axis": 1, "mean": mean[:2], "variance": variance[:2]}, [draw.normal(2, 2, 3)], lambda x, _: (x[0] - torch.tensor(mean[:2])[:, None]) / deviation[:2, None])

bins = [-1.0, 0.0, 1.5]


def digits(x):
    return torch.tensor(np.digitize(x.detach().numpy(), bins))


values = np.array([[-2.0, -1.0, -0.5], [0.0, 1.25, 1.5], [7.0, 0.5, -1.0]])
case("discretization", "int", {"binBoundaries": bins}, [values], lambda x, _: digits(x[0]) + 0 * x[0])
zero = lambda x: 0 * x.sum()
case("discretization", "oneHot", {"binBoundaries": bins, "outputMode": "oneHot"}, [values[:, :1]], lambda x, _: F.one_hot(digits(x[0])[:, 0], 4) + zero(x[0]))
case("discretization", "count", {"binBoundaries": bins, "outputMode": "count"}, [values], lambda x, _: F.one_hot(digits(x[0]), 4).sum(1) + zero(x[0]))
codes = np.array([[0.0, 2.0, 2.0], [3.0, 1.0, 0.0]])
hot = lambda x: F.one_hot(x.detach().long(), 4)
case("categoryEncoding", "multiHot", {"numTokens": 4}, [codes], lambda x, _: hot(x[0]).amax(1) + zero(x[0]))
case("categoryEncoding", "count", {"numTokens": 4, "outputMode": "count"}, [codes], lambda x, _: hot(x[0]).sum(1) + zero(x[0]))
case("categoryEncoding", "oneHot", {"numTokens": 4, "outputMode": "oneHot"}, [codes], lambda x, _: hot(x[0]) + zero(x[0]))
# Keras's layout: [mask,] unknown ones, vocabulary.
zips = np.array([[12.0, 7.0], [1138.0, 0.0], [36.0, -3.0]])
for title, options, rows in [
    ("int", {"vocabulary": [12, 36, 1138]}, [[1, 0], [3, 0], [2, 0]]),
    ("mask", {"vocabulary": [12, 36, 1138], "maskToken": 0}, [[2, 1], [4, 0], [3, 1]]),
    ("two places for unknown ones", {"vocabulary": [12, 36, 1138], "numOovIndices": 2}, [[2, 1], [4, 0], [3, 1]]),
]:
    case("integerLookup", title, options, [zips], lambda x, _: torch.tensor(rows) + zero(x[0]))
multi = [[1, 1, 0, 0], [0, 0, 0, 1], [1, 0, 1, 0]]
options = {"vocabulary": [12, 36, 1138], "maskToken": 0, "outputMode": "multiHot"}
case("integerLookup", "multiHot, masked", options, [zips], lambda x, _: torch.tensor(multi) + zero(x[0]))

layers.write("preprocessing", __doc__.split("\n")[0])

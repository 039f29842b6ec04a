"""What the make_*.py scripts share: inputs that float32 holds exactly, and JSON that can be read and compared.

Every input (data, weights, cotangents, labels) is a multiple of a power of two, so float32 and float64 start from the same numbers.
Every expected value is computed in float64 and written with 9 significant digits (all that float32 can tell apart).
An array is {"shape": [...], "data": [...]}, row-major. One case stands on one line.
"""

import json
import math
import pathlib

import numpy as np

HERE = pathlib.Path(__file__).parent


class Draw:
    """Random inputs; the same seed gives the same file."""

    def __init__(self, seed):
        self.random = np.random.Generator(np.random.PCG64(seed))

    def normal(self, *shape, scale=1.0, step=32):
        """Normal numbers rounded to multiples of 1/step, never 0 (where the slope of a kinked function is a matter of taste)."""
        values = np.round(self.random.standard_normal(shape) * scale * step) / step
        return np.where(values == 0, 1 / step, values)

    def distinct(self, *shape, step=16):
        """Distinct multiples of 1/step around 0 in random order: no ties for a maximum."""
        count = math.prod(shape)
        return ((self.random.permutation(count) - count // 2) / step).reshape(shape)

    def positive(self, *shape, low=0.25, high=2.0, step=32):
        return np.round(self.random.uniform(low, high, shape) * step) / step

    def integers(self, low, high, *shape):
        return self.random.integers(low, high, shape)

    def probabilities(self, *shape, step=256):
        """Rows along the last axis that sum to exactly 1, every entry at least 4/step, multiples of 1/step."""
        rows = math.prod(shape[:-1])
        width = shape[-1]
        cuts = [np.sort(self.random.choice(np.arange(1, step - 4 * width), width - 1, replace=False)) for _ in range(rows)]
        parts = [np.diff(np.concatenate([[0], cut, [step - 4 * width]])) + 4 for cut in cuts]
        return (np.array(parts) / step).reshape(shape)


def numpy(value):
    return value.detach().numpy() if hasattr(value, "detach") else np.asarray(value)


def array(value):
    value = numpy(value)
    return {"shape": list(value.shape), "data": [number(v) for v in value.reshape(-1).tolist()]}


def exact(value):
    """An input: refuses what float32 would round."""
    value = numpy(value)
    if not np.array_equal(value.astype(np.float32).astype(np.float64), value.astype(np.float64)):
        raise ValueError("an input is not exact in float32")
    return array(value)


def number(value):
    if isinstance(value, (bool, int)):
        return int(value)
    short = float(f"{value:.9g}")
    return int(short) if short == int(short) and abs(short) < 2**31 else short


def numbers(value):
    """Nested lists of plain numbers (metrics' results)."""
    if isinstance(value, (list, tuple, np.ndarray)):
        return [numbers(v) for v in value]
    return number(float(value))


def write(name, about, **lists):
    """Writes `name`.json beside the script."""
    parts = [f'"about": {json.dumps(about)}']
    for key, entries in lists.items():
        lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in entries)
        parts.append(f'"{key}": [\n{lines}\n]')
    path = HERE / f"{name}.json"
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n")
    print(f"{path.name}: {', '.join(f'{len(v)} {k}' for k, v in lists.items())}, {path.stat().st_size / 1024:.0f} KiB")

"""What NumPy says of indexing, shapes, reductions and products: python3 test/tensor/golden/make.py (NumPy 2.4) writes numpy.json.

A case is a method of Tensor (or a function of the package), its tensors, its further arguments and what NumPy gives. Inputs are float32
(or the type named in "dtype"); results are computed in float64 and stored as {"shape", "data"}, NaN and infinities as text. Only where
Descent follows NumPy: its types (float32 and int32 instead of float64 and int64) and `take` outside of an axis have tests of their own.
"""

import json
import math
import pathlib

import numpy as np

cases = []
random = np.random.Generator(np.random.PCG64(5))


def number(value):
    value = float(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return int(value) if value.is_integer() else float(f"{value:.9g}")


def stored(array, dtype=None):
    array = np.asarray(array)
    spec = {"shape": list(array.shape), "data": [number(each) for each in array.ravel()]}
    return spec | ({"dtype": dtype} if dtype else {})


def case(method, inputs, args, result, dtypes=None):
    dtypes = dtypes or [None] * len(inputs)
    given = [stored(each, dtype) for each, dtype in zip(inputs, dtypes)]
    cases.append({"method": method, "inputs": given, "args": args, "expected": stored(result)})


def count(*shape):
    return np.arange(math.prod(shape), dtype=np.float64).reshape(shape)


def draw(*shape, step=16):
    return np.round(random.standard_normal(shape) * step) / step


# Indexing. A range is an index, [start, stop, step] or None.
def indexed(x, ranges):
    return x[tuple(slice(*each) if isinstance(each, list) else slice(None) if each is None else each for each in ranges)]


cube = count(3, 4, 5)
for ranges in [
    [1], [-1], [0, 1, 2], [-1, -2, -3], [None, 1], [None, None, -1],
    [[0, 1]], [[1, None]], [[None, 2]], [[-2, None]], [[None, -1]], [[0, 100]], [[-100, 2]], [[5, 10]], [[2, 1]], [[1, 1]],
    [[None, None, 2]], [[None, None, -1]], [[2, 0, -1]], [[-1, None, -2]], [[None, 0, -1]], [[0, 2, -1]], [[-1, -100, -1]],
    [None, [1, 3], 2], [0, None, [None, None, -2]], [[None, None, -1], [None, None, -1], [None, None, -1]],
    [[None, None, 3], None, [3, 1, -1]], [[100, None, -1], [None, -100, -1]], [1, [3, None, -2], [1, 4, 3]],
]:
    case("slice", [cube], ranges, indexed(cube, ranges))
line = count(10)
for range_ in [[7, 2, -2], [-3, -8, -3], [None, None, 4], [9, None, -9], [2, None, -1], [-11, 3], [3, -11], [8, None], [10, None]]:
    case("slice", [line], [range_], line[slice(*range_)])
for axis in [0, 1, 2, -1]:
    case("flip", [cube], [axis], np.flip(cube, axis))
for indices, axis in [([2, 0, 0], 0), ([[1, 3], [0, 1]], 1), ([4], 2), ([[0, 1], [2, 3], [3, 0]], -2), (2, 1)]:
    case("take", [cube, np.array(indices)], [axis], np.take(cube, indices, axis), [None, "int32"])
for widths, value in [([[1, 0], [0, 2], [0, 0]], 0), ([[0, 1], [1, 1], [2, 0]], -1.5), ([[0, 0], [0, 0], [0, 0]], 9)]:
    case("pad", [cube], [widths, value], np.pad(cube, widths, constant_values=value))
case("oneHot", [np.array([[1, 0, 2], [2, 2, 5]])], [3], np.eye(6)[[[1, 0, 2], [2, 2, 5]]][..., :3], ["int32"])

# Shapes.
for shape in [[60], [12, 5], [-1], [5, -1], [3, 2, 2, 5], [1, -1, 1], [4, 3, 5]]:
    case("reshape", [cube], [shape], cube.reshape(shape))
case("transpose", [cube], [], cube.T)
for axes in [[1, 0, 2], [2, 0, 1], [0, 1, 2], [-1, 0, 1]]:
    case("transpose", [cube], [axes], cube.transpose(axes))
for axis in [0, 1, 3, -1, -4]:
    case("expandDims", [cube], [axis], np.expand_dims(cube, axis))
ones = count(1, 3, 1, 2)
case("squeeze", [ones], [], np.squeeze(ones))
case("squeeze", [ones], [0], np.squeeze(ones, 0))
case("squeeze", [ones], [-2], np.squeeze(ones, -2))
for x, shape in [(count(3), [2, 3]), (count(3, 1), [3, 4]), (count(1), [2, 2, 2]), (count(2, 1, 3), [5, 2, 4, 3]), (np.array(7.0), [2, 2])]:
    case("broadcastTo", [x], [shape], np.broadcast_to(x, shape))
for list_, axis in [([count(2, 3), count(2, 3) + 10], 0), ([count(2, 3), count(2, 1)], 1), ([count(2, 0), count(2, 2)], -1)]:
    case("concatenate", list_, [axis], np.concatenate(list_, axis))
for axis in [0, 1, 2, -1, -3]:
    case("stack", [count(2, 3), count(2, 3) + 10], [axis], np.stack([count(2, 3), count(2, 3) + 10], axis))
for parts, axis in [(3, 0), (2, 1), ([1, 3], 1), ([2], -1), ([0, 2, 5], 2)]:
    for i, part in enumerate(np.split(cube, parts, axis)):
        case("split", [cube], [parts, axis, i], part)

# Broadcasting of two.
for a, b in [((3, 1), (1, 4)), ((2, 3), (3,)), ((2, 3), ()), ((), (2,)), ((5, 1, 2), (3, 1)), ((1,), (4, 1)), ((2, 1, 3, 1), (4, 1, 5)), ((0, 3), (1,))]:
    case("sub", [count(*a), count(*b) * 2], [], count(*a) - count(*b) * 2)
condition = np.array([[1, 0, 1]])
case("where", [condition, count(2, 1), count(1)], [], np.where(condition, count(2, 1), count(1)), ["bool", None, None])

# Reductions.
some = draw(2, 3, 4)
for name, function in {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min, "prod": np.prod, "var": np.var, "std": np.std}.items():
    case(name, [some], [{}], function(some))
    for axis in [0, 1, -1, [0, 2], [-1, -3], [0, 1, 2]]:
        over = tuple(axis) if isinstance(axis, list) else axis
        case(name, [some], [{"axis": axis}], function(some, axis=over))
    case(name, [some], [{"axis": 1, "keepdims": True}], function(some, axis=1, keepdims=True))
    case(name, [some], [{"axis": [], "keepdims": True}], function(some, axis=(), keepdims=True))
for name, function in {"var": np.var, "std": np.std}.items():
    case(name, [some], [{"axis": 2, "ddof": 1}], function(some, axis=2, ddof=1))
    case(name, [some], [{"ddof": 1}], function(some, ddof=1))
ties = np.array([[1, 3, 3, 0], [2, 2, 0, 2], [-1, -1, -1, -1.0]])
for name, function in {"argmax": np.argmax, "argmin": np.argmin}.items():
    case(name, [ties], [{}], function(ties))
    for axis in [0, 1, -1]:
        case(name, [ties], [{"axis": axis}], function(ties, axis))
    case(name, [ties], [{"axis": 1, "keepdims": True}], function(ties, 1, keepdims=True))
truth = np.array([[1, 0, 1], [1, 1, 1], [0, 0, 0]])
for name, function in {"any": np.any, "all": np.all}.items():
    for options in [{}, {"axis": 0}, {"axis": 1}, {"axis": 1, "keepdims": True}]:
        case(name, [truth], [options], function(truth, **options), ["bool"])
        case(name, [truth * 2.5], [options], function(truth, **options))

# Products.
shapes = [
    ((2, 3), (3, 4)), ((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 2)),
    ((5, 2, 3), (5, 3, 4)), ((5, 2, 3), (1, 3, 4)), ((4, 1, 2, 3), (5, 3, 2)), ((2, 2, 3), (3,)), ((3,), (4, 3, 2)),
    ((2, 0), (0, 3)), ((1, 1), (1, 1)),
]  # fmt: skip
for a, b in shapes:
    x, y = draw(*a), draw(*b)
    case("matmul", [x, y], [], np.matmul(x, y))

# Elements.
edges = np.array([0.0, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 1.2, -1.7, 3.0])
for name, function in {"round": np.round, "floor": np.floor, "ceil": np.ceil, "sign": np.sign, "abs": np.abs, "square": np.square}.items():
    case(name, [edges], [], function(edges))
case("clip", [edges], [-1, 2], np.clip(edges, -1, 2))
dividends = np.array([7, -7, 7, -7, 0, 5.5, -5.5, 6, -6, 1e-3])
divisors = np.array([3, 3, -3, -3, 3, 2, 2, 3, -3, -5])
case("mod", [dividends, divisors], [], np.mod(dividends, divisors))
whole, by = np.array([7, -7, 7, -7, 60000, -60000, 0]), np.array([3, 3, -3, -3, -70000, 70000, -2])
case("mod", [whole, by], [], np.mod(whole, by), ["int32", "int32"])
bases, exponents = np.array([2, 0, 0, 9, -2, -2, 1, 4]), np.array([3, 0, 2, 0.5, 3, -1, 100, -0.5])
case("pow", [bases, exponents], [], np.power(bases, exponents))

# Creation.
for args in [[5], [2, 5], [0, 10, 3], [5, 0, -2], [0, 1, 0.25], [1, 1], [3, 1]]:
    case("arange", [], args, np.arange(*args))
for args in [[0, 1, 5], [2, -2, 3], [1, 1, 1], [0, 5, 1]]:
    case("linspace", [], args, np.linspace(*args))
case("eye", [], [3], np.eye(3))
case("full", [], [[2, 2], 7], np.full((2, 2), 7))

# Einstein's sums.
for equation, *shapes in [
    ("ij,jk->ik", (2, 3), (3, 4)), ("bij,bkj->bik", (2, 3, 4), (2, 2, 4)), ("ij->ji", (2, 3)), ("ij->", (2, 3)), ("ii->i", (3, 3)),
    ("iji,k->kj", (2, 3, 2), (2,)), ("ij,ij->ij", (2, 3), (2, 3)), ("i,j->ji", (2,), (3,)), ("abc,cd,bd->a", (2, 3, 4), (4, 2), (3, 2)),
    ("ab,bc,cd->da", (2, 3), (3, 2), (2, 4)), (",i->i", (), (3,)), ("ij,jk->", (2, 3), (3, 4)),
]:  # fmt: skip
    operands = [draw(*shape) for shape in shapes]
    case("einsum", operands, [equation], np.einsum(equation, *operands))

path = pathlib.Path(__file__).parent / "numpy.json"
lines = ",\n".join(json.dumps(each) for each in cases)
path.write_text(f'{{"numpy": "{np.__version__}", "cases": [\n{lines}\n]}}\n')
print(f"{len(cases)} cases in {path}")

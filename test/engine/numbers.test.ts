import { beforeAll, describe, expect, it } from "vitest";
import { type ConformanceCase, difference } from "../../src/engine/index.ts";
import { referenceEngine } from "../../src/engines/reference/index.ts";
import { type DType, ops, type TypedArray } from "../../src/ir/index.ts";
import { Tensor } from "../../src/tensor/index.ts";
import { compiledEngines } from "./engines.ts";
import { caseOf, floats, type Given, runTable, typed } from "./table.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const LARGEST = 3.4028234663852886e38;
const SMALLEST = 1.401298464324817e-45;

/** Numbers at which types and functions differ. */
const VALUES: Readonly<Record<DType, readonly number[]>> = {
  float32: [
    ...[0, -0, 0.5, -0.5, 1, -1, 1.5, 2.5, -2.5, 1.9, -1.9, 3, 255, 255.9, 256, 300.5, -300, 16777217, nan, inf, -inf],
    ...[2147483520, 2147483648, -2147483648, 3e9, 4294967040, 4294967296, 5e9, -3e9, 1e20, -1e20],
    ...[SMALLEST, -SMALLEST, 1e-39, LARGEST, -LARGEST],
  ],
  int32: [
    0, 1, -1, 2, -2, 7, -7, 100, 128, 255, 256, 300, 46341, 65537, 16777217, 2147483647, -2147483647, -2147483648,
  ],
  uint32: [0, 1, 2, 7, 255, 256, 300, 65537, 16777217, 2147483647, 2147483648, 3000000000, 4294967295],
  uint8: [0, 1, 2, 127, 128, 255],
  bool: [0, 1],
};
const DTYPES = Object.keys(VALUES) as DType[];
const all = (dtype: DType, values = VALUES[dtype]): Given => ({ dtype, values });
/** Every value with every value. */
const pairs = (dtype: DType, values = VALUES[dtype]): [Given, Given] => [
  { dtype, values: values.flatMap((a) => values.map(() => a)) },
  { dtype, values: values.flatMap(() => values) },
];

type Method = (x: Tensor, y: Tensor) => Tensor;
const ARITHMETIC: Readonly<Record<string, Method>> = {
  add: (x, y) => x.add(y),
  sub: (x, y) => x.sub(y),
  mul: (x, y) => x.mul(y),
  div: (x, y) => x.div(y),
  maximum: (x, y) => x.maximum(y),
  minimum: (x, y) => x.minimum(y),
  mod: (x, y) => x.mod(y),
};
const RELATIONS: Readonly<Record<string, Method>> = {
  equal: (x, y) => x.equal(y),
  notEqual: (x, y) => x.notEqual(y),
  less: (x, y) => x.less(y),
  lessEqual: (x, y) => x.lessEqual(y),
  greater: (x, y) => x.greater(y),
  greaterEqual: (x, y) => x.greaterEqual(y),
  logicalAnd: (x, y) => x.logicalAnd(y),
  logicalOr: (x, y) => x.logicalOr(y),
  where: (x, y) => x.where(y, x),
};
const FUNCTIONS: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  exp: (x) => x.exp(),
  expm1: (x) => x.expm1(),
  log: (x) => x.log(),
  log1p: (x) => x.log1p(),
  sqrt: (x) => x.sqrt(),
  rsqrt: (x) => x.rsqrt(),
  reciprocal: (x) => x.reciprocal(),
  sigmoid: (x) => x.sigmoid(),
  softplus: (x) => x.softplus(),
  tanh: (x) => x.tanh(),
  erf: (x) => x.erf(),
  relu: (x) => x.relu(),
  sign: (x) => x.sign(),
  abs: (x) => x.abs(),
  neg: (x) => x.neg(),
  square: (x) => x.square(),
  floor: (x) => x.floor(),
  ceil: (x) => x.ceil(),
  round: (x) => x.round(),
  isNaN: (x) => x.isNaN(),
  isFinite: (x) => x.isFinite(),
  clip: (x) => x.clip(-1, 2),
  logicalNot: (x) => x.logicalNot(),
};
const REDUCTIONS: Readonly<Record<string, (x: Tensor, axis: number) => Tensor>> = {
  sum: (x, axis) => x.sum({ axis }),
  prod: (x, axis) => x.prod({ axis }),
  max: (x, axis) => x.max({ axis }),
  min: (x, axis) => x.min({ axis }),
  argmax: (x, axis) => x.argmax({ axis }),
  argmin: (x, axis) => x.argmin({ axis }),
  mean: (x, axis) => x.mean({ axis }),
  logSumExp: (x, axis) => x.logSumExp({ axis }),
  softmax: (x, axis) => x.softmax({ axis }),
  logSoftmax: (x, axis) => x.logSoftmax({ axis }),
};

/** Groups of four numbers with NaN, infinities and equals in all places. */
const GROUPS = [
  [1, 2, nan, 4],
  [nan, 1, nan, 7],
  [-inf, -inf, -inf, -inf],
  [inf, inf, 1, 2],
  [3, 3, 1, 3],
  [nan, nan, nan, nan],
  [0, -0, 0, -0],
  [-inf, inf, 0, 1],
] as const;
/** The same spread out over rows of 100, so that they fall into different lanes. */
const LONG = GROUPS.flatMap(([a, b, c, d], i) =>
  Array.from({ length: 100 }, (_, j) => (j === (i * 13) % 97 ? c : j === 50 ? b : j === 99 ? a : d)),
);

function casesOf<T>(
  table: Readonly<Record<string, T>>,
  make: (name: string, f: T) => ConformanceCase[],
): ConformanceCase[] {
  return Object.entries(table).flatMap(([name, f]) => make(name, f));
}

const AGREE: readonly ConformanceCase[] = [
  ...DTYPES.flatMap((from) => DTYPES.map((to) => caseOf(`${from} to ${to}`, [all(from)], (x) => x.cast(to)))),
  ...casesOf(ARITHMETIC, (name, f) => DTYPES.map((dtype) => caseOf(`${name} of ${dtype}`, pairs(dtype), f))),
  ...casesOf(RELATIONS, (name, f) => DTYPES.map((dtype) => caseOf(`${name} of ${dtype}`, pairs(dtype), f))),
  ...casesOf(FUNCTIONS, (name, f) => DTYPES.map((dtype) => caseOf(`${name} of ${dtype}`, [all(dtype)], f))),
  // Integers are raised as float32; beyond 2^24 the reference, in float64, knows whether they are odd.
  ...DTYPES.map((dtype) =>
    caseOf(
      `pow of ${dtype}`,
      pairs(
        dtype,
        VALUES[dtype].filter((x) => dtype === "float32" || Math.abs(x) < 2 ** 24),
      ),
      (x, y) => x.pow(y),
    ),
  ),
  // Documented to be exact up to 100,000 and bounded above.
  caseOf(
    "sin and cos",
    [
      all(
        "float32",
        VALUES.float32.filter((x) => !(Math.abs(x) > 1e5) || Math.abs(x) === inf),
      ),
    ],
    (x) => [x.sin(), x.cos()],
  ),
  ...(["float32", "int32", "uint32"] as const).map((dtype) =>
    caseOf(`rem of ${dtype}`, pairs(dtype), (x, y) => new Tensor(ops.rem(x.node, y.node))),
  ),
  ...DTYPES.filter((dtype) => dtype !== "float32").flatMap((dtype) =>
    Object.entries(REDUCTIONS).map(([name, f]) => caseOf(`${name} over ${dtype}`, [all(dtype)], (x) => f(x, 0))),
  ),
  ...casesOf(REDUCTIONS, (name, f) => [
    caseOf(`${name} of groups`, [{ values: GROUPS.flat(), shape: [8, 4] }], (x) => [f(x, 1), f(x.T, 0), f(x, 0)]),
    caseOf(`${name} of long groups`, [{ values: LONG, shape: [8, 100] }], (x) => [f(x, 1), f(x.T, 0), f(x, 0)]),
  ]),
  caseOf("any and all", [typed("bool", 1, 0, 1)], (x) => [
    x.any(),
    x.all(),
    x.slice([0, 1]).all(),
    x.logicalNot().any(),
  ]),
];

/** What must come out, on every engine. */
const EXPECTED: readonly (readonly [name: string, Given[], (...x: Tensor[]) => Tensor, readonly number[]])[] = [
  [
    "float to int32 truncates and saturates",
    [floats(1.9, -1.9, 3e9, -3e9, nan, inf, -inf, 5e9)],
    (x) => x.cast("int32"),
    [1, -1, 2147483647, -2147483648, 0, 2147483647, -2147483648, 2147483647],
  ],
  [
    "float to uint32",
    [floats(1.9, -1, -0.5, 3e9, 5e9, nan, inf)],
    (x) => x.cast("uint32"),
    [1, 0, 0, 3e9, 4294967295, 0, 4294967295],
  ],
  [
    "float to uint8",
    [floats(1.9, -1, 255.5, 256, 300, nan, inf)],
    (x) => x.cast("uint8"),
    [1, 0, 255, 255, 255, 0, 255],
  ],
  ["float to bool", [floats(0, -0, SMALLEST, nan, -1)], (x) => x.cast("bool"), [0, 0, 1, 1, 1]],
  ["int32 to uint8 wraps", [typed("int32", -1, 256, 257, 128, -128)], (x) => x.cast("uint8"), [255, 0, 1, 128, 128]],
  [
    "int32 to uint32 and back",
    [typed("int32", -1, -2147483648, 5)],
    (x) => x.cast("uint32").cast("int32"),
    [-1, -2147483648, 5],
  ],
  [
    "uint32 to float",
    [typed("uint32", 4294967295, 2147483648, 16777217)],
    (x) => x.cast("float32"),
    [4294967296, 2147483648, 16777216],
  ],
  ["bool to numbers", [typed("bool", 0, 1)], (x) => x.cast("int32").add(x.cast("float32")), [0, 2]],
  [
    "int32 wraps",
    [typed("int32", 2147483647, -2147483648, 65537, -7)],
    (x) => x.mul(x).add(x),
    [-2147483648, -2147483648, 196610, 42],
  ],
  ["the least int32", [typed("int32", -2147483648)], (x) => x.neg().add(x.abs()), [0]],
  ["uint32 wraps", [typed("uint32", 0, 4294967295)], (x) => x.sub(1), [4294967295, 4294967294]],
  ["uint32 has no sign", [typed("uint32", 4294967295, 1)], (x) => x.greater(2), [1, 0]],
  ["greatest of uint32", [typed("uint32", 1, 4294967295, 7)], (x) => x.max(), [4294967295]],
  ["sum of int32 wraps", [typed("int32", 2147483647, 1, 1)], (x) => x.sum(), [-2147483647]],
  [
    "product of int32 wraps",
    [typed("int32", 65537, 65537, 65537)],
    (x) => x.prod(),
    [Math.imul(Math.imul(65537, 65537), 65537)],
  ],
  [
    "rows of int32 added up wrap",
    [typed("int32", 2147483647, 5)],
    (x) =>
      new Tensor(
        ops.lt(ops.scatter(ops.data(Int32Array.of(0, 0), [2], "int32"), x.node, 1), ops.constant(0, [1], "int32")),
      ),
    [1],
  ],
  ["bool times bool counts", [typed("bool", 0, 1, 1), typed("bool", 1, 1, 1)], (x, y) => x.add(y), [1, 2, 2]],
  ["uint8 adds up in int32", [typed("uint8", 200, 255)], (x) => x.add(x), [400, 510]],
  ["remainders of integers by zero are 0", [typed("int32", 7, -7), typed("int32", 0, 0)], (x, y) => x.mod(y), [0, 0]],
  [
    "mod has the divisor's sign",
    [typed("int32", 7, -7, 7, -7, 60000, -2147483648), typed("int32", 3, 3, -3, -3, -70000, -1)],
    (x, y) => x.mod(y),
    [1, 2, -2, -1, -10000, 0],
  ],
  [
    "mod of floats",
    [floats(5.5, -5.5, 5, -5, -0.5, -1e-30, 0), floats(2, 2, inf, inf, 3e9, 1e-20, -3)],
    (x, y) => x.mod(y),
    [1.5, 0.5, 5, inf, 3e9, 1e-20, 0],
  ],
  ["max and min with NaN", [floats(1, nan, 3)], (x) => x.max().add(x.min()), [nan]],
  [
    "maximum with NaN on either side",
    [floats(nan, 1, nan), floats(1, nan, nan)],
    (x, y) => x.maximum(y),
    [nan, nan, nan],
  ],
  ["argmax takes the first of equals", [floats(1, 3, 3, 2)], (x) => x.argmax(), [1]],
  ["argmax takes the first NaN", [floats(1, inf, nan, 5, nan)], (x) => x.argmax(), [2]],
  ["argmin takes the first NaN", [floats(1, -inf, nan, 5)], (x) => x.argmin(), [2]],
  ["argmin of uint32", [typed("uint32", 3, 0, 4294967295)], (x) => x.argmin(), [1]],
  ["argmin of int32", [typed("int32", 3, -2147483648, -5)], (x) => x.argmin(), [1]],
  ["argmin of uint8", [typed("uint8", 3, 7, 2)], (x) => x.argmin(), [2]],
  ["argmax of the least numbers", [floats(-inf, -inf)], (x) => x.argmax(), [0]],
  [
    "relu, sign and abs of NaN",
    [floats(nan)],
    (x) => x.relu().isNaN().logicalAnd(x.sign().isNaN()).logicalAnd(x.abs().isNaN()),
    [1],
  ],
  [
    "NaN is not equal, less or greater",
    [floats(nan, nan), floats(nan, 1)],
    (x, y) => x.equal(y).logicalOr(x.less(y)).logicalOr(x.greaterEqual(y)),
    [0, 0],
  ],
  ["NaN is not equal to itself", [floats(nan, 1)], (x) => x.notEqual(x), [1, 0]],
  ["softmax with -infinity", [floats(-inf, 0, 0)], (x) => x.softmax(), [0, 0.5, 0.5]],
  [
    "log-sum-exp of nothing but -infinity, and with infinity",
    [{ values: [-inf, -inf, inf, 1], shape: [2, 2] }],
    (x) => x.logSumExp({ axis: 1 }),
    [-inf, inf],
  ],
  [
    "1 to any power and any power 0",
    [floats(1, 1, nan, -1, 0), floats(nan, inf, 0, -inf, 0)],
    (x, y) => x.pow(y),
    [1, 1, 1, 1, 1],
  ],
  ["powers of 0", [floats(0, 0, -0), floats(-1, 2, -2)], (x, y) => x.pow(y), [inf, 0, inf]],
  ["square root of less than nothing", [floats(-1, -inf, inf)], (x) => x.sqrt(), [nan, nan, inf]],
  ["the smallest numbers live", [floats(SMALLEST, 1e-39)], (x) => x.add(x), [2 * SMALLEST, Math.fround(2e-39)]],
  ["ties are rounded to even", [floats(0.5, 1.5, 2.5, -0.5, -1.5)], (x) => x.round(), [0, 2, 2, 0, -2]],
  ["padding takes the type's form of its value", [typed("int32", 1, 2)], (x) => x.pad([[1, 0]], 1.9).mul(2), [2, 2, 4]],
  [
    "padding of bool",
    [typed("bool", 0)],
    (x) =>
      x
        .pad([[0, 1]], 7)
        .cast("int32")
        .mul(3),
    [0, 3],
  ],
  [
    "constants take their type's form",
    [typed("uint8", 2, 44)],
    (x) => new Tensor(ops.eq(x.node, ops.constant(300, [2], "uint8"))),
    [0, 1],
  ],
];

for (const engine of [referenceEngine, ...(await compiledEngines())]) {
  describe(`numbers on ${engine.name}`, () => {
    const cases = EXPECTED.map(([name, given, f]) => caseOf(name, given, f));
    let found: Map<string, TypedArray[]>;
    beforeAll(async () => {
      found = await runTable(engine, cases);
    });

    it.each(EXPECTED.map(([name, , , expected]) => [name, expected] as const))("%s", (name, expected) => {
      // Zeros are equal whatever their sign.
      const values = [...found.get(name)![0]!].map((value) => value + 0);
      expect(values).toEqual(
        expected.map((value) => (found.get(name)![0] instanceof Float32Array ? Math.fround(value) : value)),
      );
    });
  });
}

for (const engine of await compiledEngines()) {
  it(`${engine.name} agrees with reference at the edges of all types`, async () => {
    const [found, expected] = [await runTable(engine, AGREE), await runTable(referenceEngine, AGREE)];
    const wrong = AGREE.filter(
      ({ name }) => !found.get(name)!.every((values, i) => difference(values, expected.get(name)![i]!) <= 1e-5),
    );
    expect(wrong.map(({ name }) => name)).toEqual([]);
    expect(found.size).toBe(AGREE.length);
  });
}

import { describe, expect, it } from "vitest";
import {
  type Attributes,
  apply,
  BodyValue,
  type DType,
  Loop,
  type Node,
  OPS,
  ops,
  print,
  verify,
  withScope,
} from "../../src/ir/index.ts";
import { applySample } from "./numeric.ts";

const f32 = (...shape: number[]) => ops.placeholder("f", shape, "float32");
const i32 = (...shape: number[]) => ops.placeholder("i", shape, "int32");
const u32 = (...shape: number[]) => ops.placeholder("u", shape, "uint32");
const bool = (...shape: number[]) => ops.placeholder("b", shape, "bool");

interface Wrong {
  readonly inputs: readonly Node[];
  readonly attributes?: Attributes;
  readonly says: RegExp;
}

/** Wrong uses of an elementwise op of `arity` that takes `good` and not `bad`. */
function elementwise(name: string, arity: number, good: DType, bad: DType): [string, Wrong[]] {
  const of = (dtype: DType, shape: number[] = [3]) => ops.placeholder("x", shape, dtype);
  const fill = (count: number, dtype: DType) => Array.from({ length: count }, () => of(dtype));
  const wrong: Wrong[] = [
    { inputs: fill(arity + 1, good), says: new RegExp(`${name} takes ${arity} operands, got ${arity + 1}`) },
    { inputs: fill(arity, bad), says: new RegExp(`${name} of ${bad}.*it takes .*${good}`) },
  ];
  if (arity === 2) {
    wrong.push({ inputs: [of(good), of(good, [4])], says: new RegExp(`${name} of shapes \\[3\\] and \\[4\\]`) });
    wrong.push({ inputs: [of(good), of(good, [1])], says: new RegExp(`${name} of shapes \\[3\\] and \\[1\\]`) });
    wrong.push({ inputs: [of(good), of(bad)], says: new RegExp(`${name} of ${good} and ${bad}`) });
  }
  return [name, wrong];
}

/** A running sum of three vectors. */
const [sum, each] = [f32(4), f32(4)];
const steps = { length: 3, reverse: false, recompute: false };
const loop = new Loop({ ...steps, carries: [sum], slices: [each], constants: [], next: [ops.add(sum, each)] });
const value = new BodyValue(loop.next[0]!);

const plain = { strides: [1], dilation: [1], padding: [[0, 0]], groups: 1 };

/** For every op inputs that do not fit, and what its shape rule says of them. */
const WRONG: Readonly<Record<string, readonly Wrong[]>> = {
  ...Object.fromEntries([
    ...["add", "sub", "mul", "maximum", "minimum", "rem"].map((name) => elementwise(name, 2, "float32", "bool")),
    ...["div", "pow"].map((name) => elementwise(name, 2, "float32", "int32")),
    ...["neg", "abs"].map((name) => elementwise(name, 1, "float32", "uint8")),
    ...["exp", "expm1", "log", "log1p", "sqrt", "sigmoid", "tanh", "erf", "sin", "cos"].map((name) =>
      elementwise(name, 1, "float32", "int32"),
    ),
    ...["relu", "sign", "floor", "ceil", "round"].map((name) => elementwise(name, 1, "float32", "uint32")),
    ...["and", "or"].map((name) => elementwise(name, 2, "bool", "uint8")),
    elementwise("not", 1, "bool", "float32"),
  ]),
  ...Object.fromEntries(
    ["eq", "ne", "lt", "le"].map((name) => [
      name,
      [
        { inputs: [f32(3), f32(2)], says: /of shapes \[3\] and \[2\]/ },
        { inputs: [f32(3), i32(3)], says: /of float32 and int32/ },
        { inputs: [f32(3)], says: /takes 2 operands, got 1/ },
      ],
    ]),
  ),
  select: [
    { inputs: [f32(3), f32(3), f32(3)], says: /takes bool and two of one type/ },
    { inputs: [bool(3), f32(3), i32(3)], says: /select\(bool, float32, int32\)/ },
    { inputs: [bool(2), f32(3), f32(3)], says: /different shapes/ },
    { inputs: [bool(3), f32(2), f32(3)], says: /different shapes/ },
  ],
  identity: [
    { inputs: [f32(3), f32(2)], says: /two types/ },
    { inputs: [f32(3), i32(3)], says: /two types/ },
  ],
  broadcast: [
    { inputs: [f32(2, 3)], attributes: { shape: [4, 3] }, says: /cannot broadcast \[2, 3\] to \[4, 3\]/ },
    { inputs: [f32(3)], attributes: { shape: [2, 3] }, says: /cannot broadcast \[3\] to \[2, 3\]/ },
  ],
  ...Object.fromEntries(
    ["sum", "prod", "max", "min", "argmax"].map((name) => [
      name,
      [
        { inputs: [f32(2, 3)], attributes: { axes: [2] }, says: /axis out of range: 2/ },
        { inputs: [f32(2, 3)], attributes: { axes: [0, -1] }, says: /axis out of range: 0, -1/ },
        ...(name === "sum" || name === "prod"
          ? []
          : [{ inputs: [f32(2, 0)], attributes: { axes: [1] }, says: /of no elements/ }]),
      ],
    ]),
  ),
  reshape: [{ inputs: [f32(2, 3)], attributes: { shape: [4] }, says: /cannot reshape \[2, 3\] to \[4\]/ }],
  permute: [
    { inputs: [f32(2, 3)], attributes: { order: [0, 0] }, says: /0,0 is no order of 2 axes/ },
    { inputs: [f32(2, 3)], attributes: { order: [0] }, says: /no order of 2 axes/ },
    { inputs: [f32(2, 3)], attributes: { order: [0, 1, 2] }, says: /no order of 2 axes/ },
  ],
  slice: [
    { inputs: [f32(5)], attributes: { starts: [3], steps: [1], shape: [3] }, says: /slice 3\.\.5 of an axis of 5/ },
    { inputs: [f32(5)], attributes: { starts: [1], steps: [-1], shape: [3] }, says: /slice 1\.\.-1 of an axis of 5/ },
    { inputs: [f32(5, 2)], attributes: { starts: [0], steps: [1], shape: [2] }, says: /slice of \[5, 2\]/ },
  ],
  embed: [
    {
      inputs: [f32(5)],
      attributes: { starts: [1], steps: [1], shape: [5], fill: 0 },
      says: /embed of 5 elements at 1\.\.5/,
    },
    {
      inputs: [f32(3)],
      attributes: { starts: [1], steps: [-1], shape: [5], fill: 0 },
      says: /embed of 3 elements at 1\.\.-1/,
    },
    { inputs: [f32(3)], attributes: { starts: [], steps: [], shape: [], fill: 0 }, says: /embed of \[3\]/ },
  ],
  ...Object.fromEntries(
    ["skew", "unskew"].map((name) => [
      name,
      [
        {
          inputs: [f32(5, 2)],
          attributes: { axis: 0, offsets: 0, size: 3, stride: 1, dilation: 1 },
          says: /skew of \[5, 2\]/,
        },
        {
          inputs: [f32(5, 2)],
          attributes: { axis: 0, offsets: 2, size: 3, stride: 1, dilation: 1 },
          says: /skew of \[5, 2\]/,
        },
      ],
    ]),
  ),
  gather: [
    { inputs: [f32(5), f32(2)], says: /gather by float32/ },
    { inputs: [f32(), i32(2)], says: /gather by int32/ },
  ],
  scatter: [
    { inputs: [f32(2), f32(2)], attributes: { rows: 3 }, says: /by float32/ },
    { inputs: [i32(3), f32(2)], attributes: { rows: 3 }, says: /scatter of \[2\] by int32 \[3\]/ },
  ],
  put: [
    { inputs: [f32(3), f32(2), f32(2)], says: /by float32/ },
    { inputs: [f32(3), i32(2), i32(2)], says: /put of \[2\] by int32/ },
    { inputs: [f32(3, 2), i32(2), f32(2)], says: /put of \[2\] by int32 into \[3, 2\]/ },
  ],
  concat: [
    {
      inputs: [f32(2, 3), f32(3, 3)],
      attributes: { axis: 1 },
      says: /concat of float32 \[2, 3\] and float32 \[3, 3\] on axis 1/,
    },
    { inputs: [f32(2, 3), i32(2, 3)], attributes: { axis: 0 }, says: /and int32/ },
    { inputs: [f32(2, 3), f32(3)], attributes: { axis: 0 }, says: /and float32 \[3\]/ },
    { inputs: [f32(2, 3), f32(2, 3)], attributes: { axis: 2 }, says: /on axis 2/ },
    { inputs: [], attributes: { axis: 0 }, says: /concat of nothing/ },
  ],
  matmul: [
    { inputs: [f32(2, 3), f32(4, 5)], says: /matmul of float32 \[2, 3\] and float32 \[4, 5\]/ },
    { inputs: [f32(3), f32(3)], says: /matmul/ },
    { inputs: [f32(2, 2, 3), f32(3, 3, 2)], says: /matmul/ },
    { inputs: [f32(2, 2, 3), f32(3, 2)], says: /matmul/ },
    { inputs: [i32(2, 3), i32(3, 2)], says: /matmul of int32/ },
  ],
  conv: [
    {
      inputs: [f32(1, 5, 2), f32(3, 3, 4)],
      attributes: plain,
      says: /convolution of \[1, 5, 2\] by \[3, 3, 4\] in 1 groups/,
    },
    {
      inputs: [f32(1, 5, 2), f32(6, 2, 4)],
      attributes: plain,
      says: /a kernel of \[6, 2, 4\] does not fit \[1, 5, 2\]/,
    },
    { inputs: [f32(1, 5, 4), f32(3, 2, 3)], attributes: { ...plain, groups: 2 }, says: /in 2 groups/ },
    { inputs: [f32(1, 5, 5, 2), f32(3, 3, 2, 4)], attributes: plain, says: /convolution/ },
    {
      inputs: [f32(5, 2), f32(2, 2)],
      attributes: { ...plain, strides: [], dilation: [], padding: [] },
      says: /convolution/,
    },
    { inputs: [i32(1, 5, 2), f32(3, 2, 4)], attributes: plain, says: /convolution of int32/ },
  ],
  convInput: [
    {
      inputs: [f32(1, 4, 4), f32(3, 2, 4)],
      attributes: { ...plain, shape: [1, 5, 2] },
      says: /is no convolution of \[1, 5, 2\] by \[3, 2, 4\]/,
    },
    { inputs: [f32(1, 3, 4), i32(3, 2, 4)], attributes: { ...plain, shape: [1, 5, 2] }, says: /int32/ },
  ],
  convWeight: [
    {
      inputs: [f32(1, 5, 2), f32(1, 4, 4)],
      attributes: { ...plain, shape: [3, 2, 4] },
      says: /\[1, 4, 4\] is no convolution/,
    },
    { inputs: [f32(1, 5, 2), i32(1, 3, 4)], attributes: { ...plain, shape: [3, 2, 4] }, says: /int32/ },
  ],
  scan: [
    { inputs: [f32(2)], attributes: { loop, value }, says: /a loop of 3 steps takes float32 \[4\], got float32 \[2\]/ },
    { inputs: [f32(4), f32(2, 4)], attributes: { loop, value }, says: /takes float32 \[3, 4\], got float32 \[2, 4\]/ },
    { inputs: [f32(4)], attributes: { loop, value }, says: /takes float32 \[3, 4\], got nothing/ },
    { inputs: [f32(4), f32(3, 4), f32(3)], attributes: { loop, value }, says: /takes 2 inputs, got 3/ },
  ],
  scanEnd: [{ inputs: [f32(4), f32(3, 4)], attributes: { loop, carry: 1 }, says: /carry 1 of a loop with 1/ }],
  random: [
    { inputs: [i32(2), u32(1)], attributes: { shape: [3], dtype: "float32" }, says: /uint32 \[2\] key/ },
    { inputs: [u32(3), u32(1)], attributes: { shape: [3], dtype: "float32" }, says: /uint32 \[2\] key/ },
    { inputs: [u32(2), u32()], attributes: { shape: [3], dtype: "float32" }, says: /uint32 \[1\] counter/ },
    { inputs: [u32(2), u32(1)], attributes: { shape: [3], dtype: "int32" }, says: /random int32/ },
  ],
  iota: [{ inputs: [], attributes: { shape: [3], dtype: "int32", axis: 1 }, says: /axis 1/ }],
};

describe("shape rules", () => {
  it("are tried with wrong inputs for every op that takes any", () => {
    const takers = OPS.map(({ name }) => name).filter(
      (name) => !["constant", "data", "placeholder", "cast"].includes(name),
    );
    expect(Object.keys(WRONG).sort()).toEqual(takers.sort());
  });

  const cases = OPS.flatMap((op) => (WRONG[op.name] ?? []).map((wrong, i) => [`${op.name} ${i}`, op, wrong] as const));
  it.each(cases)("refuse %s", (_name, op, { inputs, attributes, says }) => {
    expect(() => apply(op, inputs, attributes)).toThrow(says);
  });
});

describe("verify", () => {
  it("accepts every sample of every op", () => {
    for (const op of OPS) for (const sample of op.samples) verify([applySample(op, sample).output]);
  });

  const x = f32(2, 3);
  it.each<[string, Node, RegExp]>([
    [
      "a wrong shape",
      { ...ops.exp(x), shape: [3, 2] },
      /exp node has type float32 \[3,2\], its rule says float32 \[2,3\]/,
    ],
    ["a wrong type", { ...ops.exp(x), dtype: "int32" }, /its rule says float32/],
    ["an op of nowhere", { ...ops.exp(x), op: { ...ops.exp(x).op, name: "magic" } }, /op magic is not registered/],
    ["inputs that do not fit", { ...ops.add(x, x), inputs: [x, f32(4)] }, /add of shapes/],
    ["too few inputs", { ...ops.add(x, x), inputs: [x] }, /add takes 2 operands, got 1/],
    ["attributes that do not fit", { ...ops.sum(x, [1]), attributes: { axes: [5] } }, /axis out of range/],
    ["a size that is none", ops.constant(0, [2, -1]), /shape \[2,-1\]/],
    ["half a size", ops.constant(0, [1.5]), /shape \[1.5\]/],
  ])("refuses %s, however deep", (_name, broken, says) => {
    expect(() => verify([broken])).toThrow(says);
    expect(() => verify([ops.constant(1), ops.cast(ops.cast(broken, "bool"), "int32")])).toThrow(says);
  });
});

describe("print", () => {
  it("shows a layer, its loss and its scopes", () => {
    const [input, kernel, bias, target] = [f32(4, 3), f32(3, 2), f32(2), f32(4, 2)];
    const hidden = withScope("dense_1", () => {
      const product = ops.matmul(input, kernel);
      return ops.relu(ops.add(product, ops.broadcast(ops.reshape(bias, [1, 2]), product.shape)));
    });
    const loss = withScope("loss", () => {
      const error = ops.sub(hidden, target);
      return ops.mul(ops.sum(ops.mul(error, error), [0, 1]), ops.constant(1 / 8, [1, 1]));
    });
    expect(print([loss])).toMatchInlineSnapshot(`
      "%0 = placeholder(name="f", shape=[4,3], dtype="float32") : float32 [4, 3]
      %1 = placeholder(name="f", shape=[3,2], dtype="float32") : float32 [3, 2]
      %2 = matmul(%0, %1) : float32 [4, 2]  # dense_1
      %3 = placeholder(name="f", shape=[2], dtype="float32") : float32 [2]
      %4 = reshape(%3, shape=[1,2]) : float32 [1, 2]  # dense_1
      %5 = broadcast(%4, shape=[4,2]) : float32 [4, 2]  # dense_1
      %6 = add(%2, %5) : float32 [4, 2]  # dense_1
      %7 = relu(%6) : float32 [4, 2]  # dense_1
      %8 = placeholder(name="f", shape=[4,2], dtype="float32") : float32 [4, 2]
      %9 = sub(%7, %8) : float32 [4, 2]  # loss
      %10 = mul(%9, %9) : float32 [4, 2]  # loss
      %11 = sum(%10, axes=[0,1]) : float32 [1, 1]  # loss
      %12 = constant(value=0.125, shape=[1,1], dtype="float32") : float32 [1, 1]  # loss
      %13 = mul(%11, %12) : float32 [1, 1]  # loss
      return %13"
    `);
  });

  it("shows attributes, data by its length, and several results", () => {
    const table = ops.data(Float32Array.of(1, 2, 3), [3], "float32");
    const rows = ops.gather(table, i32(4));
    const padded = ops.embed(rows, { starts: [1], steps: [1], shape: [6], fill: -1 });
    expect(print([padded, rows, ops.iota([2, 2], 1)])).toMatchInlineSnapshot(`
      "%0 = data(data=<3 elements>, shape=[3], dtype="float32") : float32 [3]
      %1 = placeholder(name="i", shape=[4], dtype="int32") : int32 [4]
      %2 = gather(%0, %1) : float32 [4]
      %3 = embed(%2, starts=[1], steps=[1], shape=[6], fill=-1) : float32 [6]
      %4 = iota(shape=[2,2], axis=1, dtype="int32") : int32 [2, 2]
      return %3, %2, %4"
    `);
  });

  it("shows a loop's body before its first result", () => {
    const inputs = [f32(4), f32(3, 4)];
    expect(print([ops.scan(loop, inputs, value.node), ops.scanEnd(loop, inputs, 0)])).toMatchInlineSnapshot(`
      "%0 = placeholder(name="f", shape=[4], dtype="float32") : float32 [4]
      %1 = placeholder(name="f", shape=[3,4], dtype="float32") : float32 [3, 4]
      L0 = loop of 3 (%2; %3; ):
        %2 = placeholder(name="f", shape=[4], dtype="float32") : float32 [4]
        %3 = placeholder(name="f", shape=[4], dtype="float32") : float32 [4]
        %4 = add(%2, %3) : float32 [4]
        next %4
      %5 = scan(%0, %1, loop=L0, value=%4) : float32 [3, 4]
      %6 = scanEnd(%0, %1, loop=L0, carry=0) : float32 [4]
      return %5, %6"
    `);
  });

  it("numbers by position, so that equal graphs print equally", () => {
    const build = () => ops.mul(ops.exp(f32(2)), ops.constant(2, [2]));
    expect(print([build()])).toBe(print([build()]));
  });
});

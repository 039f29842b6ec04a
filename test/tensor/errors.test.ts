import { describe, expect, it } from "vitest";
import {
  arange,
  averagePool,
  compile,
  concatenate,
  conv,
  convTranspose,
  createProgram,
  type DType,
  einsum,
  eye,
  full,
  grad,
  gradients,
  linspace,
  maxPool,
  RandomKey,
  randomKey,
  resolveEngine,
  scatterAdd,
  split,
  stack,
  type Tensor,
  type Tree,
  tensor,
  where,
  zeros,
} from "../../src/tensor/index.ts";
import { DescentError } from "../../src/util/index.ts";

const x = tensor([
  [1, 2, 3],
  [4, 5, 6],
]);
const image = zeros([1, 5, 5, 2]);
const kernel = zeros([3, 3, 2, 4]);
const key = randomKey(1);
/** What JavaScript lets through to a function whatever its types say. */
const wrong = (value: unknown) => value as never;

/** Calls and the whole of what they say. */
const MESSAGES: readonly (readonly [message: string, call: () => unknown])[] = [
  // Values.
  [
    "nested arrays are ragged: found 1 elements at index [1]. Expected an array of 2 as elsewhere.",
    () => tensor([[1, 2], [3]]),
  ],
  ["nested arrays are ragged: found 2 at index [1]. Expected an array of 1 as elsewhere.", () => tensor([[1], 2])],
  ["found an array at index [1]. Expected a number.", () => tensor([1, [2]])],
  ['found "a" at index [1, 0]. Expected a number.', () => tensor(wrong([[1], ["a"]]))],
  ["found null at index [1]. Expected a number.", () => tensor(wrong([1, null]))],
  // biome-ignore lint/suspicious/noSparseArray: the hole is what is tested
  ["found undefined at index [1]. Expected a number.", () => tensor(wrong([1, , 2]))],
  ["found 1n at index [0]. Expected a number.", () => tensor(wrong([1n]))],
  ["found undefined. Expected a number.", () => tensor(wrong(undefined))],
  ['found "abc". Expected a number.', () => tensor(wrong("abc"))],
  ['found "1". Expected a number.', () => x.add(wrong("1"))],
  ["3 values for shape [2]. Expected 2 values.", () => tensor(new Float32Array(3), { shape: [2] })],
  [
    "64-bit integers have no type here. Expected a typed array of at most 32-bit integers, or floats. Fix: convert it first.",
    () => tensor(wrong(new BigInt64Array(2))),
  ],
  [
    "tensor got a DataView. Expected a typed array, nested arrays or a number.",
    () => tensor(wrong(new DataView(new ArrayBuffer(8)))),
  ],
  ['full got the value "x". Expected a number.', () => full([2], wrong("x"))],
  // Types and options by name.
  [
    'unknown dtype "float64". Expected one of float32, int32, uint32, uint8, bool. Fix: did you mean "float32"?',
    () => tensor([1], { dtype: "float64" as DType }),
  ],
  [
    'unknown dtype "float". Expected one of float32, int32, uint32, uint8, bool. Fix: did you mean "float32"?',
    () => zeros([2], "float" as DType),
  ],
  [
    'unknown dtype "int". Expected one of float32, int32, uint32, uint8, bool. Fix: did you mean "int32"?',
    () => x.cast("int" as DType),
  ],
  [
    'unknown option of tensor: "shpae". Expected one of shape, dtype. Fix: did you mean "shape"?',
    () => tensor([1, 2], wrong({ shpae: [2, 1] })),
  ],
  [
    'unknown option of sum: "axes". Expected one of axis, keepdims. Fix: did you mean "axis"?',
    () => x.sum(wrong({ axes: 0 })),
  ],
  [
    'unknown option of mean: "keepDims". Expected one of axis, keepdims. Fix: did you mean "keepdims"?',
    () => x.mean(wrong({ keepDims: true })),
  ],
  [
    'unknown option of var: "dof". Expected one of axis, keepdims, ddof. Fix: did you mean "ddof"?',
    () => x.std(wrong({ dof: 1 })),
  ],
  ["sum got 0. Expected options by name: { axis, keepdims }.", () => x.sum(wrong(0))],
  ["softmax got [0]. Expected options by name: { axis }.", () => x.softmax(wrong([0]))],
  [
    'unknown option of take: "axes". Expected one of axis. Fix: did you mean "axis"?',
    () => x.take([0], wrong({ axes: 1 })),
  ],
  [
    'unknown option of concatenate: "axes". Expected one of axis. Fix: did you mean "axis"?',
    () => concatenate([x, x], wrong({ axes: 1 })),
  ],
  [
    'unknown option of conv: "stride". Expected one of strides, dilation, padding, groups. Fix: did you mean "strides"?',
    () => conv(image, kernel, wrong({ stride: 2 })),
  ],
  [
    'unknown option of normal: "stddev". Expected one of mean, std. Fix: did you mean "std"?',
    () => key.normal([2], wrong({ stddev: 2 })),
  ],
  // Shapes.
  ["full got shape [-1]. Expected a list of whole numbers from 0, such as [2, 3].", () => zeros([-1])],
  ["full got shape 3. Expected a list of whole numbers from 0, such as [2, 3].", () => zeros(wrong(3))],
  [
    "random numbers got shape [1.5]. Expected a list of whole numbers from 0, such as [2, 3].",
    () => key.uniform([1.5]),
  ],
  [
    "add got shapes [2, 3] and [2]. Expected shapes that are equal from the last axis backwards, or 1. Fix: reshape, expandDims or transpose one of them.",
    () => x.add([1, 2]),
  ],
  [
    "where got shapes [2, 3] and [2]. Expected shapes that are equal from the last axis backwards, or 1. Fix: reshape, expandDims or transpose one of them.",
    () => where(x.greater(1), [1, 2], 0),
  ],
  [
    "cannot reshape 6 elements to [4, -1]. Expected sizes whose product is that number, at most one of them -1.",
    () => x.reshape([4, -1]),
  ],
  [
    "cannot reshape 6 elements to [-1, -1]. Expected sizes whose product is that number, at most one of them -1.",
    () => x.reshape([-1, -1]),
  ],
  ["reshape got 6. Expected a list of sizes, such as [2, -1].", () => x.reshape(wrong(6))],
  ["transpose got axes [0, 0] for a tensor of shape [2, 3]. Expected each axis once.", () => x.transpose([0, 0])],
  ["transpose got axes [0] for a tensor of shape [2, 3]. Expected each axis once.", () => x.transpose([0])],
  ["transpose got axis 2 of a tensor with 2 axes. Expected an integer from -2 to 1.", () => x.transpose([0, 2])],
  ["squeeze got axis 0 of a tensor of shape [2, 3]. Expected an axis of size 1.", () => x.squeeze(0)],
  ["expandDims got axis 4 of a tensor with 3 axes. Expected an integer from -3 to 2.", () => x.expandDims(4)],
  ["cannot broadcast [2, 3] to [3, 2]. Expected axes equal or of size 1.", () => x.broadcastTo([3, 2])],
  ["oneHot got depth -1. Expected a whole number from 0.", () => x.oneHot(-1)],
  ["eye got n -1. Expected a whole number from 0.", () => eye(-1)],
  ["linspace got count 2.5. Expected a whole number from 0.", () => linspace(0, 1, 2.5)],
  ["arange got 0, 5, 0. Expected finite numbers, a step other than 0.", () => arange(0, 5, 0)],
  // Axes.
  ["sum got axis 2 of a tensor with 2 axes. Expected an integer from -2 to 1.", () => x.sum({ axis: 2 })],
  ["mean got axis 0.5 of a tensor with 2 axes. Expected an integer from -2 to 1.", () => x.mean({ axis: 0.5 })],
  ["argmax got axis [0, 1]. Expected a single axis, or none for all of them.", () => x.argmax(wrong({ axis: [0, 1] }))],
  ["softmax got axis 2 of a tensor with 2 axes. Expected an integer from -2 to 1.", () => x.softmax({ axis: 2 })],
  ["max of shape [0] over axes 0. Expected at least one element.", () => zeros([0]).max()],
  ["argmin of shape [0, 2] over axes 0. Expected at least one element.", () => zeros([0, 2]).argmin({ axis: 0 })],
  // Indexing.
  ["slice got 3 ranges for a tensor of shape [2, 3]. Expected one per axis at most.", () => x.slice(0, 0, 0)],
  ["slice got index 2 on an axis of 2. Expected an integer from -2 to 1.", () => x.slice(2)],
  ["slice got index 0.5 on an axis of 2. Expected an integer from -2 to 1.", () => x.slice(0.5)],
  ["slice got step 0. Expected an integer other than 0.", () => x.slice([0, 2, 0])],
  ["slice got [0.5,2]. Expected an index, [start, stop, step] of integers, or null for all.", () => x.slice([0.5, 2])],
  ['slice got "1". Expected an index, [start, stop, step] of integers, or null for all.', () => x.slice(wrong("1"))],
  ["flip got axis 2 of a tensor with 2 axes. Expected an integer from -2 to 1.", () => x.flip(2)],
  ["pad of [2, 3] got [[1,1]]. Expected [before, after] for every axis.", () => x.pad([[1, 1]])],
  [
    "pad of [2, 3] got [[1,-1],[0,0]]. Expected [before, after] for every axis.",
    () =>
      x.pad([
        [1, -1],
        [0, 0],
      ]),
  ],
  ["take got axis 2 of a tensor with 2 axes. Expected an integer from -2 to 1.", () => x.take([0], { axis: 2 })],
  [
    "scatterAdd got indices [1] and updates [2, 1]. Expected updates whose first axes are those of the indices.",
    () => scatterAdd([0], [[1], [2]], 2),
  ],
  ["scatterAdd got rows -1. Expected a whole number from 0.", () => scatterAdd([0], [1], -1)],
  // Lists of tensors.
  ["concatenate got no tensors. Expected at least one.", () => concatenate([])],
  [
    "concatenate on axis 0 got shapes [2, 3], [2, 2]. Expected equal sizes on all other axes.",
    () => concatenate([x, zeros([2, 2])]),
  ],
  ["stack got no tensors. Expected at least one.", () => stack([])],
  ["stack got shapes [2, 3], [3]. Expected equal shapes.", () => stack([x, zeros([3])])],
  ["split of [2, 3] into 2 parts on axis 1. Expected a divisor of the axis' size.", () => split(x, 2, { axis: 1 })],
  ["split of [2, 3] into -1 parts on axis 0. Expected a divisor of the axis' size.", () => split(x, -1)],
  ["split got an index 0.5. Expected a whole number from 0.", () => split(x, [0.5])],
  // Products.
  [
    "matmul got shapes [2, 3] and [2, 3]. Expected the last axis of the first to equal the second to last of the second. Fix: transpose or reshape one of them.",
    () => x.matmul(x),
  ],
  [
    "matmul got shapes [2, 3] and []. Expected the last axis of the first to equal the second to last of the second. Fix: transpose or reshape one of them.",
    () => x.matmul(3),
  ],
  [
    "matmul of [2, 2, 3] and [3, 3, 2]: their leading axes got shapes [2] and [3]. Expected shapes that are equal from the last axis backwards, or 1. Fix: reshape, expandDims or transpose one of them.",
    () => zeros([2, 2, 3]).matmul(zeros([3, 3, 2])),
  ],
  [
    "conv got input [1, 5, 5, 2] and kernel [3, 3, 3, 4] in 1 groups. Expected [batch, ..sizes, channels] and [..kernel, channels / groups, filters], filters divisible by groups.",
    () => conv(image, zeros([3, 3, 3, 4])),
  ],
  [
    'a kernel of [6, 3] does not fit into [5, 5]. Expected a larger input. Fix: use padding "same" or a smaller kernel.',
    () => conv(image, zeros([6, 3, 2, 4])),
  ],
  [
    'unknown padding "smae". Expected one of valid, same, causal. Fix: did you mean "same"?',
    () => conv(image, kernel, { padding: wrong("smae") }),
  ],
  [
    "padding is [[1,1]]. Expected [before, after] from 0 for each of 2 axes, or a name.",
    () => conv(image, kernel, { padding: [[1, 1]] }),
  ],
  [
    "padding is [[1,-1],[0,0]]. Expected [before, after] from 0 for each of 2 axes, or a name.",
    () =>
      conv(image, kernel, {
        padding: [
          [1, -1],
          [0, 0],
        ],
      }),
  ],
  [
    "convTranspose got input [1, 5, 5, 2] and kernel [3, 3, 2, 4] in 1 groups. Expected [batch, ..positions, filters] and [..kernel, channels / groups, filters], filters divisible by groups.",
    () => convTranspose(image, kernel),
  ],
  [
    "outputPadding is [2,0]. Expected 2 whole numbers from 0, each less than its stride [2,2].",
    () => convTranspose(image, zeros([3, 3, 1, 2]), { strides: 2, outputPadding: [2, 0] }),
  ],
  [
    "convTranspose cuts [7, -1] off. Expected less padding.",
    () =>
      convTranspose(image, zeros([3, 3, 1, 2]), {
        padding: [
          [0, 0],
          [4, 4],
        ],
      }),
  ],
  [
    'einsum got "ij,jk". Expected letters for axes, such as "bij,bjk->bik".',
    () => einsum("ij,jk", zeros([2, 3]), zeros([3, 2])),
  ],
  ['einsum got 1 tensors for "ij,jk->ik". Expected 2, one for each term.', () => einsum("ij,jk->ik", zeros([2, 3]))],
  ['einsum "ij->i" got [2] for "ij". Expected 2 axes.', () => einsum("ij->i", zeros([2]))],
  [
    'einsum "ij,jk->ik" got axes of 3 and 2 elements for "j". Expected one size for a letter.',
    () => einsum("ij,jk->ik", zeros([2, 3]), zeros([2, 2])),
  ],
  [
    'einsum got the result "il". Expected letters of the terms before the arrow, each once.',
    () => einsum("ij->il", zeros([2, 3])),
  ],
  ["strides is 0. Expected a positive integer, or 2 of them.", () => conv(image, kernel, { strides: 0 })],
  ["dilation is [1]. Expected a positive integer, or 2 of them.", () => conv(image, kernel, { dilation: [1] })],
  [
    'a window of [6, 6] does not fit into [5, 5]. Expected a larger input. Fix: use padding "same" or a smaller window.',
    () => maxPool(image, { size: 6 }),
  ],
  [
    'unknown padding "causal". Expected one of valid, same.',
    () => averagePool(image, { size: 2, padding: wrong("causal") }),
  ],
  ["pooling got [2, 3]. Expected [batch, ..sizes, channels].", () => averagePool(x, { size: 2 })],
  // Gradients.
  [
    "grad of a function whose value has shape [2, 3]. Expected a scalar. Fix: reduce it with sum() or mean().",
    () => grad((a: Tensor) => a.mul(2))(x),
  ],
  ["the function to differentiate gave 3. Expected a tensor.", () => grad((() => 3) as never)(x as never)],
  [
    "the gradient of or by a int32 tensor. Expected float32. Fix: cast it first.",
    () => gradients(x.sum(), [x.cast("int32")]),
  ],
  ["the gradient of or by a bool tensor. Expected float32. Fix: cast it first.", () => gradients(x.greater(1), [x])],
  ["valueAndGrad of argument 1. Expected one of the 1 arguments.", () => grad((a: Tensor) => a.sum(), wrong(1))(x)],
  [
    "found 3 where tensors were expected. Expected a tensor, or arrays and records of tensors.",
    () => grad((_: Tree) => x.sum())({ a: wrong(3) }),
  ],
  // Random keys.
  ["random seed 1.5. Expected an integer.", () => randomKey(1.5)],
  ["a key of float32 [2,3]. Expected uint32 [2].", () => RandomKey.fromTensor(x)],
  ["integers from 3 up to 3. Expected max above min.", () => key.integers([2], { min: 3, max: 3 })],
  ["bernoulli got probability 1.5. Expected a number from 0 to 1.", () => key.bernoulli(1.5, [2])],
  ["fold got 1.5. Expected an integer.", () => key.fold(1.5)],
  ["split got count -1. Expected a whole number from 0.", () => key.split(-1)],
];

describe("refusals say what happened, what was expected and how to fix it", () => {
  it.each(MESSAGES)("%s", (message, call) => {
    let thrown: unknown;
    try {
      call();
    } catch (reason) {
      thrown = reason;
    }
    expect(thrown).toBeInstanceOf(DescentError);
    expect((thrown as Error).message).toBe(message);
  });
});

describe("refusals of what runs", async () => {
  const { engine } = await resolveEngine("reference");
  const spec = { shape: [2], dtype: "float32" } as const;
  const program = (body: Parameters<typeof createProgram>[0]["body"]) =>
    createProgram({ name: "p", engine, state: { total: spec }, inputs: { x: spec }, body });

  it.each<[string, () => Promise<unknown>]>([
    ["item() of a tensor of shape [2, 3]. Expected one element. Fix: use data() or array().", () => x.item()],
    [
      'unknown engine "nativ". Expected one of auto, native, wasm, reference. Fix: did you mean "native"?',
      () => resolveEngine("nativ"),
    ],
    [
      "a compiled function got 3. Expected tensors. Fix: wrap it in tensor().",
      () => compile((a: Tensor) => a.add(1))(wrong(3)),
    ],
    [
      'program p gives a new value for state "sum". Expected one of total.',
      () => program(({ state }) => ({ state: { sum: state.total! } })),
    ],
    [
      'program p gives state "total" as float32 [1]. Expected float32 [2].',
      () => program(({ state }) => ({ state: { total: state.total!.slice([0, 1]) } })),
    ],
    [
      'program p is bound to 3 elements for "x". Expected 2.',
      async () =>
        (await program(({ inputs }) => ({ outputs: { y: inputs.x! } }))).bind({ inputs: { x: new Float32Array(3) } }),
    ],
  ])("%s", async (message, call) => {
    await expect(call()).rejects.toThrow(new DescentError(message));
  });
});

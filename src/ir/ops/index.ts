import type { OpRecord } from "../op.ts";
import { ARITHMETIC_OPS } from "./arithmetic.ts";
import { broadcastOp, sumOp } from "./broadcast.ts";
import { CONCAT_OPS } from "./concat.ts";
import { CONV_OPS } from "./conv.ts";
import { FUNCTION_OPS } from "./functions.ts";
import { GATHER_OPS } from "./gather.ts";
import { MATMUL_OPS } from "./matmul.ts";
import { MOVEMENT_OPS } from "./movement.ts";
import { putOp } from "./put.ts";
import { RANDOM_OPS } from "./random.ts";
import { REDUCE_OPS } from "./reduce.ts";
import { SCAN_OPS } from "./scan.ts";
import { SELECTION_OPS } from "./selection.ts";
import { SOURCE_OPS } from "./sources.ts";
import { WINDOW_OPS } from "./window.ts";

const TABLE = [
  ...SOURCE_OPS,
  ...ARITHMETIC_OPS,
  ...FUNCTION_OPS,
  ...SELECTION_OPS,
  broadcastOp,
  sumOp,
  ...REDUCE_OPS,
  ...MOVEMENT_OPS,
  ...WINDOW_OPS,
  ...GATHER_OPS,
  ...CONCAT_OPS,
  ...MATMUL_OPS,
  ...CONV_OPS,
  ...RANDOM_OPS,
  ...SCAN_OPS,
  putOp,
] as const satisfies readonly OpRecord[];

/** Every primitive of the language. Tests are drawn from this table. */
export const OPS: readonly OpRecord[] = TABLE;

/** Their names: a record by these has a rule for every op, or does not compile. */
export type OpName = (typeof TABLE)[number]["name"];

export { add, div, mul, neg, sub } from "./arithmetic.ts";
export { broadcast, sum } from "./broadcast.ts";
export { concat } from "./concat.ts";
export { type ConvGeometry, conv, convInput, convWeight, geometryOf, windowCount } from "./conv.ts";
export { laneType } from "./elementwise.ts";
export {
  abs,
  ceil,
  cos,
  erf,
  exp,
  expm1,
  floor,
  log,
  log1p,
  maximum,
  minimum,
  pow,
  relu,
  rem,
  round,
  sigmoid,
  sign,
  sin,
  sqrt,
  tanh,
} from "./functions.ts";
export { gather, scatter } from "./gather.ts";
export { matmul, transpose } from "./matmul.ts";
export { embed, permute, reshape, slice } from "./movement.ts";
export { lastPlaces, put } from "./put.ts";
export { RANDOM_GROUP, random } from "./random.ts";
export { argmax, max, min, prod } from "./reduce.ts";
export { sameResult, scan, scanEnd } from "./scan.ts";
export { and, cast, eq, le, lt, ne, not, or, select } from "./selection.ts";
export {
  behind,
  constant,
  constantLike,
  data,
  identity,
  iota,
  placeholder,
  redirectGradient,
  stopGradient,
} from "./sources.ts";
export { overlapAdd, windows } from "./window.ts";

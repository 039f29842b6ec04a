import { drawInput } from "../../src/engine/index.ts";
import { ops, type TypedArray } from "../../src/ir/index.ts";
import { applyOptimizer, type Optimizer, optimizers } from "../../src/optim/index.ts";
import { concatenate, gradients, Tensor } from "../../src/tensor/index.ts";
import { HostRandom } from "../../src/util/index.ts";
import type { StateCase } from "./random-state.ts";

/** Which rows the lookups of a step name. */
export type Draw = "any" | "none twice" | "one" | "few, or outside";

export interface TableOptions {
  /** Rows that each lookup of the table names. */
  readonly lookups: readonly number[];
  readonly draw?: Draw;
  /** What else is asked for: then all rows have to be updated. */
  readonly output?: "gradient" | "parameter" | undefined;
  /** Use the table as a whole as well. */
  readonly tied?: boolean;
  readonly seed?: number;
}

export const [ROWS, WIDTH] = [2100, 64];
/** Weights before and after the table in the flat vector. */
const [BEFORE, AFTER] = [40, WIDTH];
const SIZES = [BEFORE, ROWS * WIDTH, AFTER];

function drawRows(random: HostRandom, draw: Draw, count: number): Int32Array {
  const few = Array.from({ length: 5 }, () => random.integer(ROWS + 40) - 20);
  const start = random.integer(ROWS - count);
  return Int32Array.from({ length: count }, (_, i) => {
    if (draw === "none twice") return start + ((i * 7) % count);
    if (draw === "one") return start;
    return draw === "any" ? random.integer(ROWS) : few[random.integer(5)]!;
  });
}

/** The rule, but elements without a gradient stay as they are, and so does what is remembered of them. */
export function lazily(rule: Optimizer): Optimizer {
  return optimizers.custom<string>(
    (input) => {
      const next = rule.update(input);
      const named = input.gradient.notEqual(0);
      const slots = Object.keys(rule.slots).map((name) => [name, named.where(next.slots[name]!, input.slots[name]!)]);
      return { parameter: named.where(next.parameter, input.parameter), slots: Object.fromEntries(slots) };
    },
    { slots: rule.slots, elementwise: true },
  );
}

/** A training step of a table that rows are looked up in, among other weights in one flat vector, by a rule. */
export function tableUpdate(name: string, rule: Optimizer, options: TableOptions): StateCase {
  const { lookups, draw = "any", output, tied = false, seed = 1 } = options;
  const random = new HostRandom(seed, 31);
  const total = SIZES.reduce((sum, size) => sum + size, 0);
  const parameter = ops.placeholder("parameter", [total], "float32");
  const slots = Object.keys(rule.slots).map((slot) => ops.placeholder(slot, [total], "float32"));
  const numbers = lookups.map((count, i) => ops.placeholder(`numbers${i}`, [count], "int32"));
  const [rate, step] = ["rate", "step"].map((each) => ops.placeholder(each, [], "float32"));

  const p = new Tensor(parameter);
  const first = p.slice([0, BEFORE]);
  const table = p.slice([BEFORE, BEFORE + ROWS * WIDTH]).reshape([ROWS, WIDTH]);
  const last = p.slice([-AFTER, null]);
  let loss = first.square().sum();
  for (const each of numbers) {
    loss = loss.add(table.take(new Tensor(each)).mul(last).tanh().sub(0.3).square().sum());
  }
  if (tied) loss = loss.add(table.matmul(last).square().mean());
  const gradient = concatenate(gradients(loss, [first, table, last]).map((each) => each.flatten()));
  let offset = 0;
  const segments = SIZES.map((size) => {
    offset += size;
    return { shape: [size], offset: offset - size, size };
  });
  const old = Object.fromEntries(slots.map((node, i) => [Object.keys(rule.slots)[i]!, new Tensor(node)]));
  const given = { parameter: p, gradient, slots: old, learningRate: new Tensor(rate!), step: new Tensor(step!) };
  const next = applyOptimizer(rule, given, segments);
  const sound = loss.abs().lessEqual(3e38);
  const kept = (value: Tensor, before: Tensor) => sound.where(value, before).node;

  const inputs = [...numbers, rate!, step!];
  const state = [
    { input: parameter, next: kept(next.parameter, p) },
    ...slots.map((input, i) => {
      const slot = Object.keys(rule.slots)[i]!;
      return { input, next: kept(next.slots[slot]!, old[slot]!) };
    }),
  ];
  const values: TypedArray[] = [
    ...lookups.map((count) => drawRows(random, draw, count)),
    Float32Array.of(0.05),
    Float32Array.of(3),
  ];
  const outputs = { gradient: gradient.node, parameter: state[0]!.next };
  return {
    name,
    program: { name, inputs, state, outputs: [loss.node, ...(output ? [outputs[output]] : [])] },
    inputs: values,
    state: [
      drawInput(parameter, random),
      ...slots.map((_, i) => new Float32Array(total).fill(Object.values(rule.slots)[i]!)),
    ],
  };
}

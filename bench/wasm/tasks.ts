import { CASES, flopOf } from "../cases.ts";
import type { ProductTask, Task, TrainingTask } from "./task.ts";

/** The cases of the suite (bench/cases.ts) that the comparison is about. */
const NAMES = ["mlp-mnist", "mlp-wide", "cnn-mnist"] as const;

/** Steps in a block, for machines that are some times slower than with a C compiler. */
const STEPS: Record<(typeof NAMES)[number], number> = { "mlp-mnist": 40, "mlp-wide": 4, "cnn-mnist": 4 };

function training(name: (typeof NAMES)[number]): TrainingTask {
  const suite = CASES.find((each) => each.name === name);
  if (!suite) throw new Error(`bench/cases.ts has no case ${name}`);
  const { network } = suite.make(1);
  const [input, ...layers] = network.toConfig().layers;
  return {
    kind: "training",
    name,
    batch: suite.batch,
    steps: STEPS[name],
    inputShape: input?.options.shape as number[],
    classes: network.outputs[0]?.shape.at(-1) ?? 1,
    layers: layers.map(({ kind, options }) => ({ kind, options })),
    weights: network.weights.map(({ path, shape }) => ({ path, shape: [...shape] })),
    flop: flopOf(network, suite.batch),
  };
}

const SIZE = 1024;
export const PRODUCT: ProductTask = {
  kind: "product",
  name: `matmul-${SIZE}`,
  size: SIZE,
  steps: 10,
  flop: 2 * SIZE ** 3,
};

/** All tasks; products are compared on one thread. */
export function tasks(): Task[] {
  return [...NAMES.map(training), PRODUCT];
}

import type { Network } from "../nn/index.ts";
import {
  type BoundProgram,
  createProgram,
  type DType,
  type Profiler,
  RandomKey,
  type Spec,
  type Tensor,
  type TypedArray,
} from "../tensor/index.ts";
import { invariant, type Shape } from "../util/index.ts";
import type { Column } from "./column.ts";
import type { Memory } from "./memory.ts";

/** Columns as a program sees them: what a row of each is. */
export interface RowSpec {
  readonly dtype: DType;
  readonly rowShape: Shape;
}

/** The columns of a batch: inputs, then targets, then sample weights. */
export interface BatchLayout {
  readonly inputs: readonly RowSpec[];
  readonly targets: readonly RowSpec[];
  readonly weighted: boolean;
}

/** A traced batch: the tensors that stand for its columns and for the model's state. */
export interface TracedBatch {
  /** float32 [parameters]; undefined when the model has none. */
  readonly parameters: Tensor | undefined;
  /** float32 [moving]; undefined when the model has none. */
  readonly moving: Tensor | undefined;
  /** float32 [frozen]; undefined when none of the model's weights is frozen. */
  readonly frozen: Tensor | undefined;
  /** Everything under its name in {@link Memory.specs}. */
  readonly state: Readonly<Record<string, Tensor>>;
  /** [batch, ...] each, of the dtype that the network's input wants. */
  readonly inputs: readonly Tensor[];
  readonly targets: readonly Tensor[];
  /** float32 [batch]; undefined when all samples count the same. */
  readonly weights: Tensor | undefined;
  /** Random numbers of this step. */
  readonly key: RandomKey;
  /** float32 scalar: the number of this update, counted from 1. */
  readonly step: Tensor;
  /** float32 scalar. */
  readonly learningRate: Tensor;
}

/** What a program computes of a batch: its outputs, and the state that changes. */
export type BatchBody = (batch: TracedBatch) => {
  readonly state?: Readonly<Record<string, Tensor>>;
  readonly outputs: Readonly<Record<string, Tensor>>;
};

/** Steps that are done in one call: batches of one size, one after the other. A program is one of a single step. */
export interface Series {
  /** Afterwards it holds the batch and the outputs of the last step. */
  readonly program: BatchProgram;
  /** Steps of the coming call; after it those done, fewer if a loss was no finite number. */
  steps: number;
  /** uint32 [steps, 3], float32 [steps]: what is `control` and `rate` of a program, step by step. */
  readonly control: Uint32Array;
  readonly rate: Float32Array;
  readonly run: BoundProgram["run"];
  /** Brings the outputs of a step of the last call to where the program has its own. */
  readonly read?: (step: number) => void;
}

/** A compiled program for batches of one size, bound to the model's memory. */
export interface BatchProgram extends Series {
  readonly size: number;
  /** Where the rows of each column go. */
  readonly columns: readonly TypedArray[];
  /** uint32 [3]: the seed's two words and the number of updates done. Empty when the program does not train. */
  readonly control: Uint32Array;
  /** float32 [1]: the learning rate. Empty when the program does not train. */
  readonly rate: Float32Array;
  readonly outputs: Readonly<Record<string, TypedArray>>;
  readonly run: BoundProgram["run"];
  /** Many runs in one call, on engines that have it: its inputs are the columns, control and rate, its outputs those here. */
  readonly series?: BoundProgram["series"];
  /** Of a program made to be profiled. */
  readonly profiler?: Profiler | undefined;
}

/** Traces and compiles `body` for batches of `size` samples. */
export async function compileBatch(
  name: string,
  network: Network,
  memory: Memory,
  layout: BatchLayout,
  size: number,
  training: boolean,
  body: BatchBody,
  profile = false,
): Promise<BatchProgram> {
  const columns = columnSpecs(layout, size);
  const program = await createProgram({
    name: `${network.name} ${name} ${size}`,
    engine: memory.engine,
    state: memory.specs(training),
    inputs: { ...columns, ...(training && trainingSpecs) },
    profile,
    body: ({ state, inputs }) => body(tracedBatch(network, layout, state, inputs)),
  });
  const bound = program.bind({ state: memory.arrays(training) });
  const made: BatchProgram = {
    get program() {
      return made;
    },
    steps: 1,
    size,
    columns: Object.keys(columns).map((column) => bound.inputs[column] as TypedArray),
    control: (bound.inputs["control"] ?? new Uint32Array(0)) as Uint32Array,
    rate: (bound.inputs["rate"] ?? new Float32Array(0)) as Float32Array,
    outputs: bound.outputs,
    run: bound.run,
    series: bound.series,
    profiler: program.profiler,
  };
  return made;
}

/** The layout of columns in memory. */
export function layoutOf(
  inputs: readonly Column[],
  targets: readonly Column[] = [],
  weight: Column | undefined = undefined,
): BatchLayout {
  const row = ({ dtype, rowShape }: Column): RowSpec => ({ dtype, rowShape });
  return { inputs: inputs.map(row), targets: targets.map(row), weighted: weight !== undefined };
}

const trainingSpecs: Record<string, Spec> = {
  control: { shape: [3], dtype: "uint32" },
  rate: { shape: [1], dtype: "float32" },
};

function columnSpecs({ inputs, targets, weighted }: BatchLayout, size: number): Record<string, Spec> {
  const specs: Record<string, Spec> = {};
  const add = (name: string, { dtype, rowShape }: RowSpec) => {
    specs[name] = { shape: [size, ...rowShape], dtype };
  };
  inputs.forEach((row, i) => {
    add(`x${i}`, row);
  });
  targets.forEach((row, i) => {
    add(`y${i}`, row);
  });
  if (weighted) add("weights", { dtype: "float32", rowShape: [] });
  return specs;
}

function tracedBatch(
  network: Network,
  layout: BatchLayout,
  state: Readonly<Record<string, Tensor>>,
  inputs: Readonly<Record<string, Tensor>>,
): TracedBatch {
  const { control, rate } = inputs;
  return {
    parameters: state["parameters"],
    moving: state["moving"],
    frozen: state["frozen"],
    state,
    inputs: network.inputs.map(({ dtype }, i) => {
      const x = inputs[`x${i}`] as Tensor;
      return x.dtype === dtype ? x : x.cast(dtype);
    }),
    targets: layout.targets.map((_, i) => inputs[`y${i}`] as Tensor),
    weights: inputs["weights"],
    get key() {
      invariant(control, "random numbers outside of training");
      return RandomKey.fromTensor(control.slice([0, 2])).fold(control.slice(2));
    },
    get step() {
      invariant(control, "a step number outside of training");
      return control.slice(2).cast("float32").add(1);
    },
    get learningRate() {
      invariant(rate, "a learning rate outside of training");
      return rate.reshape([]);
    },
  };
}

import { evaluate, type Node, ops } from "../ir/index.ts";
import type { Network, Weight } from "../nn/index.ts";
import { type DType, randomKey, Tensor } from "../tensor/index.ts";
import { BATCH, type Dim } from "./dim.ts";
import { type GraphLoop, type GraphNode, TRACED_BATCHES, unify } from "./unify.ts";

/** What a model is given. */
export interface GraphInput {
  readonly name: string;
  /** With the batch; of texts without the axis of words. */
  readonly shape: readonly Dim[];
  readonly dtype: DType;
  readonly isText: boolean;
}

/** A network as it is used, not trained, for batches of any size. */
export interface ModelGraph {
  readonly inputs: readonly GraphInput[];
  readonly outputs: readonly { readonly name: string; readonly node: GraphNode }[];
  /** The input that a placeholder of the first trace stands for. */
  readonly inputOf: (placeholder: Node) => GraphInput | undefined;
  readonly constants: Constants;
}

/** What stands before a network, on its inputs: scaling, say. */
export type Preprocess = (inputs: readonly Tensor[]) => readonly Tensor[];

/** Traces a network at several batch sizes, and finds what these have in common. */
export function traceModel(network: Network, preprocess: Preprocess = (inputs) => inputs): ModelGraph {
  const inputs = network.inputs.map((symbol, i): GraphInput => {
    const { isText, dtype } = symbol;
    const shape = [BATCH, ...(isText ? symbol.shape.slice(0, -1) : symbol.shape)];
    return { name: network.inputNames[i] ?? `input_${i}`, shape, dtype, isText };
  });
  const weights = new Map<Node, Weight>();
  const inputOf = new Map<Node, GraphInput>();
  // One placeholder per weight for all traces.
  const tensors = network.weights.map((weight) => {
    const node = ops.placeholder(weight.path, weight.shape, "float32");
    weights.set(node, weight);
    return [weight.path, new Tensor(node)] as const;
  });
  const traces = TRACED_BATCHES.map((batch) => {
    const given = network.inputs.map(({ shape, dtype }, i) => {
      const node = ops.placeholder(`input ${i}`, [batch, ...shape], dtype);
      inputOf.set(node, inputs[i]!);
      return new Tensor(node);
    });
    // A layer that draws random numbers even now always draws the same (as `predict` has it).
    const options = { training: false, key: randomKey(0) };
    const { outputs } = network.apply(preprocess(given), Object.fromEntries(tensors), options);
    return outputs.map((output) => output.cast("float32").node);
  });
  const roots = unify(traces, (placeholder) => weights.has(placeholder));
  const values = network.getWeights();
  const outputs = roots.map((node, i) => ({ name: network.outputNames[i] ?? `output_${i}`, node }));
  const data = new Map([...weights].map(([node, { path }]) => [node, Float64Array.from(values[path] ?? [])]));
  return { inputs, outputs, inputOf: (node) => inputOf.get(node), constants: new Constants(data) };
}

/** Values that depend on weights only. */
export class Constants {
  private readonly known: Map<Node, Float64Array>;
  private readonly outer = new Map<Node, GraphNode>();

  constructor(weights: ReadonlyMap<Node, Float64Array>) {
    this.known = new Map(weights);
  }

  /** Lets what a loop's body reads from around it be known inside. */
  enter(loop: GraphLoop): void {
    for (const [placeholder, node] of loop.constants) this.outer.set(placeholder, node);
  }

  /** The value of a constant node, in float64. */
  of({ traced }: GraphNode): Float64Array {
    return this.evaluated(traced);
  }

  private evaluated(node: Node): Float64Array {
    const found = this.known.get(node);
    if (found) return found;
    for (const [placeholder, outside] of this.outer) {
      if (outside.constant && !this.known.has(placeholder)) this.known.set(placeholder, this.evaluated(outside.traced));
    }
    const [value] = evaluate([node], this.known);
    this.known.set(node, value!);
    return value!;
  }
}

import type { Shape } from "../util/index.ts";
import type { DType } from "./dtype.ts";
import type { IndexExpression } from "./index-expression.ts";
import { currentPrecision } from "./precision.ts";
import type { Scalar } from "./scalar/expression.ts";

/** Shape and element type of a tensor. */
export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** One value of the graph: an op applied to earlier values. Immutable. */
export interface Node extends TensorType {
  readonly id: number;
  readonly op: OpRecord;
  readonly inputs: readonly Node[];
  readonly attributes: Attributes;
  /** Path of the layer (or other scope) that made the node, for messages and profiles. */
  readonly scope: string;
}

/** Parameters of an op's application: plain data, compared by value. */
export type Attributes = Readonly<Record<string, unknown>>;

/** What a gradient rule sees: the node, its inputs, and the gradient of the result with respect to the node. */
export interface GradientContext {
  readonly node: Node;
  readonly inputs: readonly Node[];
  readonly grad: Node;
}

/** Gradients with respect to each input; null where none flows. */
export type GradientRule = (context: GradientContext) => readonly (Node | null)[];

/** Inputs that tests draw for an op: values uniform in `range` (float) or integers in it, away from `avoid` by 0.05. */
export interface SampleInput {
  readonly shape: Shape;
  readonly dtype?: DType;
  readonly range?: readonly [number, number];
  readonly avoid?: readonly number[];
}

export interface Sample {
  readonly inputs: readonly SampleInput[];
  readonly attributes?: Attributes;
}

interface OpBase {
  readonly name: string;
  /** Type of the result; throws a plain Error when the inputs do not fit. */
  readonly infer: (inputs: readonly TensorType[], attributes: Attributes) => TensorType;
  /** The meaning of the op, in float64 over row-major arrays: what the reference engine runs. */
  readonly evaluate: (inputs: readonly Float64Array[], node: Node) => Float64Array;
  /**
   * null: the op is a step function or yields integers, no gradient flows. "loop": a result of a loop, differentiated together with the
   * loop's other results by src/autodiff/loop.ts.
   */
  readonly gradient: GradientRule | "loop" | null;
  readonly samples: readonly Sample[];
}

/** Same shape in and out, element by element. */
export interface ElementwiseOp extends OpBase {
  readonly family: "elementwise";
  readonly meaning: (...values: number[]) => number;
  /** The op over one lane, for the code generators; `type` is the lane type of the result. */
  readonly lower: (args: readonly Scalar[], result: DType) => Scalar;
}

/** Every element of the result is one element of the input, or a fill value outside of it. Costs nothing: kernels read through it. */
export interface MovementOp extends OpBase {
  readonly family: "movement";
  /** Where the element at `index` of the result is found in the input; null when that is not expressible (reshape: see passes). */
  readonly locate: ((index: readonly IndexExpression[], node: Node) => Location) | null;
}

export interface Location {
  readonly index: readonly IndexExpression[];
  /** The element exists where every guard holds; elsewhere it is `fill`. */
  readonly guards: readonly Guard[];
  readonly fill: number;
}

/** Holds where `expression` is divisible by `divisor` and the quotient lies in [0, size). */
export interface Guard {
  readonly expression: IndexExpression;
  readonly divisor: number;
  readonly size: number;
}

export type Reduction = "sum" | "prod" | "max" | "min" | "argmax";

/** Folds the axes of `attributes.axes` into size 1. */
export interface ReduceOp extends OpBase {
  readonly family: "reduce";
  readonly reduction: Reduction;
}

/** Sums of products: matmul and the three convolutions. */
export interface ContractionOp extends OpBase {
  readonly family: "contraction";
  readonly kind: "matmul" | "conv" | "convInput" | "convWeight";
}

/** Everything that has a family of one. */
export interface SpecialOp extends OpBase {
  readonly family:
    | "constant"
    | "data"
    | "placeholder"
    | "identity"
    | "iota"
    | "random"
    | "gather"
    | "scatter"
    | "concat"
    | "scan";
}

/** An op whose name the compiler knows: tables by name must then be complete. */
export type Named<Op extends OpBase, Name extends string> = Op & { readonly name: Name };

export type OpRecord = ElementwiseOp | MovementOp | ReduceOp | ContractionOp | SpecialOp;

let nodeCount = 0;
let currentScope = "";

/** Applies an op: checks the inputs by its shape rule and makes the node; a product is of the current precision. */
export function apply(op: OpRecord, inputs: readonly Node[], given: Attributes = {}): Node {
  const attributes = op.family === "contraction" ? { ...currentPrecision(), ...given } : given;
  const type = op.infer(inputs, attributes);
  return { id: nodeCount++, op, inputs, attributes, shape: type.shape, dtype: type.dtype, scope: currentScope };
}

/** The same op with the same attributes over other inputs of the same types. */
export function withInputs(node: Node, inputs: readonly Node[]): Node {
  return { ...node, id: nodeCount++, inputs };
}

/** Runs `build`; the nodes it makes carry `path`, nested scopes joined by "/". */
export function withScope<T>(path: string, build: () => T): T {
  const outer = currentScope;
  currentScope = outer === "" ? path : `${outer}/${path}`;
  try {
    return build();
  } finally {
    currentScope = outer;
  }
}

/** Runs `build` under exactly `path`: for passes, which rebuild nodes on behalf of others. */
export function inScope<T>(path: string, build: () => T): T {
  const outer = currentScope;
  currentScope = path;
  try {
    return build();
  } finally {
    currentScope = outer;
  }
}

/** Nodes that `roots` depend on, inputs before users, each once; what lies behind leaves is left out. `inputsOf`: what a node waits for. */
export function topologicalOrder(
  roots: readonly Node[],
  isLeaf: (node: Node) => boolean = () => false,
  inputsOf: (node: Node) => readonly Node[] = ({ inputs }) => inputs,
): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>();
  const stack: { node: Node; next: number }[] = [];
  for (const root of roots) {
    if (seen.has(root)) continue;
    seen.add(root);
    stack.push({ node: root, next: 0 });
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const input = isLeaf(top.node) ? undefined : inputsOf(top.node)[top.next++];
      if (input === undefined) {
        order.push(top.node);
        stack.pop();
      } else if (!seen.has(input)) {
        seen.add(input);
        stack.push({ node: input, next: 0 });
      }
    }
  }
  return order;
}

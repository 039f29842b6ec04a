import type { OpName } from "../../ir/index.ts";
import { DescentError, fail, invariant, product } from "../../util/index.ts";
import { type Dim, fixedShape, sameDim } from "../dim.ts";
import type { ModelGraph } from "../trace.ts";
import { type GraphNode, graphOrder } from "../unify.ts";
import { GraphBuilder, type Value } from "./builder.ts";

/** Elements that a value may have to be computed here instead of by whoever runs the file, however small what it is made of. */
const FOLDED = 65_536;

/** Values that cost the file nothing: written as they are, not as all of their elements. */
const FREE = new Set(["constant", "broadcast"]);

/** Writes one node of the graph. A rule refuses what ONNX can't say; the layer's path is put before it. */
export type Rule = (node: GraphNode, lowering: Lowering) => Value;

/** A graph while its nodes are written as those of ONNX, one rule per op. */
export class Lowering {
  readonly values: Map<GraphNode, Value>;
  private readonly folded = new Map<GraphNode, boolean>();

  constructor(
    readonly model: ModelGraph,
    private readonly rules: Readonly<Record<OpName, Rule>>,
    readonly graph = new GraphBuilder(),
    readonly around?: Lowering,
  ) {
    this.values = new Map();
  }

  /** The same for a graph inside of this one. */
  inner(): Lowering {
    return new Lowering(this.model, this.rules, this.graph.inner(), this);
  }

  /** Writes all that `roots` depend on. */
  run(roots: readonly GraphNode[]): void {
    const isLeaf = (node: GraphNode) => this.known(node) !== undefined || this.isFolded(node);
    for (const node of graphOrder(roots, isLeaf)) {
      if (isLeaf(node)) continue; // written when it is asked for
      this.graph.scope = node.scope;
      this.values.set(node, this.rule(node));
    }
  }

  private rule(node: GraphNode): Value {
    try {
      return this.rules[node.op](node, this);
    } catch (error) {
      if (!(error instanceof DescentError)) throw error;
      throw new DescentError(`${node.scope || "the model"} can't be written as ONNX: ${error.message}`);
    }
  }

  private known(node: GraphNode): Value | undefined {
    return this.values.get(node) ?? this.around?.known(node);
  }

  /** What a node became; equal elements may be there once. */
  value(node: GraphNode): Value {
    const known = this.known(node);
    if (known) return known;
    invariant(this.isFolded(node), `${node.op} is not written yet`);
    const value = this.constant(node);
    this.values.set(node, value);
    return value;
  }

  /** What a node became, all of its elements. */
  full(node: GraphNode, axes?: readonly number[]): Value {
    const value = this.value(node);
    const to = axes ? value.shape.map((dim, axis) => (axes.includes(axis) ? node.shape[axis]! : dim)) : node.shape;
    return this.graph.expand(value, to);
  }

  /** The numbers of a node that depends on no input; undefined for others. */
  numbers(node: GraphNode): Float64Array | undefined {
    return node.constant ? this.model.constants.of(node) : undefined;
  }

  /** A weight, or what is computed from weights, as a tensor of the file. */
  constant(node: GraphNode, name = weightName(node)): Value {
    const shape = fixedShape(node.shape) ?? fail("a constant of no fixed shape");
    const values = this.model.constants.of(node);
    return { name: this.graph.numbers(values, shape, node.dtype, name), shape };
  }

  /** Whether a node's numbers are put into the file instead of how they are computed. */
  isFolded(node: GraphNode): boolean {
    const known = this.folded.get(node) ?? (node.constant && !FREE.has(node.op) && this.pays(node));
    this.folded.set(node, known);
    return known;
  }

  /** Computed here it is no larger than what it is made of, or small. */
  private pays(node: GraphNode): boolean {
    const size = sizeOf(node);
    const given = node.inputs.reduce((sum, input) => sum + (FREE.has(input.op) ? 1 : sizeOf(input)), 0);
    return node.op === "placeholder" || node.op === "data" || size <= FOLDED || size <= given;
  }
}

function sizeOf(node: GraphNode): number {
  return product(fixedShape(node.shape) ?? [Number.POSITIVE_INFINITY]);
}

/** The weight that a value is, or is made from. */
export function weightName(node: GraphNode): string {
  const weights = graphOrder([node], () => false).filter(({ op }) => op === "placeholder");
  const [weight] = weights;
  if (weights.length === 1 && weight) return String(weight.attributes["name"]);
  return node.scope === "" ? "constant" : `${node.scope}/constant`;
}

/** The shape of what elementwise ops make of values. */
export function broadcastShape(values: readonly Value[]): readonly Dim[] {
  const [first, ...others] = values.map(({ shape }) => shape);
  return others.reduce((joint, shape) => joint.map((dim, axis) => (sameDim(dim, 1) ? shape[axis]! : dim)), first ?? []);
}

import {
  applicationOf,
  applications,
  bodyValueOf,
  type DType,
  loopOf,
  type Node,
  type OpName,
  topologicalOrder,
} from "../ir/index.ts";
import { fail, invariant } from "../util/index.ts";
import { type Dim, fixedShape, isAffine } from "./dim.ts";

/**
 * The graph of a network for a batch of any size. The network is traced at several sizes; traces agree node by node, and where their
 * numbers differ (shapes, starts of slices) these are linear in the size of the batch.
 */
export interface GraphNode {
  readonly op: OpName;
  readonly inputs: readonly GraphNode[];
  /** As the op's record has them; numbers may be {@link Affine}. */
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly shape: readonly Dim[];
  readonly dtype: DType;
  /** The layer's path. */
  readonly scope: string;
  /** It depends neither on the inputs nor on the batch's size. */
  readonly constant: boolean;
  /** The node of the first trace. */
  readonly traced: Node;
  /** Of a result of a loop. */
  readonly loop?: GraphLoop;
}

/** A loop; what is the same for all steps is read from the surrounding graph. */
export interface GraphLoop {
  readonly length: number;
  readonly reverse: boolean;
  readonly carries: readonly GraphNode[];
  readonly slices: readonly GraphNode[];
  readonly next: readonly GraphNode[];
  /** Values of the body that are asked for, stacked. */
  readonly values: readonly GraphNode[];
  /** The nodes whose values these are, of the first trace; and those that are carries after the last step. */
  readonly results: readonly Node[];
  /** Placeholders of the body that stand for values of the surrounding graph. */
  readonly constants: ReadonlyMap<Node, GraphNode>;
}

/** Batch sizes of the traces: unlike any size that layers have, so that nothing depends on a coincidence. */
export const TRACED_BATCHES = [1009, 1013, 1021] as const;

/** Numbers that agree, or that are linear in the batch's size. */
function merge(values: readonly unknown[], where: string): unknown {
  const [first] = values;
  if (values.every((value) => Object.is(value, first))) return first;
  if (values.every((value) => typeof value === "number")) {
    const [n0, n1, n2] = TRACED_BATCHES;
    const [v0, v1, v2] = values as [number, number, number];
    const slope = (v1 - v0) / (n1 - n0);
    const base = v0 - slope * n0;
    if (Number.isInteger(slope) && base + slope * n2 === v2) return { base, slope };
  } else if (values.every(Array.isArray) && new Set(values.map(({ length }) => length)).size === 1) {
    return (first as unknown[]).map((_, i) =>
      merge(
        values.map((value) => (value as unknown[])[i]),
        where,
      ),
    );
  } else if (values.every((value) => ArrayBuffer.isView(value))) {
    const [a, ...others] = values as Uint8Array[];
    if (others.every((b) => b.length === a!.length && b.every((value, i) => Object.is(value, a![i])))) return a;
  }
  return fail(
    `${where} computes with the size of the batch`,
    "a layer that treats every sample alike",
    "outside of training nothing may depend on the other samples",
  );
}

/** Traces of one graph, node by node. */
class Unifier {
  constructor(
    private readonly isGiven: (placeholder: Node) => boolean,
    /** What nodes of all traces became. */
    private readonly known: Map<Node, GraphNode> = new Map(),
  ) {}

  /** @param roots of each trace */
  unify(roots: readonly (readonly Node[])[]): GraphNode[] {
    const orders = roots.map((each) => topologicalOrder(each).filter((node) => !this.known.has(node)));
    const results = orders.map(applications);
    const loops = new Map<string, GraphLoop>();
    orders[0]!.forEach((first, i) => {
      const nodes = orders.map((order) => order[i]);
      const where = first.scope === "" ? first.op.name : first.scope;
      const alike = nodes.every((node): node is Node => node?.op === first.op && this.inputsOf(node, first));
      if (!alike) merge([0, NaN], where);
      const merged = this.merged(nodes as Node[], where);
      if (!loopOf(first)) this.note(nodes as Node[], merged);
      else {
        const key = applicationOf(first);
        const siblings = nodes.map((node, trace) => results[trace]!.get(applicationOf(node!))!);
        const loop = loops.get(key) ?? this.loop(siblings, merged.inputs);
        loops.set(key, loop);
        this.note(nodes as Node[], { ...merged, loop });
      }
    });
    invariant(
      orders.every(({ length }) => length === orders[0]!.length),
      "traces of different lengths",
    );
    return roots[0]!.map((root) => this.known.get(root)!);
  }

  private note(nodes: readonly Node[], merged: GraphNode): void {
    for (const node of nodes) this.known.set(node, merged);
  }

  private inputsOf(node: Node, first: Node): boolean {
    const same = node.inputs.every((input, i) => this.known.get(input) === this.known.get(first.inputs[i]!));
    return same && node.inputs.length === first.inputs.length;
  }

  private merged(nodes: readonly Node[], where: string): GraphNode {
    const [traced] = nodes as [Node];
    const { op, dtype, scope } = traced;
    const shape = merge(
      nodes.map((node) => node.shape),
      where,
    ) as Dim[];
    const attributes = Object.fromEntries(
      Object.keys(traced.attributes).flatMap((name) =>
        name === "loop" || (name === "value" && op.family === "scan")
          ? []
          : [
              [
                name,
                merge(
                  nodes.map((node) => node.attributes[name]),
                  where,
                ),
              ],
            ],
      ),
    );
    const inputs = traced.inputs.map((input) => this.known.get(input)!);
    const constant =
      (op.family === "placeholder" ? this.isGiven(traced) : inputs.every((input) => input.constant)) &&
      fixedShape(shape) !== undefined &&
      !Object.values(attributes).some((value) => isAffine(value) || (Array.isArray(value) && value.some(isAffine)));
    return { op: op.name as OpName, inputs, attributes, shape, dtype, scope, constant, traced };
  }

  /** @param siblings the loop's results in each trace */
  private loop(siblings: readonly (readonly Node[])[], inputs: readonly GraphNode[]): GraphLoop {
    const loops = siblings.map(([result]) => loopOf(result!)!);
    const [first] = loops as [(typeof loops)[0]];
    const outside = first.carries.length + first.slices.length;
    const known = new Map<Node, GraphNode>();
    for (const loop of loops) loop.constants.forEach((node, i) => known.set(node, inputs[outside + i]!));
    const inner = new Unifier(() => false, known);
    const stacked = siblings.map((nodes) => nodes.flatMap((node) => bodyValueOf(node) ?? []));
    const roots = loops.map(({ carries, slices, next }, trace) => [...carries, ...slices, ...next, ...stacked[trace]!]);
    const all = inner.unify(roots);
    return {
      length: merge(
        loops.map(({ length }) => length),
        "a loop",
      ) as number,
      reverse: first.reverse,
      carries: all.splice(0, first.carries.length),
      slices: all.splice(0, first.slices.length),
      next: all.splice(0, first.next.length),
      values: all,
      results: siblings[0]!,
      constants: new Map(first.constants.map((node, i) => [node, inputs[outside + i]!])),
    };
  }
}

/**
 * The graph that several traces have in common.
 *
 * @param roots of the traces at {@link TRACED_BATCHES}
 * @param isGiven placeholders whose values are known
 * @throws DescentError naming the layer that computes with the size of the batch
 */
export function unify(roots: readonly (readonly Node[])[], isGiven: (placeholder: Node) => boolean): GraphNode[] {
  return new Unifier(isGiven).unify(roots);
}

/** Nodes that `roots` depend on, inputs before users; what lies behind leaves is left out. */
export function graphOrder(roots: readonly GraphNode[], isLeaf: (node: GraphNode) => boolean): GraphNode[] {
  const order: GraphNode[] = [];
  const seen = new Set<GraphNode>();
  const stack: { node: GraphNode; next: number }[] = [];
  const visit = (node: GraphNode): void => {
    if (seen.has(node)) return;
    seen.add(node);
    stack.push({ node, next: 0 });
  };
  for (const root of roots) {
    visit(root);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const input = isLeaf(top.node) ? undefined : top.node.inputs[top.next++];
      if (input) visit(input);
      else order.push(stack.pop()!.node);
    }
  }
  return order;
}

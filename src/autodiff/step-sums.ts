import { apply, type Node, ops, precisionOf, withInputs, withPrecision } from "../ir/index.ts";

/** Views of sums are sums of views, as long as nothing but zeros is filled in. */
function isLinearView({ op, attributes }: Node): boolean {
  return op.family === "movement" && (attributes.fill ?? 0) === 0;
}

/**
 * Sums over all steps of values of a loop's body, found without adding them up step by step where that is less work: a sum of products
 * of two factors is one product over all steps, of stacked factors.
 *
 *   sum_t a_t' b_t = [a_1; a_2; ..]' [b_1; b_2; ..]
 */
export class StepSums {
  private readonly stacked: Set<Node>;

  /**
   * @param slices the loop's slices, and the stacks they are taken from
   * @param mayStack whether values may be kept for all steps that otherwise need not be
   */
  constructor(
    private readonly slices: ReadonlyMap<Node, Node>,
    private readonly mayStack: boolean,
  ) {
    this.stacked = new Set(slices.keys());
  }

  /** These are stacked whatever becomes of sums. */
  stackedAnyway(nodes: readonly Node[]): void {
    for (const node of nodes) this.stacked.add(node);
  }

  /** Whether the sum of a value over all steps is found by {@link total}. */
  possible(node: Node): boolean {
    const { op, inputs } = node;
    if (op.name === "add" || op.name === "sub" || op.name === "neg") return inputs.every((each) => this.possible(each));
    if (isLinearView(node)) return this.possible(inputs[0]!);
    return this.factorsOf(node)?.every((each) => this.canStack(each)) ?? false;
  }

  /** The values that have to be stacked for the sum of `node`. */
  operands(node: Node): Node[] {
    const { op, inputs } = node;
    if (op.family === "elementwise") return inputs.flatMap((each) => this.operands(each));
    if (isLinearView(node)) return this.operands(inputs[0]!);
    return this.factorsOf(node)!.flatMap((each) => this.baseOf(each) ?? []);
  }

  /** The sum over all steps, in the surrounding graph, from the stacks of its operands. */
  total(node: Node, stackOf: ReadonlyMap<Node, Node>): Node {
    const { op, inputs, attributes } = node;
    if (op.family === "elementwise" || op.family === "movement") {
      return apply(
        op,
        inputs.map((each) => this.total(each, stackOf)),
        attributes,
      );
    }
    const [a, b] = this.factorsOf(node)!.map((each) => this.stack(each, stackOf)) as [Node, Node];
    if (op.name === "sum") {
      const axes = attributes.axes as readonly number[];
      return ops.reshape(ops.sum(a, [0, ...axes.map((axis) => axis + 1)]), node.shape);
    }
    if (op.name === "convWeight") return withInputs(node, [mergeFirst(a), mergeFirst(b)]);
    // [T, .., M, K] x [T, .., K, N] as [.., M, T K] x [.., T K, N]
    const batch = node.shape.slice(0, -2);
    const [rows, columns] = node.shape.slice(-2) as [number, number];
    const axes = batch.map((_, i) => i + 1);
    const last = batch.length + 1;
    const depth = a.shape[0]! * a.shape.at(-1)!;
    return withPrecision(precisionOf(node), () =>
      ops.matmul(
        ops.reshape(ops.permute(a, [...axes, last, 0, last + 1]), [...batch, rows, depth]),
        ops.reshape(ops.permute(b, [...axes, 0, last, last + 1]), [...batch, depth, columns]),
      ),
    );
  }

  /** What is multiplied and added up by an op that can do so over all steps at once. */
  private factorsOf({ op, inputs }: Node): readonly Node[] | undefined {
    return op.name === "sum" || op.name === "matmul" || op.name === "convWeight" ? inputs : undefined;
  }

  private canStack(node: Node): boolean {
    return this.mayStack || this.stacked.has(this.baseOf(node) ?? node) || this.slices.has(baseOfView(node));
  }

  /** The value to stack, of which `node` is a view; undefined where the stack is there to begin with. */
  private baseOf(node: Node): Node | undefined {
    const base = baseOfView(node);
    return this.slices.has(base) ? undefined : base;
  }

  private stack(node: Node, stackOf: ReadonlyMap<Node, Node>): Node {
    const known = this.slices.get(node) ?? stackOf.get(node);
    return known ?? stackedView(node, this.stack(node.inputs[0]!, stackOf));
  }
}

/** What a chain of views starts from that can be taken of whole stacks. */
function baseOfView(node: Node): Node {
  return node.op.name === "permute" || node.op.name === "reshape" ? baseOfView(node.inputs[0]!) : node;
}

/** The same view of every slice of a stack. */
function stackedView({ op, attributes, shape }: Node, stack: Node): Node {
  if (op.name === "permute") {
    const order = attributes.order as readonly number[];
    return ops.permute(stack, [0, ...order.map((axis) => axis + 1)]);
  }
  return ops.reshape(stack, [stack.shape[0]!, ...shape]);
}

/** [T, N, ..] as [T N, ..]. */
function mergeFirst(stack: Node): Node {
  const [steps, batch, ...rest] = stack.shape as [number, number, ...number[]];
  return ops.reshape(stack, [steps * batch, ...rest]);
}

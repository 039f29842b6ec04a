import { DTYPES, type Node, ops, topologicalOrder, withInputs } from "../ir/index.ts";
import { product, sameShape } from "../util/index.ts";
import { CHEAP, costOf, decideMemory, readsOf } from "./memory-decisions.ts";

/** Bytes of a value for which it is worth the trouble: less does not matter to memory, nor to a cache. */
const WORTH_FREEING = 64 << 10;

const bytesOf = ({ shape, dtype }: Node): number => product(shape) * DTYPES[dtype].bytes;

/**
 * What a product multiplies must lie in memory, but not for all the time from a forward product to the gradient of its weights. Where a
 * kernel of the backward pass (`beside`) reads anyway what few instructions make the operand of, that kernel makes it once more:
 *
 *   gelu     y = x Phi(x): y W now, y^T g later, by the kernel that multiplies a gradient by gelu'(x), from x and Phi(x)
 *   softmax  p = e / sum e: p V now, p^T g later, by the kernel of softmax's own gradient, from e
 *
 * It then costs one more array written, and no array more is read.
 */
export function recompute(roots: readonly Node[], worth = WORTH_FREEING): Node[] {
  const graph = new Uses(roots, worth);
  const plans = topologicalOrder(roots).flatMap((node) => graph.plan(node) ?? []);
  return plans.length === 0 ? [...roots] : rebuilt(graph.inOrder(), roots, plans);
}

/** A value to be made twice: again for some products, after `beside`, and where it is used after the first ones by `others`. */
interface Plan {
  readonly node: Node;
  readonly beside: Node;
  readonly products: readonly Node[];
  readonly others: readonly Node[];
}

class Uses {
  private readonly users = new Map<Node, Node[]>();
  private readonly inMemory: ReadonlySet<Node>;
  /** For products: what they wait for beside their operands. */
  private readonly behind = new Map<Node, Node[]>();
  private readonly order: readonly Node[];

  constructor(
    private readonly roots: readonly Node[],
    private readonly worth: number,
  ) {
    this.order = topologicalOrder(roots);
    this.inMemory = decideMemory(roots, new Set(roots));
    for (const node of this.order) for (const input of new Set(node.inputs)) add(this.users, input, node);
  }

  /** All nodes, after what they wait for. */
  inOrder(): Node[] {
    return topologicalOrder(
      this.roots,
      () => false,
      (node) => [...node.inputs, ...(this.behind.get(node) ?? [])],
    );
  }

  /** What waits for any of these nodes, and they themselves. */
  private dependents(of: readonly Node[]): Set<Node> {
    const found = new Set(of);
    for (const node of found) for (const user of this.users.get(node) ?? []) found.add(user);
    return found;
  }

  plan(node: Node): Plan | undefined {
    if (node.op.family !== "elementwise" || !this.inMemory.has(node) || bytesOf(node) < this.worth) return undefined;
    const uses = this.throughMovements(node);
    if (uses.length < 2 || this.roots.includes(node) || costOf(node, this.inMemory) > CHEAP) return undefined;
    const early: Node[] = [];
    const late: Node[] = [];
    for (const use of uses) {
      if (early.length > 0 && this.dependents(early).has(use)) late.push(use);
      else early.push(use);
    }
    const products = late.filter(({ op }) => op.family === "contraction");
    const others = late.filter((use) => !products.includes(use));
    // An early use that is not computed by itself lasts as long as what it is used for.
    const lasting =
      early.some((use) => !this.inMemory.has(use)) || others.some(({ op }) => op.family !== "elementwise");
    if (products.length === 0 || lasting) return undefined;
    const beside = this.beside(node, early, products);
    if (!beside) return undefined;
    for (const product of products) {
      add(this.behind, product, beside);
      add(this.users, beside, product);
    }
    return { node, beside, products, others };
  }

  /** What uses a value, itself or as a view of it, each after those that it waits for. */
  private throughMovements(node: Node): Node[] {
    const found = new Set<Node>();
    const walk = (each: Node): void => {
      for (const user of this.users.get(each) ?? []) {
        if (user.op.family === "movement") walk(user);
        else found.add(user);
      }
    };
    walk(node);
    return found.size < 2 ? [...found] : this.order.filter((each) => found.has(each));
  }

  /** The first value that a kernel computes after the early uses, over the same space, from all that is large and makes the node. */
  private beside(node: Node, early: readonly Node[], products: readonly Node[]): Node | undefined {
    const large = [...readsOf(node, this.inMemory)].filter((read) => bytesOf(read) >= bytesOf(node) / 2);
    const [one] = large;
    if (!one) return undefined;
    const after = this.dependents(early);
    const waiting = this.dependents(products);
    return this.order.find(
      (each) =>
        each.op.family === "elementwise" &&
        each.dtype === node.dtype &&
        sameShape(each.shape, node.shape) &&
        this.inMemory.has(each) &&
        after.has(each) &&
        !waiting.has(each) &&
        isSubset(large, readsOf(each, this.inMemory)),
    );
  }
}

function add(lists: Map<Node, Node[]>, to: Node, node: Node): void {
  const list = lists.get(to);
  if (list) list.push(node);
  else lists.set(to, [node]);
}

const isSubset = (some: readonly Node[], all: ReadonlySet<Node>): boolean => some.every((each) => all.has(each));

/** `order`: all nodes, after what they will wait for. */
function rebuilt(order: readonly Node[], roots: readonly Node[], plans: readonly Plan[]): Node[] {
  const made = new Map<Node, Node>();
  /** For a use: what stands for some of the values that it reads. */
  const instead = new Map<Node, Map<Node, () => Node>>();
  for (const { node, beside, products, others } of plans) {
    const again = once(() =>
      withInputs(
        node,
        node.inputs.map((input) => made.get(input)!),
      ),
    );
    const behind = once(() => ops.behind(again(), made.get(beside)!));
    const put = (use: Node, by: () => Node) => {
      if (!instead.has(use)) instead.set(use, new Map());
      instead.get(use)!.set(node, by);
    };
    for (const use of products) put(use, behind);
    for (const use of others) put(use, again);
  }
  const substitute = (input: Node, by: ReadonlyMap<Node, () => Node>): Node => {
    const found = by.get(input);
    if (found) return found();
    if (input.op.family !== "movement") return made.get(input)!;
    const [from] = input.inputs as [Node];
    const moved = substitute(from, by);
    return moved === made.get(from) ? made.get(input)! : withInputs(input, [moved]);
  };
  for (const node of order) {
    const by = instead.get(node);
    const inputs = node.inputs.map((input) => (by ? substitute(input, by) : made.get(input)!));
    const same = inputs.every((input, i) => input === node.inputs[i]);
    made.set(node, same ? node : withInputs(node, inputs));
  }
  return roots.map((root) => made.get(root)!);
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

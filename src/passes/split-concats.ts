import { apply, inScope, type Node, ops, topologicalOrder } from "../ir/index.ts";
import { product } from "../util/index.ts";
import { namesFewRows } from "./few-rows.ts";
import { unshaped } from "./strided-view.ts";
import { usersOf } from "./users.ts";

/** What has fewer elements stays in one piece: its memory is not worth more kernels. */
const WORTH_SPLITTING = 1 << 17;
/** About how many parts there are: the largest piece's memory, and some kernels, instead of the whole's. */
const PARTS = 4;
/** Rows that a product must have for register tiles and workers to share. */
const LEAST_ROWS = 128;

/** Elements [start, end) of the whole, as a value of any shape. */
interface Part {
  readonly start: number;
  readonly end: number;
  readonly value: Node;
}

/**
 * What is computed element by element from a concatenation, and is asked for as a whole only as roots, becomes a concatenation of what
 * is computed from its pieces:
 *
 *     f(concat(a, b), x) = concat(f(a, x[..a]), f(b, x[a..]))
 *
 * So the update of a large weight waits for its own gradient alone, finds it in a cache, and frees its memory for the next one's. Every
 * element is computed as before, by the same operations.
 */
export function splitConcats(roots: readonly Node[]): Node[] {
  const order = topologicalOrder(roots);
  const users = usersOf(order);
  const wanted = new Set(roots);
  const split = new Map<Node, Node>();
  for (const node of order) {
    if (node.op.family !== "concat" || node.shape.length !== 1 || node.shape[0]! < WORTH_SPLITTING) continue;
    const parts = partsOf(node);
    const cone = parts.length > 1 ? coneOf(node, users, wanted) : undefined;
    if (!cone || [...cone].some((each) => split.has(each))) continue;
    const computed = parts.map((part) => new Restriction(node, part, cone));
    for (const root of cone) {
      if (!wanted.has(root)) continue;
      const pieces = computed.map((each) => each.of(root));
      split.set(root, ops.concat(pieces.map(flat), 0));
    }
  }
  return roots.map((root) => split.get(root) ?? root);
}

function flat(node: Node): Node {
  return ops.reshape(node, [product(node.shape)]);
}

/**
 * Neighbours together until they are large enough; what is small goes along with what lies before it, and a product that is much
 * larger becomes several, of some of its rows each. Rows added to the zeros of a large table stay by themselves.
 */
function partsOf(concat: Node): Part[] {
  const enough = concat.shape[0]! / PARTS;
  const parts: Part[] = [];
  let run: Node[] = [];
  let [start, end] = [0, 0];
  const close = () => {
    if (run.length > 0) parts.push({ start, end, value: run.length > 1 ? ops.concat(run, 0) : unshaped(run[0]!) });
    run = [];
    start = end;
  };
  for (const piece of concat.inputs.flatMap((whole) => rowBlocks(whole, enough))) {
    const size = piece.shape[0]!;
    const alone = namesFewRows(piece);
    if (alone || (end - start >= enough && size >= enough / 8)) close();
    run.push(piece);
    end += size;
    if (alone) close();
  }
  close();
  return parts;
}

/** A flattened product as flattened products of about `enough` elements. */
function rowBlocks(piece: Node, enough: number): Node[] {
  const product = unshaped(piece);
  const count = Math.round(piece.shape[0]! / enough);
  if (product.op.name !== "matmul" || product.shape.length !== 2 || count < 2) return [piece];
  const [a, b] = product.inputs as [Node, Node];
  const [rows, depth] = a.shape as [number, number];
  const blocks = Math.min(count, Math.floor(rows / LEAST_ROWS));
  if (blocks < 2) return [piece];
  return Array.from({ length: blocks }, (_, i) => {
    const [from, to] = [Math.floor((rows * i) / blocks), Math.floor((rows * (i + 1)) / blocks)];
    return inScope(product.scope, () => {
      const part = ops.slice(a, { starts: [from, 0], steps: [1, 1], shape: [to - from, depth] });
      return flat(apply(product.op, [part, b], product.attributes));
    });
  });
}

/**
 * All that depends on `concat`: elementwise, of its shape, and read by nothing else than each other; undefined when something else
 * depends on it, or nothing of it is a root.
 */
function coneOf(
  concat: Node,
  users: ReadonlyMap<Node, readonly Node[]>,
  wanted: ReadonlySet<Node>,
): ReadonlySet<Node> | undefined {
  if (wanted.has(concat)) return undefined;
  const cone = new Set<Node>();
  const open = [concat];
  for (let node = open.pop(); node; node = open.pop()) {
    for (const user of users.get(node) ?? []) {
      if (cone.has(user)) continue;
      if (user.op.family !== "elementwise") return undefined;
      cone.add(user);
      open.push(user);
    }
  }
  return cone.size > 0 ? cone : undefined;
}

/** Values of a cone, as far as a part of the whole goes. */
class Restriction {
  private readonly known = new Map<Node, Node>();

  constructor(
    concat: Node,
    private readonly part: Part,
    private readonly cone: ReadonlySet<Node>,
  ) {
    this.known.set(concat, part.value);
  }

  of(node: Node): Node {
    const known = this.known.get(node);
    if (known) return known;
    const own = this.cone.has(node) ? this.applied(node) : this.cut(node);
    this.known.set(node, own);
    return own;
  }

  private applied(node: Node): Node {
    const inputs = node.inputs.map((input) => this.of(input));
    return inScope(node.scope, () => apply(node.op, inputs, node.attributes));
  }

  /** The part of a value that has nothing to do with the concatenation. */
  private cut(node: Node): Node {
    const { start, end, value } = this.part;
    if (node.op.family === "constant") return ops.constant(node.attributes.value as number, value.shape, node.dtype);
    if (node.op.name === "broadcast" && product(node.inputs[0]!.shape) === 1)
      return ops.broadcast(
        ops.reshape(
          node.inputs[0]!,
          value.shape.map(() => 1),
        ),
        value.shape,
      );
    return ops.reshape(ops.slice(node, { starts: [start], steps: [1], shape: [end - start] }), value.shape);
  }
}

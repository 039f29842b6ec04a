import { apply, inScope, type Node, ops, topologicalOrder } from "../ir/index.ts";
import { product } from "../util/index.ts";
import { atRest, elementsOf } from "./at-rest.ts";
import { namesFewRows, SPARSE } from "./few-rows.ts";
import { simplify, splat } from "./simplify.ts";
import { unshaped } from "./strided-view.ts";
import { usersOf } from "./users.ts";

/** A new value of state, or of its elements from `start` on. */
interface Piece {
  readonly value: Node;
  readonly state: Node;
  readonly start: number;
}

/**
 * Updates of large tables, of few rows. Where a gradient is rows added to zeros, and a gradient of zero changes nothing, only the rows
 * named are computed, and put in the place of the old ones:
 *
 *     f(state, scatter(n, g)) = put(state, n, f(state[n], s))     where f(x, 0) = x; s: for each n the sum of g of all equal n
 *
 * Every element is computed as before, by the same operations, and what is named several times is added up in the same order. That a
 * gradient of zero changes nothing holds for finite numbers, and up to the sign of a zero.
 *
 * @param state those whose new values are the first roots.
 */
export function updateRows(given: readonly Node[], state: readonly Node[]): Node[] {
  if (!topologicalOrder(given).some((node) => node.op.name === "scatter" && namesFewRows(node))) return [...given];
  const roots = simplify(given);
  const replaced = new Map<Node, Node>();
  for (const table of tablesOf(roots, state)) {
    table.updates()?.forEach((next, i) => replaced.set(table.pieces[i]!.value, next));
  }
  return roots.map((root, i) => {
    if (i >= state.length) return root;
    const own = replaced.get(root);
    if (own || !isJoined(root) || !root.inputs.some((piece) => replaced.has(piece))) return own ?? root;
    const pieces = root.inputs.map((piece) => replaced.get(piece) ?? piece);
    return inScope(root.scope, () => ops.concat(pieces, 0));
  });
}

/** Whether elements of a value are made of the same ones of others, in the order of memory. */
function isPointwise({ op }: Node): boolean {
  return op.family === "elementwise" || op.name === "reshape";
}

function isJoined({ op, shape }: Node): boolean {
  return op.family === "concat" && shape.length === 1;
}

function piecesOf(root: Node, state: Node): Piece[] {
  if (root === state) return [];
  if (!isJoined(root)) return [{ value: root, state, start: 0 }];
  let end = 0;
  return root.inputs.map((value) => {
    const start = end;
    end += value.shape[0]!;
    return { value, state, start };
  });
}

/** The tables whose gradients are rows added to zeros, and nothing else than new state depends on these. */
function tablesOf(roots: readonly Node[], state: readonly Node[]): Table[] {
  const order = topologicalOrder(roots);
  const users = usersOf(order);
  const next = new Set(roots.slice(0, state.length).filter((root) => !users.has(root)));
  const asked = new Set(roots.slice(state.length));
  const ends = new Map<Node, Piece[]>();
  state.forEach((each, i) => {
    for (const piece of piecesOf(roots[i]!, each)) ends.set(piece.value, [...(ends.get(piece.value) ?? []), piece]);
  });

  /** The pieces of state that depend on a scatter; undefined where something else does. */
  const endsOf = (scatter: Node): ReadonlySet<Piece> | undefined => {
    const cone = new Set([scatter]);
    const found = new Set<Piece>();
    for (const node of cone) {
      const own = ends.get(node) ?? [];
      if (asked.has(node) || own.length > 1) return undefined;
      for (const piece of own) found.add(piece);
      for (const user of users.get(node) ?? []) {
        if (isPointwise(user)) cone.add(user);
        else if (!next.has(user) || asked.has(user) || own.length === 0) return undefined;
      }
    }
    return found;
  };

  const scatters = order.filter((node) => node.op.name === "scatter" && namesFewRows(node));
  const endsBy = new Map(scatters.map((scatter) => [scatter, endsOf(scatter)]));
  const tables: Table[] = [];
  const seen = new Set<Node>();
  for (const scatter of scatters) {
    const own = endsBy.get(scatter);
    if (seen.has(scatter) || !own) continue;
    const below = new Set(
      topologicalOrder(
        [...own].map(({ value }) => value),
        (node) => !isPointwise(node),
      ),
    );
    const together = scatters.filter((each) => below.has(each));
    for (const each of together) seen.add(each);
    const equal = together.every((each) => {
      const others = endsBy.get(each);
      return others?.size === own.size && [...others].every((piece) => own.has(piece));
    });
    if (equal) tables.push(new Table(together, [...own]));
  }
  return tables;
}

/** A table, as state and in all of an optimizer's memory, and the rows that its gradient is the sum of. */
class Table {
  private readonly rows: number;
  private readonly width: number;
  /** Rows named. */
  private readonly count: number;
  /** Values of the rows named, float32 [count, width]. */
  private readonly known = new Map<Node, Node | undefined>();
  private numbers!: Node;

  constructor(
    private readonly scatters: readonly Node[],
    readonly pieces: readonly Piece[],
  ) {
    const [{ shape }] = scatters as [Node];
    this.rows = shape[0]!;
    this.width = product(shape) / this.rows;
    this.count = scatters.reduce((sum, { inputs }) => sum + product(inputs[0]!.shape), 0);
  }

  /** The new values of all pieces; undefined where not only the rows named change. */
  updates(): Node[] | undefined {
    const { scatters, pieces, rows, width, count } = this;
    const size = rows * width;
    if (scatters.some(({ shape }) => shape[0] !== rows || product(shape) !== size) || SPARSE * count > rows)
      return undefined;
    const known = atRest(new Set(scatters));
    if (pieces.some(({ value, state, start }) => known(value) !== elementsOf(state, start))) return undefined;
    inScope(scatters[0]!.scope, () => this.addUp());
    const next = pieces.map((piece) => inScope(unshaped(piece.value).scope, () => this.updated(piece)));
    return next.every((each) => each !== undefined) ? next : undefined;
  }

  /** The sums of all rows of the same number, each in the row of the last one. */
  private addUp(): void {
    const { scatters, rows, width, count } = this;
    const lists = scatters.map(({ inputs }) => ops.reshape(inputs[0]!, [product(inputs[0]!.shape)]));
    this.numbers = lists.length === 1 ? lists[0]! : ops.concat(lists, 0);
    const last = ops.lastPlaces(this.numbers, rows);
    let end = 0;
    for (const scatter of scatters) {
      const [numbers, updates] = scatter.inputs as [Node, Node];
      const [start, shape] = [end, [product(numbers.shape)]];
      end += shape[0]!;
      const places = ops.slice(last, { starts: [start], steps: [1], shape });
      this.known.set(scatter, ops.scatter(places, ops.reshape(updates, [...shape, width]), count));
    }
  }

  private updated({ value, state, start }: Piece): Node | undefined {
    const rows = this.named(value);
    const size = this.rows * this.width;
    const whole = ops.reshape(state, [product(state.shape)]);
    const own = size === whole.shape[0] ? whole : ops.slice(whole, { starts: [start], steps: [1], shape: [size] });
    return rows && ops.reshape(ops.put(this.asTable(own), this.numbers, rows), value.shape);
  }

  /** The rows named of a value of the table's size; undefined where they can't be computed alone. */
  private named(node: Node): Node | undefined {
    if (!this.known.has(node)) {
      this.known.set(
        node,
        inScope(node.scope, () => this.compute(node)),
      );
    }
    return this.known.get(node);
  }

  private compute(node: Node): Node | undefined {
    const shape = [this.count, this.width];
    const [x] = node.inputs as [Node];
    const { op } = node;
    if (op.family === "constant") return ops.constant(splat(node)!, shape, node.dtype);
    if (op.name === "reshape") return this.named(x);
    if (op.name === "broadcast")
      return product(x.shape) === 1 ? ops.broadcast(ops.reshape(x, [1, 1]), shape) : undefined;
    if (op.family === "elementwise") {
      const inputs = node.inputs.map((input) => this.named(input));
      return inputs.every((each) => each !== undefined) ? apply(op, inputs, node.attributes) : undefined;
    }
    // A view of memory: nothing has to be computed for the rows that are not named.
    const held = ["placeholder", "data"].includes((op.name === "slice" ? x : node).op.family);
    if (held) return ops.gather(this.asTable(node), this.numbers);
    const inside = op.name === "slice" ? sliceInside(node) : undefined;
    return inside && this.named(inside);
  }

  private asTable(node: Node): Node {
    return ops.reshape(node, [this.rows, this.width]);
  }
}

/** A slice of a value as the value of slices. */
function sliceInside({ inputs, attributes, shape }: Node): Node | undefined {
  const [x] = inputs as [Node];
  if (x.op.family === "constant") return ops.constant(splat(x)!, shape, x.dtype);
  if (x.op.name === "broadcast" && product(x.inputs[0]!.shape) === 1)
    return ops.broadcast(
      ops.reshape(
        x.inputs[0]!,
        shape.map(() => 1),
      ),
      shape,
    );
  if (x.op.family !== "elementwise") return undefined;
  const { starts, steps } = attributes as { starts: number[]; steps: number[] };
  const parts = x.inputs.map((input) => ops.slice(input, { starts, steps, shape }));
  return apply(x.op, parts, x.attributes);
}

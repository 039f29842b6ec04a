import { DTYPES, type Node, topologicalOrder } from "../ir/index.ts";
import { product } from "../util/index.ts";

/** Ops that always leave their result in memory, and values that are there to begin with. */
const IN_MEMORY = new Set(["placeholder", "data", "random", "scatter", "concat", "reduce", "contraction", "scan"]);

/** Instructions up to which a value used several times is computed again rather than stored and loaded. */
export const CHEAP = 4;
/** How many times a value must be repeated by a broadcast before even a few instructions are worth storing. */
const REPEATED = 4;
const HEAVY: Readonly<Record<string, number>> = {
  exp: 10,
  expm1: 12,
  log: 10,
  log1p: 12,
  sigmoid: 14,
  tanh: 14,
  erf: 14,
  sin: 16,
  cos: 16,
  pow: 30,
  div: 3,
  sqrt: 3,
  rem: 4,
  gather: 4,
};

/** Instructions of one element when everything not in memory is computed in place. */
function cost(node: Node, inMemory: ReadonlySet<Node>, known: Map<Node, number>): number {
  const cached = known.get(node);
  if (cached !== undefined) return cached;
  const own = node.op.family === "elementwise" ? (HEAVY[node.op.name] ?? 1) : (HEAVY[node.op.name] ?? 0);
  const total = node.inputs.reduce((sum, input) => sum + (inMemory.has(input) ? 0 : cost(input, inMemory, known)), own);
  known.set(node, total);
  return total;
}

/** Instructions of one element of a value in memory that is computed from others there. */
export function costOf(node: Node, inMemory: ReadonlySet<Node>): number {
  return cost(node, inMemory, new Map());
}

/**
 * Which values get memory of their own; all others are computed where they are used. `required` are those the caller needs there.
 */
export function decideMemory(roots: readonly Node[], required: ReadonlySet<Node>): Set<Node> {
  const order = topologicalOrder(roots);
  const inMemory = new Set(required);
  for (const node of order) {
    if (IN_MEMORY.has(node.op.family)) inMemory.add(node);
    if (node.op.family === "contraction") for (const operand of node.inputs) inMemory.add(baseOf(operand));
    if (node.op.family === "scatter" || node.op.family === "random")
      for (const input of node.inputs.slice(-2)) inMemory.add(input);
    if (node.op.family === "gather") inMemory.add(tableOf(node.inputs[0]!));
    if (node.op.family === "scan") for (const input of node.inputs) inMemory.add(viewedBy(input));
  }
  const users = new Map<Node, Node[]>();
  for (const node of order) {
    for (const input of new Set(node.inputs)) users.set(input, [...(users.get(input) ?? []), node]);
  }
  const costs = new Map<Node, number>();
  for (const node of order) {
    const by = users.get(node) ?? [];
    if (inMemory.has(node) || node.op.family !== "elementwise" || product(node.shape) === 1) continue;
    const price = cost(node, inMemory, costs);
    const repeated = isRepeated(node, users);
    if ((by.length > 1 && (price > CHEAP || gathers(node, users, inMemory))) || (repeated && price > 2)) {
      inMemory.add(node);
      costs.set(node, 0);
    }
  }
  return inMemory;
}

/** Whether a broadcast repeats a value, or a view of it such as [channels] as [1, ..., channels], often enough to be worth storing. */
function isRepeated(node: Node, users: ReadonlyMap<Node, readonly Node[]>): boolean {
  const enough = REPEATED * product(node.shape);
  const spread = (view: Node): boolean =>
    (users.get(view) ?? []).some(
      (user) =>
        user.op.family === "movement" && (user.op.name === "broadcast" ? product(user.shape) >= enough : spread(user)),
    );
  return spread(node);
}

/** How many times its own size a value must read for it to be stored rather than computed again by a second kernel. */
const MUCH = 3;
/** The same where one of the values read is the result of a product that nobody else asks for: it then need not be stored. */
const MUCH_OF_PRODUCT = 2;

/** Whether several kernels use a value, and would each read much more than the value itself to compute it. */
function gathers(node: Node, users: ReadonlyMap<Node, readonly Node[]>, inMemory: ReadonlySet<Node>): boolean {
  const bytes = (each: Node) => Math.min(product(each.shape), product(node.shape)) * DTYPES[each.dtype].bytes;
  const reads = readsOf(node, inMemory);
  const own = bytes(node);
  let total = 0;
  let fromProduct = false;
  for (const read of reads) {
    total += bytes(read);
    fromProduct ||=
      read.op.family === "contraction" && product(read.shape) === product(node.shape) && users.get(read)?.length === 1;
  }
  return total >= (fromProduct ? MUCH_OF_PRODUCT : MUCH) * own && inSeveralKernels(node, users, inMemory);
}

/**
 * Whether what uses a value is spread over several kernels: reductions along different axes, or a reduction and anything else, which
 * mostly waits for its result.
 */
function inSeveralKernels(node: Node, users: ReadonlyMap<Node, readonly Node[]>, inMemory: ReadonlySet<Node>): boolean {
  const kinds = new Set<string>();
  const seen = new Set<Node>();
  const walk = (each: Node): void => {
    for (const user of users.get(each) ?? []) {
      if (seen.has(user)) continue;
      seen.add(user);
      if (user.op.family === "reduce") kinds.add(String(user.attributes.axes));
      else if (inMemory.has(user)) kinds.add("point");
      else walk(user);
    }
  };
  walk(node);
  return kinds.size > 1;
}

/** What a chain of movements starts from. */
export function baseOf(node: Node): Node {
  return node.op.family === "movement" ? baseOf(node.inputs[0]!) : node;
}

/** Movements that leave a value where it is, only seen with other strides (of reshapes those that {@link stridedView} can do). */
const STRIDED = new Set(["permute", "slice", "broadcast", "reshape"]);

/** What a chain of such movements starts from. */
function viewedBy(node: Node): Node {
  return STRIDED.has(node.op.name) ? viewedBy(node.inputs[0]!) : node;
}

/** Movements that leave a value's rows in runs of memory. */
const RUNS = new Set(["slice", "reshape"]);

/** The value in memory that rows are taken from, where a table is cut out of it: a weight out of all parameters. */
export function tableOf(node: Node): Node {
  return RUNS.has(node.op.name) ? tableOf(node.inputs[0]!) : node;
}

/** The values in memory that computing `node` reads, looking through everything that is not. */
export function readsOf(node: Node, inMemory: ReadonlySet<Node>): Set<Node> {
  const reads = new Set<Node>();
  const seen = new Set<Node>();
  const walk = (each: Node): void => {
    for (const input of each.inputs) {
      if (inMemory.has(input)) reads.add(input);
      else if (!seen.has(input)) {
        seen.add(input);
        walk(input);
      }
    }
  };
  walk(node);
  return reads;
}

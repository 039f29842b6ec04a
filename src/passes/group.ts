import { applicationOf, type Node, topologicalOrder } from "../ir/index.ts";
import { invariant, product } from "../util/index.ts";
import { readsOf } from "./memory-decisions.ts";
import { Reach } from "./reach.ts";

/**
 * Values computed by one kernel. `full` is the space they are computed over: sizes of the axes, those of 1 left out. `inner` are the
 * axes (positions in `full`) along which the group reduces; members are as large as `full`, or as `full` without `inner`.
 */
export interface Group {
  readonly kind: "loop" | "contraction" | "random" | "scatter" | "concat" | "scan";
  readonly members: Node[];
  readonly full: readonly number[];
  inner: readonly number[] | undefined;
}

/** The axes of more than one element. */
export function wideAxes(shape: readonly number[]): number[] {
  return shape.flatMap((size, axis) => (size === 1 ? [] : [axis]));
}

function widths(shape: readonly number[]): number[] {
  return shape.filter((size) => size !== 1);
}

function equal(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((each, i) => each === b[i]);
}

/** The reduced axes of a reduce node, as positions among the wide axes of its input. */
export function innerAxes(node: Node): number[] {
  const axes = node.attributes.axes as readonly number[];
  return wideAxes(node.inputs[0]!.shape).flatMap((axis, i) => (axes.includes(axis) ? [i] : []));
}

function outerSizes(group: Group): number[] {
  return group.full.filter((_, axis) => !group.inner?.includes(axis));
}

/** With fewer independent points than this a reduction is not merged into a large group: it would leave workers idle. */
const INDEPENDENT = 64;
const LARGE = 16384;

/** Whether a node's own loops are those of the group. */
function fits(node: Node, group: Group): boolean {
  if (node.op.family === "reduce") {
    if (group.kind !== "loop" || !equal(widths(node.inputs[0]!.shape), group.full)) return false;
    if (group.inner) return equal(group.inner, innerAxes(node));
    return product(node.shape) >= INDEPENDENT || product(group.full) < LARGE;
  }
  const sizes = widths(node.shape);
  if (equal(sizes, group.full)) return true;
  return group.kind === "loop" && group.inner !== undefined && equal(sizes, outerSizes(group));
}

function freshGroup(node: Node): Group {
  const family = node.op.family;
  const alone = ["contraction", "random", "scatter", "concat", "scan"] as const;
  const kind = alone.find((each) => each === family);
  if (kind) {
    return { kind, members: [node], full: widths(node.shape), inner: undefined };
  }
  if (family === "reduce") {
    return { kind: "loop", members: [node], full: widths(node.inputs[0]!.shape), inner: innerAxes(node) };
  }
  return { kind: "loop", members: [node], full: widths(node.shape), inner: undefined };
}

/** Nodes that were found not to work in one kernel. */
export class Separations {
  private readonly pairs = new Set<string>();
  add(a: Node, b: Node): void {
    this.pairs.add(`${a.id},${b.id}`);
  }
  has(node: Node, group: Group): boolean {
    return group.members.some((member) => this.pairs.has(`${node.id},${member.id}`));
  }
}

/** Values that the order of execution treats specially. */
export interface Placing {
  /**
   * They replace state, from that element on: computed when nothing else is left that could read the old values. They are no epilogues,
   * since an update reads and writes much more than the product's result, and that is quicker in the order of memory than in that of
   * tiles. Parts of one state are not computed together, for which all of their gradients would have to be there.
   */
  readonly late: ReadonlyMap<Node, number>;
  /** They copy into state at the very end, each in a kernel of its own. */
  readonly alone: ReadonlySet<Node>;
  /** Kernels of a loop's turn. */
  readonly inLoop: boolean;
}

const JOINING = new Set(["elementwise", "movement", "reduce", "identity", "gather"]);

/**
 * Puts the values that live in memory into groups, greedily in dependency order: a value joins the kernel that computes what it reads
 * (as the epilogue of a contraction, or over the same loops), or one that reads the same memory. The order of the
 * result is an order of execution.
 */
export function formGroups(
  roots: readonly Node[],
  inMemory: ReadonlySet<Node>,
  separate: Separations,
  placing: Placing,
): Group[] {
  const groups: Group[] = [];
  const groupOf = new Map<Node, Group>();
  const readsOfGroup = new Map<Group, Set<Node>>();
  const readers = new Map<Node, Set<Group>>();
  /** Results of one loop are computed together. */
  const loops = new Map<string, Group>();

  const reach = new Reach();
  const numbers = new Map<Group, number>();

  for (const node of topologicalOrder(roots)) {
    if (!inMemory.has(node) || node.op.family === "placeholder" || node.op.family === "data") continue;
    const reads = readsOf(node, inMemory);
    const place = placing.late.get(node);
    const joinable = (group: Group): boolean => {
      if (group.kind !== "loop" && (group.kind !== "contraction" || place !== undefined)) return false;
      if (place !== undefined && group.members.some((member) => (placing.late.get(member) ?? place) !== place))
        return false;
      if (!fits(node, group) || separate.has(node, group) || placing.alone.has(group.members[0]!)) return false;
      return [...reads].every((read) => {
        const by = groupOf.get(read);
        return !by || by === group || !reach.has(numbers.get(by)!, numbers.get(group)!);
      });
    };
    const loop = node.op.family === "scan" ? applicationOf(node) : undefined;
    let home = loop === undefined ? undefined : loops.get(loop);
    if (JOINING.has(node.op.family) && !placing.alone.has(node)) {
      const producers = [...reads].flatMap((read) => groupOf.get(read) ?? []);
      const siblings = [...reads].flatMap((read) => [...(readers.get(read) ?? [])]);
      const candidates = [...new Set([...producers.reverse(), ...siblings.reverse()])];
      candidates.sort((a, b) => Number(b.kind === "contraction") - Number(a.kind === "contraction"));
      // What reads nothing goes along with anything of its size; in a loop, where kernels are short, what waits for no other one does.
      if (reads.size === 0 || (placing.inLoop && producers.length === 0))
        candidates.push(...groups.filter(({ kind }) => kind === "loop").reverse());
      home = candidates.find((group) => (group.kind === "loop" || producers.includes(group)) && joinable(group));
    }
    if (!home) {
      home = freshGroup(node);
      groups.push(home);
      numbers.set(home, reach.add());
      readsOfGroup.set(home, new Set());
      if (loop !== undefined) loops.set(loop, home);
    } else {
      home.members.push(node);
      if (node.op.family === "reduce") home.inner ??= innerAxes(node);
    }
    groupOf.set(node, home);
    for (const read of reads) {
      readsOfGroup.get(home)!.add(read);
      const by = groupOf.get(read);
      if (by) reach.link(numbers.get(home)!, numbers.get(by)!);
      if (!readers.has(read)) readers.set(read, new Set());
      readers.get(read)!.add(home);
    }
  }
  return sortGroups(groups, groupOf, readsOfGroup, placing);
}

/**
 * Groups in an order of execution. Those that write state wait until nothing else can run, so that others still read the old values.
 */
function sortGroups(
  groups: readonly Group[],
  groupOf: ReadonlyMap<Node, Group>,
  readsOfGroup: ReadonlyMap<Group, ReadonlySet<Node>>,
  { late, alone }: Placing,
): Group[] {
  const last = new Map<Group, number>();
  for (const node of late.keys()) if (groupOf.has(node)) last.set(groupOf.get(node)!, 1);
  for (const node of alone) last.set(groupOf.get(node)!, 2);
  const missing = new Map<Group, number>();
  const followers = new Map<Group, Group[]>(groups.map((group) => [group, []]));
  for (const group of groups) {
    const before = new Set([...readsOfGroup.get(group)!].flatMap((read) => groupOf.get(read) ?? []));
    before.delete(group);
    missing.set(group, before.size);
    for (const each of before) followers.get(each)!.push(group);
  }
  const turns = new Map(groups.map((group, i) => [group, (last.get(group) ?? 0) * groups.length + i]));
  /** By their turns, the next one last. */
  const ready: Group[] = [];
  const enter = (group: Group): void => {
    let at = ready.length;
    while (at > 0 && turns.get(ready[at - 1]!)! < turns.get(group)!) at--;
    ready.splice(at, 0, group);
  };
  for (const group of groups) if (missing.get(group) === 0) enter(group);
  const order: Group[] = [];
  for (let next = ready.pop(); next; next = ready.pop()) {
    order.push(next);
    for (const follower of followers.get(next)!) {
      missing.set(follower, missing.get(follower)! - 1);
      if (missing.get(follower) === 0) enter(follower);
    }
  }
  invariant(order.length === groups.length, "groups depend on each other in a circle");
  return order;
}

import {
  addIndex,
  type IndexExpression,
  indexConstant,
  laneTypeOf,
  type Node,
  type ReduceOp,
  sameIndex,
} from "../ir/index.ts";
import { invariant } from "../util/index.ts";
import { type Group, wideAxes } from "./group.ts";
import type { Expression, GatherExpression, KernelReduction, Loop, Stage, Store } from "./kernel.ts";
import { LoopSpace, SplitLoop } from "./loop-space.ts";
import { at, forEachPart, Lowering, loadOf, NeedsMemory } from "./lower.ts";
import { readsOf } from "./memory-decisions.ts";
import type { Storage } from "./strided-view.ts";

/** Thrown when a member of a group reads another one elsewhere than at its own point: they can't share a kernel. */
export class CannotShare {
  constructor(
    readonly node: Node,
    readonly member: Node,
  ) {}
}

/** Runs `build` for a member: what it can't read because the same kernel computes it means that the two have to part. */
export function asMember<T>(node: Node, members: { has(node: Node): boolean }, build: () => T): T {
  try {
    return build();
  } catch (reason) {
    if (reason instanceof NeedsMemory && members.has(reason.node)) throw new CannotShare(node, reason.node);
    throw reason;
  }
}

/** Where everything in memory lies, while kernels are built. */
export interface MemoryMap {
  readonly inMemory: ReadonlySet<Node>;
  readonly storage: (node: Node) => Storage;
}

/** An index per axis of `shape` from one per wide axis. */
export function spreadIndex(shape: readonly number[], wide: readonly IndexExpression[]): IndexExpression[] {
  let next = 0;
  return shape.map((size) => (size === 1 ? indexConstant(0) : wide[next++]!));
}

/** Builds again whenever a loop has to be split. */
export function withSplits<T>(space: LoopSpace, build: () => T): T {
  for (;;) {
    try {
      return build();
    } catch (reason) {
      if (!(reason instanceof SplitLoop)) throw reason;
      space.split(reason);
    }
  }
}

/** A member's place in the kernel: which of the passes over the inner loops computes it. */
interface Member {
  readonly node: Node;
  readonly level: number;
  /** Whether it is computed at every point of the inner loops (or reduced over them), not once per outer point. */
  readonly inner: boolean;
}

/** Passes over the inner loops follow each other where one needs the result of a reduction of the one before. */
function assignLevels(group: Group, inMemory: ReadonlySet<Node>): Member[] {
  const members = new Map<Node, Member>();
  for (const node of group.members) {
    const reduces = node.op.family === "reduce";
    const inner = reduces || (group.inner !== undefined && wideAxes(node.shape).length === group.full.length);
    let level = 0;
    for (const read of readsOf(node, inMemory)) {
      const member = members.get(read);
      if (!member) continue;
      const after = read.op.family === "reduce" || (member.inner && !inner);
      level = Math.max(level, member.level + (after ? 1 : 0));
    }
    members.set(node, { node, level, inner });
  }
  return [...members.values()];
}

export interface LoopNest {
  readonly outer: readonly Loop[];
  readonly stages: readonly Stage[];
}

/** The kernel of a loop group: outer loops over independent points, stages of reductions and stores at each. */
export function buildLoopNest(group: Group, memory: MemoryMap): LoopNest {
  const space = new LoopSpace();
  const loops = group.full.map((size) => space.loop(size));
  const members = assignLevels(group, memory.inMemory);
  return withSplits(space, () => buildNest(group, members, space, loops, memory));
}

function buildNest(
  group: Group,
  members: readonly Member[],
  space: LoopSpace,
  loops: readonly Loop[],
  memory: MemoryMap,
): LoopNest {
  const isInner = (axis: number) => group.inner?.includes(axis) ?? false;
  const index = loops.map((loop) => space.indexOf(loop));
  const outerIndex = index.filter((_, axis) => !isInner(axis));
  const values = new Map<Node, { member: Member; expression: Expression }>();
  const stages: Stage[] = [];
  const levels = Math.max(...members.map(({ level }) => level)) + 1;
  const reductionNumber = new Map<Node, number>();
  let current = group.members[0]!;

  /** A member as seen from the pass of `level` over the inner loops, or from between the passes. */
  const valueAt = (level: number, inside: boolean) => (node: Node, point: readonly IndexExpression[]) => {
    const known = values.get(node);
    if (!known) return undefined;
    const everywhere = known.member.inner && node.op.family !== "reduce";
    const own = spreadIndex(node.shape, everywhere ? index : outerIndex);
    if (!point.every((each, axis) => sameIndex(each, own[axis]!))) throw new CannotShare(current, node);
    // A value of an earlier pass over the inner loops is gone: it is loaded again from where it was stored.
    const gone = everywhere && group.inner !== undefined && (known.member.level < level || !inside);
    return gone ? loadOf(at(memory.storage(node), own)) : known.expression;
  };
  const storageOf = (node: Node) => (memory.inMemory.has(node) && !values.has(node) ? memory.storage(node) : undefined);

  for (let level = 0; level < levels; level++) {
    for (const inside of group.inner ? [false, true] : [false]) {
      const wanted = members.filter((member) => member.level === level && member.inner === inside);
      if (wanted.length === 0) continue;
      const lowering = new Lowering(space, { value: valueAt(level, inside), storage: storageOf });
      const reductions: KernelReduction[] = [];
      const stores: Store[] = [];
      for (const member of wanted) {
        const { node } = member;
        current = node;
        const own = spreadIndex(node.shape, inside && node.op.family !== "reduce" ? index : outerIndex);
        let expression: Expression;
        if (node.op.family === "reduce") {
          const input = node.inputs[0]!;
          const value = asMember(node, values, () => lowering.expression(input, spreadIndex(input.shape, index)));
          const id = reductionNumber.size;
          reductionNumber.set(node, id);
          const position = node.op.name === "argmax" ? { position: positionOf(group, index) } : {};
          reductions.push({ id, reduction: (node.op as ReduceOp).reduction, value, ...position });
          expression = { kind: "result", type: laneTypeOf(node.dtype), reduction: id };
        } else {
          expression = asMember(node, values, () => lowering.expressionOfMember(node, own));
          stores.push({ access: at(memory.storage(node), own), value: expression });
        }
        values.set(node, { member, expression });
      }
      const innerLoops = inside ? loops.flatMap((loop, axis) => (isInner(axis) ? space.parts(loop) : [])) : [];
      stages.push({ inner: innerLoops, reductions, stores });
      // The results of reductions are stored after the pass, once per outer point.
      const results = wanted.filter(({ node }) => node.op.family === "reduce");
      if (results.length > 0) {
        const resultStores = results.map(({ node }) => ({
          access: at(memory.storage(node), spreadIndex(node.shape, outerIndex)),
          value: values.get(node)!.expression,
        }));
        stages.push({ inner: [], reductions: [], stores: resultStores });
      }
    }
  }
  const outer = loops.flatMap((loop, axis) => (isInner(axis) ? [] : space.parts(loop)));
  invariant(stages.length > 0, "a kernel without stages");
  return { outer, stages };
}

/** Row-major number of an element within its group of reduced ones. */
function positionOf(group: Group, index: readonly IndexExpression[]): IndexExpression {
  return group.inner!.reduce((position, axis) => addIndex(index[axis]!, position, group.full[axis]!), indexConstant(0));
}

/** Calls `visit` with every access of some stages: whether it is a store, and whether it is a gather, whose rows are computed. */
export function forEachAccess(
  stages: readonly Stage[],
  visit: (access: Store["access"], store: boolean, stage: Stage, gathered?: GatherExpression) => void,
): void {
  for (const stage of stages) {
    const roots = [...stage.reductions.map(({ value }) => value), ...stage.stores.map(({ value }) => value)];
    forEachPart(roots, (part) => {
      if (part.kind === "load") visit(part.access, false, stage);
      if (part.kind === "gather") visit(part.access, false, stage, part);
    });
    for (const { access } of stage.stores) visit(access, true, stage);
  }
}

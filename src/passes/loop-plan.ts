import { applications, bodyValueOf, type Loop, loopOf, type Node, topologicalOrder } from "../ir/index.ts";
import { product, rowMajorStrides } from "../util/index.ts";
import type { Window } from "./kernel.ts";
import { optimize } from "./optimize.ts";

/** What one run of a loop has to compute. */
export interface LoopPlan {
  readonly loop: Loop;
  readonly inputs: readonly Node[];
  /** The nodes that ask for it, with the body's value that each wants; undefined: a carry's end. */
  readonly results: ReadonlyMap<Node, Node | undefined>;
  /** What becomes of the carries that matter to the results, by their numbers. */
  readonly next: ReadonlyMap<number, Node>;
}

/** The loops of a graph, by their application. */
export function planLoops(roots: readonly Node[]): Map<string, LoopPlan> {
  return new Map([...applications(topologicalOrder(roots))].map(([key, nodes]) => [key, planLoop(nodes)]));
}

function planLoop(nodes: readonly Node[]): LoopPlan {
  const loop = loopOf(nodes[0]!)!;
  const wanted = nodes.map(bodyValueOf);
  const body = optimize([...loop.next, ...wanted.flatMap((value) => value ?? [])]);
  const values = body.slice(loop.next.length).values();
  const results = new Map(nodes.map((node, i) => [node, wanted[i] && (values.next().value as Node)]));
  const matter = new Set(nodes.flatMap((node) => (bodyValueOf(node) ? [] : [node.attributes.carry as number])));
  for (;;) {
    const asked = [...results.values()].flatMap((value) => value ?? []);
    const reached = new Set(topologicalOrder([...asked, ...[...matter].map((k) => body[k]!)]));
    const more = loop.carries.flatMap((carry, k) => (reached.has(carry) && !matter.has(k) ? [k] : []));
    if (more.length === 0) break;
    for (const k of more) matter.add(k);
  }
  const next = new Map([...matter].sort((a, b) => a - b).map((k) => [k, body[k]!]));
  return { loop, inputs: nodes[0]!.inputs, results, next };
}

/**
 * Where a carry lies. One that is asked for at every step lies in the stack of its values, one slot longer than there are steps: a step
 * reads a slot and writes the next one. Others take turns between two slots. Slots are numbers of whole values.
 */
export interface CarryPlan {
  readonly slots: number;
  readonly first: number;
  readonly last: number;
  /** Where the stack of the values before each step, and that of those after it, begin. */
  readonly before: number;
  readonly after: number;
  readonly read: Omit<Window, "of" | "kind">;
  readonly write: Omit<Window, "of" | "kind">;
}

/** Whether a carry is stacked: before or after each step. */
export function stackedCarry({ loop, results, next }: LoopPlan, k: number): boolean {
  const values = [...results.values()];
  return values.includes(loop.carries[k]) || values.includes(next.get(k));
}

export function planCarry(plan: LoopPlan, k: number): CarryPlan {
  const { length, reverse, carries } = plan.loop;
  const size = product(carries[k]!.shape);
  if (!stackedCarry(plan, k)) {
    const turns = { first: 0, stride: size, period: 2 };
    const last = length % 2;
    return {
      slots: 2,
      first: 0,
      last,
      before: 0,
      after: 0,
      read: { ...turns, phase: 0 },
      write: { ...turns, phase: 1 },
    };
  }
  const [first, last] = reverse ? [length, 0] : [0, length];
  const stride = reverse ? -size : size;
  return {
    slots: length + 1,
    first,
    last,
    before: reverse ? 1 : 0,
    after: reverse ? 0 : 1,
    read: { first: first * size, stride },
    write: { first: first * size + stride, stride },
  };
}

/** Where the slices of a stack are, turn by turn; `stride` is that of the stack's first axis. */
export function sliceWindow({ length, reverse }: Loop, offset: number, stride: number): Omit<Window, "of" | "kind"> {
  return reverse ? { first: offset + (length - 1) * stride, stride: -stride } : { first: offset, stride };
}

/** Elements from the first to the last of a value that lies with these strides. */
export function spanOfStrides(shape: readonly number[], strides: readonly number[] = rowMajorStrides(shape)): number {
  return shape.reduce((span, size, axis) => span + (size - 1) * Math.abs(strides[axis]!), 1);
}

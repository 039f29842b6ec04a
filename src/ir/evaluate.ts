import { product } from "../util/index.ts";
import type { TypedArray } from "./dtype.ts";
import { applicationOf, applications, bodyValueOf, type Loop, loopOf } from "./loop.ts";
import { type Node, topologicalOrder } from "./op.ts";

/** What becomes of an op's result when it is put into memory. */
export type Stored = (values: Float64Array, node: Node) => Float64Array;

/**
 * Values of `roots`, in float64, each op by its own meaning. Values no longer needed are let go on the way. `stored` may round every
 * result, to tell how much rounding matters.
 */
export function evaluate(
  roots: readonly Node[],
  given: ReadonlyMap<Node, TypedArray | Float64Array>,
  stored: Stored = (values) => values,
): Float64Array[] {
  const order = topologicalOrder(roots);
  const uses = new Map<Node, number>();
  for (const node of [...order.flatMap((each) => each.inputs), ...roots]) uses.set(node, (uses.get(node) ?? 0) + 1);
  const results = applications(order);
  const values = new Map<Node, Float64Array>();
  for (const node of order) {
    if (values.has(node)) continue;
    const bound = given.get(node);
    if (bound !== undefined) values.set(node, Float64Array.from(bound));
    else {
      const inputs = node.inputs.map((input) => values.get(input)!);
      const loop = loopOf(node);
      if (loop) {
        // All results of a loop that are asked for anywhere, by one run of it.
        const together = results.get(applicationOf(node))!;
        runLoop(loop, inputs, together, stored).forEach((value, i) => values.set(together[i]!, value));
      } else values.set(node, stored(node.op.evaluate(inputs, node), node));
    }
    for (const input of node.inputs) {
      const left = uses.get(input)! - 1;
      uses.set(input, left);
      if (left === 0) values.delete(input);
    }
  }
  return roots.map((root) => values.get(root)!);
}

/** The results of a loop that some of its nodes ask for, step by step. */
export function runLoop(
  loop: Loop,
  inputs: readonly Float64Array[],
  nodes: readonly Node[],
  stored?: Stored,
): Float64Array[] {
  const { length, reverse, carries, slices, constants, next } = loop;
  let state = inputs.slice(0, carries.length);
  const stacks = inputs.slice(carries.length, carries.length + slices.length);
  const fixed = new Map(constants.map((node, i) => [node, inputs[carries.length + slices.length + i]!]));
  const asked = nodes.map(bodyValueOf);
  const stacked = nodes.map((node) => new Float64Array(product(node.shape)));
  for (let turn = 0; turn < length; turn++) {
    const step = reverse ? length - 1 - turn : turn;
    const given = new Map<Node, Float64Array>(fixed);
    carries.forEach((carry, i) => given.set(carry, state[i]!));
    slices.forEach((slice, i) => {
      const size = product(slice.shape);
      given.set(slice, stacks[i]!.subarray(step * size, (step + 1) * size));
    });
    const values = evaluate([...next, ...asked.flatMap((value) => value ?? [])], given, stored);
    state = values.splice(0, next.length);
    asked.forEach((value, i) => {
      if (value) stacked[i]!.set(values.shift()!, step * product(value.shape));
    });
  }
  return nodes.map((node, i) => (asked[i] ? stacked[i]! : state[node.attributes.carry as number]!));
}

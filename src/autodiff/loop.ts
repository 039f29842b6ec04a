import {
  bodyValueOf,
  closeLoop,
  isFloat,
  type Loop,
  loopOf,
  type Node,
  ops,
  substitute,
  topologicalOrder,
} from "../ir/index.ts";
import { residualsOf } from "./residuals.ts";
import { StepSums } from "./step-sums.ts";

/** A value, and the gradient with respect to it. */
export interface Slope {
  readonly node: Node;
  readonly grad: Node;
}

/** The backward walk: gradients with respect to `wrt`, from those of outputs. */
export type PullBack = (outputs: readonly Slope[], wrt: readonly Node[]) => (Node | undefined)[];

/**
 * Gradients of a loop with respect to its inputs, from those with respect to its results: a loop through the steps in the opposite order.
 * Its carries are the gradients of the loop's carries; its slices are the gradients of stacked results, and what the steps computed that
 * their gradients need. `needed` says for which inputs gradients are asked.
 */
export function loopGradients(
  results: readonly Slope[],
  needed: (input: Node) => boolean,
  pullBack: PullBack,
): (Node | null)[] {
  const { inputs } = results[0]!.node;
  const loop = loopOf(results[0]!.node)!;
  const given = [...loop.carries, ...loop.slices, ...loop.constants];
  const inputOf = new Map(given.map((node, i) => [node, inputs[i]!]));

  const active = activeOf(loop, (node) => needed(inputOf.get(node)!));
  const ends = new Map<number, Node>();
  for (const { node, grad } of results) if (!bodyValueOf(node)) ends.set(node.attributes.carry as number, grad);
  const stacked = results.map(({ node, grad }) => ({ value: bodyValueOf(node), grad }));
  const kept = relevantCarries(
    loop,
    ends,
    stacked.flatMap(({ value }) => value ?? []),
  ).filter((k) => active.has(loop.carries[k]!));

  const flowing = kept.map((k) => ops.placeholder("flow", loop.carries[k]!.shape, "float32"));
  const slices: Node[] = [];
  const stacks: Node[] = [];
  const slice = (stack: Node): Node => {
    const node = ops.placeholder("slice", stack.shape.slice(1), stack.dtype);
    slices.push(node);
    stacks.push(stack);
    return node;
  };
  const seeds = kept.map((k, i): Slope => ({ node: loop.next[k]!, grad: flowing[i]! }));
  for (const { value, grad } of stacked) if (value) seeds.push({ node: value, grad: slice(grad) });

  const sources = given.filter((node) => active.has(node));
  const found = pullBack(seeds, sources);
  const present = found.flatMap((each) => each ?? []);
  const residuals = new Map<Node, Node>();
  const nodesOf = (slopes: readonly Slope[]) => slopes.map(({ node }) => node);
  for (const node of residualsOf(loop, nodesOf(results), nodesOf(seeds), present)) {
    const constant = loop.constants.includes(node);
    const slot = loop.slices.includes(node);
    const value = constant ? inputOf.get(node)! : slice(slot ? inputOf.get(node)! : ops.scan(loop, inputs, node));
    residuals.set(node, value);
  }
  const slopes = substitute(present, residuals);
  const slopeOf = new Map<Node, Node>();
  sources.forEach((node, i) => {
    const at = present.indexOf(found[i]!);
    if (at >= 0) slopeOf.set(node, slopes[at]!);
  });

  const steps = { length: loop.length, reverse: !loop.reverse, recompute: loop.recompute };
  const sums = new StepSums(new Map(slices.map((node, i) => [node, stacks[i]!])), !loop.recompute);
  const sliceSlopes = loop.slices.flatMap((node) => slopeOf.get(node) ?? []);
  sums.stackedAnyway(sliceSlopes);
  const accumulated = loop.constants.filter((node) => slopeOf.has(node) && !sums.possible(slopeOf.get(node)!));
  const totals = accumulated.map((node) => ops.placeholder("total", node.shape, "float32"));
  const flows = kept.map((k) => slopeOf.get(loop.carries[k]!) ?? ops.constantLike(loop.carries[k]!, 0));
  const added = accumulated.map((node, i) => ops.add(totals[i]!, slopeOf.get(node)!));
  const wanted = loop.constants.flatMap((node) => (accumulated.includes(node) ? [] : (slopeOf.get(node) ?? [])));
  const stackable = [...new Set([...sliceSlopes, ...wanted.flatMap((slope) => sums.operands(slope))])];
  const closed = closeLoop({
    ...steps,
    carries: [...flowing, ...totals],
    slices,
    next: [...flows, ...added],
    values: stackable,
  });
  const zero = (node: Node) => ops.constantLike(node, 0);
  const first = [...kept.map((k) => ends.get(k) ?? zero(loop.carries[k]!)), ...totals.map(zero)];
  const all = [...first, ...stacks, ...closed.constants];
  const stackOf = new Map(stackable.map((node, i) => [node, ops.scan(closed.loop, all, closed.values[i]!)]));

  return given.map((node, i) => {
    const slope = slopeOf.get(node);
    if (i < loop.carries.length) {
      const at = kept.indexOf(i);
      return at < 0 || !active.has(node) ? null : ops.scanEnd(closed.loop, all, at);
    }
    if (!slope) return null;
    const at = accumulated.indexOf(node);
    if (at >= 0) return ops.scanEnd(closed.loop, all, kept.length + at);
    return stackOf.get(slope) && loop.slices.includes(node) ? stackOf.get(slope)! : sums.total(slope, stackOf);
  });
}

/** The placeholders that a gradient is asked for, and the carries that depend on them in some step. */
function activeOf(loop: Loop, needed: (node: Node) => boolean): Set<Node> {
  const given = [...loop.carries, ...loop.slices, ...loop.constants];
  const active = new Set(given.filter((node) => isFloat(node.dtype) && needed(node)));
  for (;;) {
    const reached = new Set(active);
    for (const node of topologicalOrder(loop.next))
      if (node.inputs.some((each) => reached.has(each))) reached.add(node);
    const more = loop.carries.filter(
      (carry, k) => isFloat(carry.dtype) && reached.has(loop.next[k]!) && !active.has(carry),
    );
    if (more.length === 0) return active;
    for (const carry of more) active.add(carry);
  }
}

/** Numbers of the carries on which what has gradients depends. */
function relevantCarries(loop: Loop, ends: ReadonlyMap<number, Node>, values: readonly Node[]): number[] {
  const relevant = new Set(ends.keys());
  for (;;) {
    const reached = new Set(topologicalOrder([...values, ...[...relevant].map((k) => loop.next[k]!)]));
    const more = loop.carries.flatMap((carry, k) => (reached.has(carry) && !relevant.has(k) ? [k] : []));
    if (more.length === 0) break;
    for (const k of more) relevant.add(k);
  }
  return [...relevant].filter((k) => isFloat(loop.carries[k]!.dtype)).sort((a, b) => a - b);
}

import { applicationOf, type Node, topologicalOrder } from "../ir/index.ts";
import { rowMajorStrides } from "../util/index.ts";
import type { Group } from "./group.ts";
import type { KernelStep, RepeatKernel, Window } from "./kernel.ts";
import type { MemoryMap } from "./loop-kernel.ts";
import { type LoopPlan, planCarry, sliceWindow, spanOfStrides } from "./loop-plan.ts";
import { NeedsMemory } from "./lower.ts";
import { BufferTable, ONE_RUN, type PlacedGraph, placeResults } from "./placement.ts";
import { type Storage, stridedView, unshaped } from "./strided-view.ts";

/** Kernels for the values of a graph in their order: the rest of the compiler, which loops need for their bodies. */
export type BuildSteps = (graph: PlacedGraph, table: BufferTable) => KernelStep[];

/** The kernel of a loop: those of its body, over memory that moves on with every turn. */
export function buildRepeat(
  group: Group,
  loops: PlacedGraph["loops"],
  { inMemory, storage }: MemoryMap,
  outer: BufferTable,
  name: string,
  buildSteps: BuildSteps,
): RepeatKernel {
  const plan = loops.get(applicationOf(group.members[0]!))!;
  const { loop, inputs, results } = plan;
  const { carries, slices, constants, length } = loop;
  const table = new BufferTable(outer.buffers, outer.data);
  const windows: number[] = [];
  const window = (node: Node, place: Omit<Window, "kind">, strides = rowMajorStrides(node.shape)): Storage => {
    const buffer = table.add(node.dtype, spanOfStrides(node.shape, strides), { kind: "window", ...place });
    windows.push(buffer);
    return { buffer, dtype: node.dtype, offset: 0, strides };
  };

  const wholeRows = rowsRead(plan);
  /** Where an input lies; kernels that walk whole rows need what they read of it in one run. */
  const view = (input: Node, placeholder: Node, axes: number): Storage => {
    const seen = stridedView(input, (node) => (inMemory.has(node) ? storage(node) : undefined));
    const whole = rowMajorStrides(placeholder.shape);
    const fits = seen && (!wholeRows.has(placeholder) || whole.every((stride, i) => seen.strides[axes + i] === stride));
    if (!fits) throw new NeedsMemory(input);
    return seen;
  };
  slices.forEach((slice, i) => {
    const { buffer, offset, strides } = view(inputs[carries.length + i]!, slice, 1);
    table.given(slice, window(slice, { of: buffer, ...sliceWindow(loop, offset, strides[0]!) }, strides.slice(1)));
  });
  constants.forEach((constant, i) => {
    table.given(constant, view(inputs[carries.length + slices.length + i]!, constant, 0));
  });

  /** Values of the body, and where each step leaves them. */
  const targets: { value: Node; storage: Storage }[] = [];
  const kept = new Set<Node>();
  for (const [k, next] of plan.next) {
    const { read, write } = planCarry(plan, k);
    const of = storage(inputs[k]!).buffer;
    table.given(carries[k]!, window(carries[k]!, { of, ...read }));
    targets.push({ value: next, storage: window(next, { of, ...write }) });
    kept.add(carries[k]!).add(next);
  }
  for (const [node, value] of results) {
    if (!value || kept.has(value)) continue;
    const { buffer, offset, strides } = storage(node);
    targets.push({ value, storage: window(value, { of: buffer, ...sliceWindow(loop, offset, strides[0]!) }) });
    kept.add(value);
  }
  const graph = placeResults(
    [],
    targets.map(({ value }) => value),
    [],
    new Set(),
  );
  graph.outputs.forEach((node, i) => table.assign(node, targets[i]!.storage));
  for (const inner of graph.loops.values()) table.addLoop(inner);
  return { kind: "repeat", name, count: length, steps: buildSteps(graph, table), windows, barrier: true };
}

/** Placeholders of the body that kernels read which walk whole rows. */
function rowsRead({ next, results }: LoopPlan): Set<Node> {
  const body = topologicalOrder([...next.values(), ...[...results.values()].flatMap((value) => value ?? [])]);
  return new Set(body.filter(({ op }) => ONE_RUN.has(op.family)).flatMap(({ inputs }) => inputs.map(unshaped)));
}

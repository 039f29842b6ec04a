import { type Node, type Program, type TypedArray, topologicalOrder } from "../ir/index.ts";
import { invariant, product, rowMajorStrides } from "../util/index.ts";
import { planArena } from "./arena.ts";
import { buildContraction } from "./contraction-kernel.ts";
import { partsOf } from "./describe.ts";
import type { RowUpdates } from "./few-rows.ts";
import { formGroups, type Group, Separations } from "./group.ts";
import { spanOf, type Touch, touchesOf } from "./hazards.ts";
import { readsOnlyOwnElement } from "./in-place.ts";
import type {
  Access,
  Kernel,
  KernelBuffer,
  KernelPart,
  KernelProgram,
  KernelStep,
  ScatterKernel,
  Stage,
} from "./kernel.ts";
import { aliveBytes, blocksOf } from "./lifetimes.ts";
import { buildLoopNest, CannotShare, type MemoryMap } from "./loop-kernel.ts";
import { chooseVector, collapseContraction, collapseLoops } from "./loop-layout.ts";
import { at, forEachPart, NeedsMemory } from "./lower.ts";
import { decideMemory } from "./memory-decisions.ts";
import { optimize } from "./optimize.ts";
import { orderForMemory } from "./order.ts";
import { BufferTable, type DraftBuffer, type PlacedGraph, placeResults } from "./placement.ts";
import { recompute } from "./recompute.ts";
import { buildRepeat } from "./repeat.ts";
import { schedule, workOf } from "./schedule.ts";
import { stridedView, unshaped } from "./strided-view.ts";

/** A program in kernel form, and the constants it reads, by the index of their buffers' places. */
export interface CompiledKernels {
  readonly program: KernelProgram;
  readonly data: readonly TypedArray[];
}

/** A kernel and the group it computes. */
interface DraftStep {
  readonly kernel: Kernel;
  readonly scope: string;
  readonly parts: readonly KernelPart[];
}

/**
 * Graph to kernels: simplify, decide what lives in memory, group, lower, lay out loops, plan memory, order.
 *
 * @param updateRows `updateRows`, where large tables are to be updated by their rows.
 * @param sumWindows `windowSums`, where convolutions of single channels would be products otherwise.
 */
export function compileKernels(
  program: Program,
  updateRows?: RowUpdates,
  sumWindows?: (roots: readonly Node[]) => Node[],
): CompiledKernels {
  const count = program.state.length;
  const roots = [...program.state.map(({ next }) => next), ...program.outputs];
  const simple = recompute(
    optimize(
      roots,
      program.state.map(({ input }) => input),
      updateRows,
      sumWindows,
    ),
  );
  const deferred = new Set<number>();
  for (;;) {
    const graph = placeResults(simple.slice(0, count), simple.slice(count), program.state, deferred);
    const table = BufferTable.of(program, graph);
    const changed = graph.next.filter((node, i) => node !== program.state[i]!.input);
    const steps = buildSteps({ ...graph, next: changed }, table, "k");
    const early = overwrittenEarly(steps, table.buffers, deferred);
    if (early === undefined) return finish(program.name, steps, table);
    deferred.add(early);
  }
}

/** Groups and kernels; starts again whenever a kernel turns out to need a value in memory or a group to have to part. */
function buildSteps(graph: PlacedGraph, table: BufferTable, prefix: string, inLoop = false): DraftStep[] {
  const changed = graph.next;
  const roots = [...changed, ...graph.outputs];
  const order = topologicalOrder(roots);
  const required = new Set<Node>();
  const late = new Map<Node, number>();
  for (const root of roots) required.add(unshaped(root));
  for (const node of graph.held) required.add(node);
  for (const { loop, inputs } of graph.loops.values()) loop.carries.forEach((_, i) => required.add(inputs[i]!));
  for (const node of order.filter(({ op }) => op.family === "concat").reverse()) {
    table.storage(node);
    let start = 0;
    for (const piece of node.inputs) {
      required.add(unshaped(piece));
      if (changed.includes(node)) late.set(unshaped(piece), start);
      start += product(piece.shape);
    }
  }
  for (const node of changed) if (!late.has(unshaped(node))) late.set(unshaped(node), 0);
  const separate = new Separations();
  for (;;) {
    const inMemory = decideMemory(roots, required);
    const memory: MemoryMap = { inMemory, storage: table.storage };
    try {
      const groups = formGroups(roots, inMemory, separate, { late, alone: graph.alone, inLoop });
      const steps = groups.flatMap((group, i): DraftStep[] => {
        if (group.kind === "concat") return [];
        const name = `${prefix}${i}`;
        const kernel =
          group.kind === "scan"
            ? buildRepeat(group, graph.loops, memory, table, name, (body, inner) => draftTurn(body, inner, `${name}_`))
            : buildKernel(group, memory, name, table.buffers);
        return [{ kernel, scope: group.members[0]!.scope, parts: partsOf(group, inMemory) }];
      });
      return dropUnread(steps, table.buffers);
    } catch (reason) {
      if (reason instanceof CannotShare) separate.add(reason.node, reason.member);
      else if (reason instanceof NeedsMemory && !inMemory.has(reason.node)) required.add(reason.node);
      else if (reason instanceof NeedsMemory)
        throw new Error(`Descent bug: ${reason.node.op.name} can't be read from memory`);
      else throw reason;
    }
  }
}

/** The kernels of a loop's body; where workers wait for each other is said once all memory is planned. */
function draftTurn(body: PlacedGraph, table: BufferTable, prefix: string): KernelStep[] {
  return buildSteps(body, table, prefix, true).map((step) => ({ ...step, barrier: true, parallel: true }));
}

function buildKernel(group: Group, memory: MemoryMap, name: string, buffers: readonly DraftBuffer[]): Kernel {
  const [node] = group.members as [Node];
  switch (group.kind) {
    case "contraction":
      return collapseContraction(buildContraction(group, memory, name));
    case "random": {
      const [key, counter, target] = [...node.inputs, node].map((each) => at(memory.storage(each), []));
      const stream = node.attributes.stream as number;
      return {
        kind: "random",
        name,
        key: key!,
        counter: counter!,
        target: target!,
        count: product(node.shape),
        stream,
      };
    }
    case "scatter": {
      const [from, to] = node.inputs.slice(-2) as [Node, Node];
      const [indices, updates, target] = [from, to, node].map((each) => at(memory.storage(each), []));
      const width = product(node.shape.slice(1));
      const count = product(from.shape);
      const replaces = node.op.name === "put";
      return {
        kind: "scatter",
        name,
        indices: indices!,
        updates: updates!,
        target: target!,
        base: replaces ? baseOfRows(node.inputs[0]!, target!, memory, buffers) : "zeros",
        replaces,
        count,
        width,
        rows: node.shape[0]!,
      };
    }
    default: {
      const nest = collapseLoops(buildLoopNest(group, memory));
      return { kind: "loop", name, ...nest, vector: chooseVector(nest) };
    }
  }
}

/** What rows of `x` that are not replaced are found in: the target itself, where that is the memory that x lies in. */
function baseOfRows(
  x: Node,
  target: Access,
  { inMemory, storage }: MemoryMap,
  buffers: readonly DraftBuffer[],
): ScatterKernel["base"] {
  if (x.op.family === "constant" && Object.is(x.attributes.value, 0)) return "zeros";
  const seen = stridedView(x, (node) => (inMemory.has(node) ? storage(node) : undefined));
  const whole = rowMajorStrides(x.shape);
  if (!seen?.strides.every((stride, axis) => stride === whole[axis] || x.shape[axis] === 1)) throw new NeedsMemory(x);
  const [from, to] = [seen.buffer, target.buffer].map((buffer) => buffers[buffer]!.place);
  const same = stateOf(from!) === stateOf(to!) && stateOf(to!) !== undefined && seen.offset === target.index.constant;
  return same ? "target" : at({ ...seen, strides: [] }, []);
}

/** The number of the state that lies in a place. */
function stateOf(place: DraftBuffer["place"]): number | undefined {
  return place !== "arena" && place.kind === "state" ? place.index : undefined;
}

/** Leaves out stores to intermediates that nothing loads, and kernels left without any. */
function dropUnread(steps: readonly DraftStep[], buffers: readonly DraftBuffer[]): DraftStep[] {
  let current = [...steps];
  for (;;) {
    const read = new Set<number>();
    for (const { kernel } of current) {
      for (const { buffer, store } of touchesOf(kernel, buffers)) if (!store) read.add(buffer);
    }
    const wanted = (buffer: number) => buffers[buffer]!.place !== "arena" || read.has(buffer);
    let dropped = false;
    const keep = (stores: Stage["stores"]) => {
      const kept = stores.filter(({ access }) => wanted(access.buffer));
      dropped ||= kept.length < stores.length;
      return kept;
    };
    current = current.flatMap((step): DraftStep[] => {
      const { kernel } = step;
      if (kernel.kind === "contraction") {
        const stores = keep(kernel.stores);
        return stores.length === 0 ? [] : [{ ...step, kernel: { ...kernel, stores } }];
      }
      if (kernel.kind !== "loop") return [step];
      const stages = dropIdleStages(kernel.stages.map((stage) => ({ ...stage, stores: keep(stage.stores) })));
      return stages.length === 0 ? [] : [{ ...step, kernel: { ...kernel, stages } }];
    });
    if (!dropped) return current;
  }
}

/** Without reductions that nobody uses and passes that do nothing. */
function dropIdleStages(stages: readonly Stage[]): Stage[] {
  const used = new Set<number>();
  const kept: Stage[] = [];
  for (const stage of [...stages].reverse()) {
    const reductions = stage.reductions.filter(({ id }) => used.has(id));
    if (reductions.length === 0 && stage.stores.length === 0) continue;
    forEachPart(
      [...reductions, ...stage.stores].map(({ value }) => value),
      (part) => {
        if (part.kind === "result") used.add(part.reduction);
      },
    );
    kept.unshift({ ...stage, reductions });
  }
  return kept;
}

/**
 * The number of a state whose new value would be written before (or while) somebody else reads the old one; undefined when all is well.
 * A kernel may read the old value of the very element that it replaces.
 */
function overwrittenEarly(
  steps: readonly DraftStep[],
  buffers: readonly DraftBuffer[],
  deferred: ReadonlySet<number>,
): number | undefined {
  const stateIn = (buffer: number) => stateOf(buffers[buffer]!.place);
  const touches = steps.map(({ kernel }) => touchesOf(kernel, buffers));
  for (const [w, writes] of touches.entries()) {
    for (const write of writes) {
      const state = stateIn(write.buffer);
      if (!write.store || state === undefined || deferred.has(state)) continue;
      const isOldRead = (touch: Touch) =>
        !touch.store &&
        touch.buffer !== write.buffer &&
        stateIn(touch.buffer) === state &&
        touch.low <= write.high &&
        write.low <= touch.high;
      const later = touches.slice(w + 1).some((others) => others.some(isOldRead));
      const own = writes.filter(isOldRead);
      if (
        later ||
        (own.length > 0 &&
          !readsOnlyOwnElement(steps[w]!.kernel, write.buffer, new Set(own.map(({ buffer }) => buffer))))
      )
        return state;
    }
  }
  return undefined;
}

/** Plans the arena and says where workers have to wait for each other. */
function finish(name: string, draft: readonly DraftStep[], table: BufferTable): CompiledKernels {
  const { buffers } = table;
  const steps = orderForMemory(
    draft.map((step) => ({ ...step, touches: touchesOf(step.kernel, buffers) })),
    buffers,
  );
  const blocks = blocksOf(steps, buffers);
  const arena = planArena(blocks);
  const offsets = new Map(blocks.flatMap((block, i) => block.buffers.map((buffer) => [buffer, arena.offsets[i]!])));
  const arenaOffset = (buffer: number): number => {
    const offset = offsets.get(buffer);
    invariant(offset !== undefined, "a buffer without a place");
    return offset;
  };
  const plain = steps.map(({ kernel, scope, parts }) => ({ kernel, scope, parts }));
  const ordered = schedule(plain, buffers, (touch) => spanOf(touch, buffers, arenaOffset));
  const placed: KernelBuffer[] = buffers.map(({ dtype, length, place }, buffer) => ({
    dtype,
    // A buffer that no kernel touches any more takes no memory.
    length: place === "arena" && !offsets.has(buffer) ? 0 : length,
    place: place === "arena" ? { kind: "arena", offset: offsets.get(buffer) ?? 0 } : place,
  }));
  const work = steps.reduce((total, { kernel }) => total + workOf(kernel), 0);
  const liveBytes = aliveBytes(blocks, steps.length);
  const program = { name, buffers: placed, steps: ordered, arenaBytes: arena.bytes, liveBytes, work };
  return { program, data: table.data };
}

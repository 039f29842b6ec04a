import {
  applicationOf,
  type DType,
  loopOf,
  type Node,
  ops,
  type Program,
  type TypedArray,
  withInputs,
} from "../ir/index.ts";
import { product, rowMajorStrides, type Shape } from "../util/index.ts";
import type { BufferPlace } from "./kernel.ts";
import { type LoopPlan, planCarry, planLoops } from "./loop-plan.ts";
import { rewrite } from "./simplify.ts";
import { type Storage, unshaped } from "./strided-view.ts";

/** A buffer while the program is being built; arena buffers get their offset at the end. */
export interface DraftBuffer {
  readonly dtype: DType;
  readonly length: number;
  readonly place: BufferPlace | "arena";
}

const SOURCES = new Set(["placeholder", "data", "constant", "iota", "identity", "concat"]);

export const ONE_RUN = new Set(["scatter", "random"]);

/** Whether `node`'s own kernel can write to a place that somebody else chose, once. */
function take(node: Node, taken: Set<Node>): boolean {
  const base = unshaped(node);
  if (SOURCES.has(base.op.family) || base.op.family === "scan" || taken.has(base)) return false;
  taken.add(base);
  return true;
}

/** Whether a value is computed by a kernel of its own accord: not a view of something else, nor there from the beginning. */
function computed(node: Node): boolean {
  const { family } = unshaped(node).op;
  return family !== "movement" && !SOURCES.has(family);
}

/** Roots of a program whose results go straight to where they belong, with copies put in where that can't be. */
export interface PlacedGraph {
  readonly next: readonly Node[];
  readonly outputs: readonly Node[];
  /** Copies into state that must run last. */
  readonly alone: ReadonlySet<Node>;
  /** What they copy: values that need memory of their own, away from any state. */
  readonly held: ReadonlySet<Node>;
  /** Loops, by their applications. Their first carries are values of their own, to be computed where the loop wants them. */
  readonly loops: ReadonlyMap<string, LoopPlan>;
}

/**
 * Makes every piece of a concatenation, every new state and every output a value of its own that can be computed in its final place.
 * `deferred` are states that can't be written while others still read them: they are copied at the end.
 */
export function placeResults(
  next: readonly Node[],
  outputs: readonly Node[],
  state: Program["state"],
  deferred: ReadonlySet<number>,
): PlacedGraph {
  const taken = new Set<Node>();
  // Kernels that walk whole rows need their operands and results in one run of memory.
  const inOneRun = new Set<Node>();
  const strided = new Set<Node>();
  const begun = new Map<string, readonly Node[]>();
  const roots = rewrite([...next, ...outputs], (node) => {
    if (ONE_RUN.has(node.op.family)) {
      const inputs = node.inputs.map((input) => (strided.has(unshaped(input)) ? ops.identity(input) : input));
      const whole = withInputs(node, inputs);
      for (const each of [whole, ...inputs]) inOneRun.add(unshaped(each));
      return whole;
    }
    if (node.op.family === "scan") {
      const key = applicationOf(node);
      const { carries } = loopOf(node)!;
      const inputs = begun.get(key) ?? node.inputs.map((each, i) => (i < carries.length ? ops.identity(each) : each));
      begun.set(key, inputs);
      return withInputs(node, inputs);
    }
    if (node.op.family !== "concat") return node;
    const axis = node.attributes.axis as number;
    const contiguous = node.shape.slice(0, axis).every((size) => size === 1);
    const pieces = node.inputs.map((piece) => {
      const direct = contiguous || (unshaped(piece) === piece && !inOneRun.has(piece));
      if (!direct || !take(piece, taken)) return ops.identity(piece);
      if (!contiguous) strided.add(piece);
      return piece;
    });
    return withInputs(node, pieces);
  });
  const alone = new Set<Node>();
  const held = new Set<Node>();
  const claim = (root: Node): Node => {
    if (root.op.family === "concat" && !taken.has(root)) {
      taken.add(root);
      return root;
    }
    return take(root, taken) ? root : ops.identity(root);
  };
  const placed = roots.map((root, i) => {
    if (i < next.length && root === state[i]!.input) return root;
    if (!deferred.has(i) || i >= next.length) return claim(root);
    // Without memory of its own the value would be computed by the copy, from state that others have replaced by then.
    const value = computed(root) ? root : ops.identity(root);
    const copy = ops.identity(value);
    held.add(unshaped(value));
    alone.add(copy);
    return copy;
  });
  return {
    next: placed.slice(0, next.length),
    outputs: placed.slice(next.length),
    alone,
    held,
    loops: planLoops(placed),
  };
}

/** Gives every value of a graph its buffer. The graphs of a program's loops have tables of their own over the same buffers. */
export class BufferTable {
  private readonly storages = new Map<Node, Storage>();

  constructor(
    readonly buffers: DraftBuffer[] = [],
    readonly data: TypedArray[] = [],
  ) {}

  /** What a program is bound to. */
  static of(program: Program, graph: PlacedGraph): BufferTable {
    const table = new BufferTable();
    program.inputs.forEach((node, index) => table.fixed(node, { kind: "input", index }));
    program.state.forEach(({ input }, index) => table.fixed(input, { kind: "state", index }));
    // A new state has a buffer number of its own in the same place, so that reads of the old and the new value can be told apart.
    graph.next.forEach((node, index) => {
      if (node !== program.state[index]!.input) table.claim(node, { kind: "state", index });
    });
    graph.outputs.forEach((node, index) => table.claim(node, { kind: "output", index }));
    for (const plan of graph.loops.values()) table.addLoop(plan);
    return table;
  }

  add(dtype: DType, length: number, place: DraftBuffer["place"]): number {
    this.buffers.push({ dtype, length, place });
    return this.buffers.length - 1;
  }

  private fixed(node: Node, place: DraftBuffer["place"]): void {
    const buffer = this.add(node.dtype, product(node.shape), place);
    this.storages.set(node, contiguous(buffer, node));
  }

  /** Lets a node be computed to a new buffer. */
  claim(node: Node, place: DraftBuffer["place"]): void {
    const buffer = this.add(node.dtype, product(node.shape), place);
    this.assign(node, contiguous(buffer, node));
  }

  /** Says where a value lies that this graph does not compute. */
  given(node: Node, storage: Storage): void {
    this.storages.set(node, storage);
  }

  /** Stacks for the results of a loop. Its first carries go to the first slots of theirs. */
  addLoop(plan: LoopPlan): void {
    const { loop, inputs, results } = plan;
    const carryOf = new Map<Node, { buffer: number; at: number }>();
    for (const [k, next] of plan.next) {
      const carry = loop.carries[k]!;
      const { slots, first, last, before, after } = planCarry(plan, k);
      const size = product(carry.shape);
      const buffer = this.add(carry.dtype, slots * size, "arena");
      this.assign(inputs[k]!, { ...contiguous(buffer, carry), offset: first * size });
      carryOf.set(next, { buffer, at: after * size });
      for (const [node, value] of results) {
        if (!value && node.attributes.carry === k)
          this.given(node, { ...contiguous(buffer, carry), offset: last * size });
        if (value === carry) this.given(node, { ...contiguous(buffer, node), offset: before * size });
      }
    }
    for (const [node, value] of results) {
      if (!value || this.storages.has(node)) continue;
      const place = carryOf.get(value);
      if (place) this.given(node, { ...contiguous(place.buffer, node), offset: place.at });
      else this.fixed(node, "arena");
    }
  }

  /** Lets a node be computed to a place. */
  assign(node: Node, storage: Storage): void {
    const base = unshaped(node);
    this.storages.set(base, base === node ? storage : { ...storage, strides: rowMajorStrides(base.shape) });
    if (base.op.family !== "concat") return;
    const axis = base.attributes.axis as number;
    let offset = storage.offset;
    for (const piece of base.inputs) {
      this.assign(piece, { ...storage, offset });
      offset += piece.shape[axis]! * storage.strides[axis]!;
    }
  }

  /** Where the node's value lies; made up in the arena when it has no place yet. */
  storage = (node: Node): Storage => {
    const known = this.storages.get(node);
    if (known) return known;
    if (node.op.family === "data") {
      this.data.push(node.attributes.data as TypedArray);
      this.fixed(node, { kind: "data", index: this.data.length - 1 });
    } else if (node.op.family === "concat") {
      this.claim(node, "arena");
    } else {
      this.fixed(node, "arena");
    }
    return this.storages.get(node)!;
  };
}

function contiguous(buffer: number, node: { shape: Shape; dtype: DType }): Storage {
  return { buffer, dtype: node.dtype, offset: 0, strides: rowMajorStrides(node.shape) };
}

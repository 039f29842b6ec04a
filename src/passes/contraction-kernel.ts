import {
  addIndex,
  divideIndex,
  type Guard,
  type IndexExpression,
  indexRange,
  type Node,
  ops,
  sameIndex,
  scaleIndex,
} from "../ir/index.ts";
import { type Group, wideAxes } from "./group.ts";
import type { Access, ContractionKernel, Expression, Loop, Store } from "./kernel.ts";
import { asMember, CannotShare, type MemoryMap, spreadIndex, withSplits } from "./loop-kernel.ts";
import { LoopSpace } from "./loop-space.ts";
import { at, Lowering } from "./lower.ts";

/** The loops of a contraction, and where its operands and its result are at their point. */
interface Plan {
  readonly batch: readonly Loop[];
  readonly rows: readonly Loop[];
  readonly columns: readonly Loop[];
  readonly depth: readonly Loop[];
  readonly a: OperandView;
  readonly b: OperandView;
  readonly result: (indexOf: (loop: Loop) => IndexExpression) => IndexExpression[];
}

interface OperandView {
  readonly node: Node;
  readonly index: (indexOf: (loop: Loop) => IndexExpression) => { index: IndexExpression[]; guards: Guard[] };
}

/** Builds the kernel of a contraction group: the product, and the members computed from it as its epilogue. */
export function buildContraction(group: Group, memory: MemoryMap, name: string): ContractionKernel {
  const space = new LoopSpace();
  const [node] = group.members as [Node];
  const plan = planOf(node, space);
  return withSplits(space, () => {
    const indexOf = (loop: Loop) => space.indexOf(loop);
    const resolver = {
      value: () => undefined,
      storage: (each: Node) => (memory.inMemory.has(each) ? memory.storage(each) : undefined),
    };
    const operand = (view: OperandView): Access => {
      const { index, guards } = view.index(indexOf);
      const access = new Lowering(space, resolver).access(view.node, index);
      const needed = guards.filter((guard) => {
        const range = guard.divisor === 1 ? indexRange(guard.expression, space.sizeOf) : undefined;
        return !range || range.low < 0 || range.high >= guard.size;
      });
      return { ...access, guards: [...access.guards, ...needed] };
    };
    const parts = (loops: readonly Loop[]) => loops.filter(({ size }) => size > 1).flatMap((loop) => space.parts(loop));
    const a = operand(plan.a);
    const b = operand(plan.b);
    const stores = buildEpilogue(group, memory, space, plan.result(indexOf));
    return {
      kind: "contraction",
      name,
      batch: parts(plan.batch),
      rows: parts(plan.rows),
      columns: parts(plan.columns),
      depth: parts(plan.depth),
      a,
      b,
      precision: node.attributes.precision as ContractionKernel["precision"],
      stores,
    };
  });
}

/** Stores of the sum and of all members computed from it, at the point of the result that `index` names. */
function buildEpilogue(group: Group, memory: MemoryMap, space: LoopSpace, index: readonly IndexExpression[]): Store[] {
  const [product] = group.members as [Node];
  const wide = wideAxes(product.shape).map((axis) => index[axis]!);
  const values = new Map<Node, Expression>([[product, { kind: "result", type: "f32", reduction: 0 }]]);
  let current = product;
  const lowering = new Lowering(space, {
    value: (node, point) => {
      const known = values.get(node);
      if (!known) return undefined;
      const own = spreadIndex(node.shape, wide);
      if (!point.every((each, axis) => sameIndex(each, own[axis]!))) throw new CannotShare(current, node);
      return known;
    },
    storage: (node) => (memory.inMemory.has(node) && !values.has(node) ? memory.storage(node) : undefined),
  });
  return group.members.map((member) => {
    current = member;
    const own = spreadIndex(member.shape, wide);
    const value = values.get(member) ?? asMember(member, values, () => lowering.expressionOfMember(member, own));
    values.set(member, value);
    return { access: at(memory.storage(member), own), value };
  });
}

function planOf(node: Node, space: LoopSpace): Plan {
  if (node.op.family === "contraction" && node.op.kind !== "matmul") return planConvolution(node, space, node.op.kind);
  const [a, b] = node.inputs as [Node, Node];
  const batch = node.shape.slice(0, -2).map((size) => space.loop(size));
  const [rows, columns, depth] = [node.shape.at(-2)!, node.shape.at(-1)!, a.shape.at(-1)!].map((size) =>
    space.loop(size),
  ) as [Loop, Loop, Loop];
  return {
    batch,
    rows: [rows],
    columns: [columns],
    depth: [depth],
    a: { node: a, index: (of) => ({ index: [...batch, rows, depth].map(of), guards: [] }) },
    b: { node: b, index: (of) => ({ index: [...batch, depth, columns].map(of), guards: [] }) },
    result: (of) => [...batch, rows, columns].map(of),
  };
}

/**
 * The three convolutions as products over the loops n, o.. (positions), h.. (elements), k.. (kernel offsets), g (groups), c, f:
 *
 *   conv        y[n, o.., f] = sum k.., c:   x[n, o s + k d - p, c] w[k.., c, f]     rows n, o..    depth k.., c    columns f
 *   convInput   x[n, h.., c] = sum k.., f:   y[n, (h + p - k d) / s, f] w[k.., c, f]  rows n, h..    depth k.., f    columns c
 *   convWeight  w[k.., c, f] = sum n, o..:   x[n, o s + k d - p, c] y[n, o.., f]     rows k.., c    depth n, o..    columns f
 */
function planConvolution(node: Node, space: LoopSpace, kind: "conv" | "convInput" | "convWeight"): Plan {
  const { strides, dilation, padding, groups } = ops.geometryOf(node.attributes);
  const [first, second] = node.inputs as [Node, Node];
  const shapes = {
    conv: { x: first.shape, w: second.shape, y: node.shape },
    convInput: { x: node.shape, w: second.shape, y: first.shape },
    convWeight: { x: first.shape, w: node.shape, y: second.shape },
  }[kind];
  const rank = strides.length;
  const [channels, filters] = [shapes.w[rank]!, shapes.w[rank + 1]! / groups];
  const loop = (size: number) => space.loop(size);
  const group = loop(groups);
  const n = loop(shapes.x[0]!);
  const positions = shapes.y.slice(1, -1).map(loop);
  const kernel = shapes.w.slice(0, rank).map(loop);
  const elements = shapes.x.slice(1, -1).map(loop);
  const [c, f] = [loop(channels), loop(filters)];
  type Of = (loop: Loop) => IndexExpression;
  const channel = (of: Of) => addIndex(of(c), of(group), channels);
  const filter = (of: Of) => addIndex(of(f), of(group), filters);

  /** x at the element under position o and offset k; nothing in the padding. */
  const inputAtWindow = (of: Of) => {
    const at = positions.map((o, i) =>
      addIndex(scaleIndex(of(o), strides[i]!, -padding[i]![0]), of(kernel[i]!), dilation[i]!),
    );
    const guards = at.map((expression, i) => ({ expression, divisor: 1, size: shapes.x[i + 1]! }));
    return { index: [of(n), ...at, channel(of)], guards };
  };
  /** y at the position whose window has element h at offset k, where there is one. */
  const outputAtElement = (of: Of) => {
    const shifted = elements.map((h, i) =>
      addIndex(scaleIndex(of(h), 1, padding[i]![0]), of(kernel[i]!), -dilation[i]!),
    );
    const guards = shifted.map((expression, i) => ({ expression, divisor: strides[i]!, size: shapes.y[i + 1]! }));
    return { index: [of(n), ...shifted.map((each, i) => divideIndex(each, strides[i]!)), filter(of)], guards };
  };
  const weight = (of: Of) => ({ index: [...kernel.map(of), of(c), filter(of)], guards: [] });
  const output = (of: Of) => [of(n), ...positions.map(of), filter(of)];
  switch (kind) {
    case "conv":
      return {
        batch: [group],
        rows: [n, ...positions],
        depth: [...kernel, c],
        columns: [f],
        a: { node: first, index: inputAtWindow },
        b: { node: second, index: weight },
        result: output,
      };
    case "convInput":
      return {
        batch: [group],
        rows: [n, ...elements],
        depth: [...kernel, f],
        columns: [c],
        a: { node: first, index: outputAtElement },
        b: { node: second, index: weight },
        result: (of) => [of(n), ...elements.map(of), channel(of)],
      };
    case "convWeight":
      return {
        batch: [group],
        rows: [...kernel, c],
        depth: [n, ...positions],
        columns: [f],
        a: { node: first, index: inputAtWindow },
        b: { node: second, index: (of) => ({ index: output(of), guards: [] }) },
        result: (of) => weight(of).index,
      };
  }
}

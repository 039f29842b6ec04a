import { fail, invariant, product } from "../../../util/index.ts";
import { addDims, type Dim, isAffine } from "../../dim.ts";
import type { GraphNode } from "../../unify.ts";
import type { Rule } from "../lowering.ts";
import { ELEMENT, HELD } from "../schema.ts";

const constant: Rule = (node, { graph }) => {
  const value = node.attributes["value"];
  if (isAffine(value)) fail("a number depends on the batch's size", "samples that do not see each other");
  const name = graph.scalar(value as number, node.dtype, node.shape.length);
  return { name, shape: node.shape.map(() => 1) };
};

/** 0, 1, 2, ... along one axis. */
const iota: Rule = (node, { graph }) => {
  const axis = node.attributes["axis"] as number;
  const size = node.shape[axis]!;
  const shape = node.shape.map((_, i): Dim => (i === axis ? size : 1));
  if (typeof size === "number") {
    const values = Array.from({ length: size }, (_, i) => i);
    return { name: graph.numbers(values, shape as number[], node.dtype, "indices"), shape };
  }
  const end = graph.emit("Squeeze", [graph.sizes([size])]);
  const [zero, one] = [0, 1].map((value) =>
    graph.initializer({ type: "int64", shape: [], data: int64(value) }, "step"),
  );
  const counted = graph.emit("Range", [zero!, end, one!]);
  const name = graph.emit("Cast", [counted], { to: ELEMENT[HELD[node.dtype]] });
  return graph.reshape({ name, shape: [size] }, shape);
};

function int64(value: number): Uint8Array {
  return new Uint8Array(BigInt64Array.of(BigInt(value)).buffer);
}

/** Rows by number; what is outside reads 0. */
const gather: Rule = (node, lowering) => {
  const { graph } = lowering;
  const [table, indices] = node.inputs as [GraphNode, GraphNode];
  const x = lowering.full(table);
  const at = lowering.full(indices);
  const rows = table.shape[0]!;
  const known = lowering.numbers(indices);
  const inside = known && typeof rows === "number" && known.every((row) => row >= 0 && row < rows);
  if (inside) return { name: graph.emit("Gather", [x.name, at.name], { axis: 0 }), shape: node.shape };
  const rank = indices.shape.length;
  const valid = within(lowering, at.name, rows, rank);
  const safe = graph.emit("Where", [valid, at.name, graph.scalar(0, "int32", rank)]);
  const found = graph.emit("Gather", [x.name, safe], { axis: 0 });
  const width = node.shape.length - rank;
  const shown = graph.reshape({ name: valid, shape: at.shape }, [...at.shape, ...Array<number>(width).fill(1)]);
  const name = graph.emit("Where", [shown.name, found, graph.scalar(0, node.dtype, node.shape.length)]);
  return { name, shape: node.shape };
};

type Lowered = Parameters<Rule>[1];

function within(lowering: Lowered, indices: string, rows: Dim, rank: number): string {
  const { graph } = lowering;
  const low = graph.emit("LessOrEqual", [graph.scalar(0, "int32", rank), indices]);
  return graph.emit("And", [low, graph.emit("Less", [indices, count(lowering, rows, rank)])]);
}

/** A size as an int32 that goes with any shape of `rank` axes. */
function count({ graph }: Lowered, size: Dim, rank: number): string {
  if (typeof size === "number") return graph.scalar(size, "int32", rank);
  const narrow = graph.emit("Cast", [graph.sizes([size])], { to: ELEMENT.int32 });
  return graph.reshape({ name: narrow, shape: [1] }, Array<number>(rank).fill(1)).name;
}

/** Rows are added up by number, those outside in a row more that is cut off. */
const scatter: Rule = (node, lowering) => {
  const { graph } = lowering;
  const [indices, updates] = node.inputs as [GraphNode, GraphNode];
  const [rows, ...row] = node.shape as [Dim, ...Dim[]];
  const at = lowering.full(indices);
  const rank = indices.shape.length;
  const valid = within(lowering, at.name, rows, rank);
  const safe = graph.emit("Where", [valid, at.name, count(lowering, rows, rank)]);
  const wide = graph.emit("Cast", [safe], { to: ELEMENT.int64 });
  const listed = graph.reshape({ name: wide, shape: at.shape }, [...at.shape, 1]);
  const zeros = graph.expand({ name: graph.scalar(0, node.dtype, node.shape.length), shape: node.shape.map(() => 1) }, [addDims(rows, 1), ...row]); // biome-ignore format: one line
  const total = graph.emit("ScatterND", [zeros.name, listed.name, lowering.full(updates).name], { reduction: "add" });
  const [from, to, axis] = [0, rows, 0].map((value) => graph.sizes([value]));
  return { name: graph.emit("Slice", [total, from!, to!, axis!]), shape: node.shape };
};

/** Rows are replaced by the last ones of their number; all others go to a row more that is cut off. */
const put: Rule = (node, lowering) => {
  const { graph } = lowering;
  const [table, indices, updates] = node.inputs as [GraphNode, GraphNode, GraphNode];
  const [rows, ...row] = node.shape as [Dim, ...Dim[]];
  const at = lowering.full(indices);
  const rank = indices.shape.length;
  const shape = at.shape.map((size) => {
    if (typeof size !== "number")
      fail("rows are replaced by a number that depends on the batch's size", "a fixed number");
    return size;
  });
  const beyond = count(lowering, rows, rank);
  const listed = (name: string) =>
    graph.reshape({ name: graph.emit("Cast", [name], { to: ELEMENT.int64 }), shape }, [...shape, 1]).name;
  const safe = graph.emit("Where", [within(lowering, at.name, rows, rank), at.name, beyond]);
  const places = graph.numbers(
    Int32Array.from({ length: product(shape) }, (_, i) => i + 1),
    shape,
    "int32",
    "places",
  );
  const none = graph.expand({ name: graph.scalar(0, "int32", 1), shape: [1] }, [addDims(rows, 1)]);
  const last = graph.emit("ScatterND", [none.name, listed(safe), places], { reduction: "max" });
  const isLast = graph.emit("Equal", [graph.emit("Gather", [last, safe], { axis: 0 }), places]);
  const chosen = graph.emit("Where", [isLast, safe, beyond]);
  const one = { name: graph.scalar(0, node.dtype, node.shape.length), shape: node.shape.map(() => 1) };
  const longer = graph.emit("Concat", [lowering.full(table).name, graph.expand(one, [1, ...row]).name], { axis: 0 });
  const replaced = graph.emit("ScatterND", [longer, listed(chosen), lowering.full(updates).name]);
  const [from, to, axis] = [0, rows, 0].map((value) => graph.sizes([value]));
  return { name: graph.emit("Slice", [replaced, from!, to!, axis!]), shape: node.shape };
};

export const SOURCE_RULES = {
  constant,
  data: (node, lowering) => lowering.constant(node),
  placeholder: (node, lowering) => {
    invariant(node.constant, "an input that was not declared");
    return lowering.constant(node);
  },
  identity: (node, lowering) => lowering.value(node.inputs[0]!),
  iota,
  random: () => fail("it draws random numbers even outside of training", "a layer that does so in training only"),
  gather,
  scatter,
  put,
} as const satisfies Record<string, Rule>;

import {
  addIndex,
  bodyValueOf,
  DTYPES,
  type DType,
  type IndexExpression,
  indexConstant,
  indexOf,
  loopOf,
  type Node,
  type OpRecord,
  ops,
  type ReduceOp,
  scaleIndex,
} from "../../ir/index.ts";
import { fail, product, rowMajorStrides, type Shape } from "../../util/index.ts";
import { flatIndex, indexText, type LoopSizes } from "./views.ts";

/** An array that holds a value: its name, and where in it the value begins. */
export interface Place {
  readonly name: string;
  readonly base?: string;
}

const types = new Map<DType, string>();

/** The kind of array that holds a dtype. */
export function arrayType(dtype: DType): string {
  const name = types.get(dtype) ?? Object.prototype.toString.call(DTYPES[dtype].create(0)).slice(8, -1);
  types.set(dtype, name);
  return name;
}

/** What statements need of who writes the script. */
export interface Writing {
  places: Map<Node, Place>;
  name(wanted: string): string;
  line(text: string): void;
  block(open: string, inside: () => void): void;
  nest(shape: Shape, sizes: LoopSizes, inside: (index: IndexExpression[], sizes: LoopSizes) => void): void;
  scoped(shape: Shape, inside: (index: IndexExpression[], sizes: LoopSizes) => void): void;
  array(wanted: string, length: number, type: string): string;
  own(node: Node, isSum?: boolean): string;
  placeOf(node: Node): Place;
  at(place: Place, flat: string): string;
  read(node: Node, index: readonly IndexExpression[], sizes: LoopSizes): string;
  write(roots: readonly Node[]): void;
  copyTo(node: Node, name: string, base?: string): void;
  /** Results of one loop that are asked for together. */
  loopResults(node: Node): readonly Node[];
}

/** Writes the loops that fill a node's array. */
type Statement = (node: Node, writer: Writing) => void;

const FOLDS = {
  sum: { start: "0", step: (total: string, value: string) => `${total} += ${value};` },
  prod: { start: "1", step: (total: string, value: string) => `${total} *= ${value};` },
  max: { start: "-Infinity", step: (total: string, value: string) => `${total} = Math.max(${total}, ${value});` },
  min: { start: "Infinity", step: (total: string, value: string) => `${total} = Math.min(${total}, ${value});` },
} as const;

/** Folds axes: a loop over the others, and one within over those. */
const reduce: Statement = (node, writer) => {
  const [input] = node.inputs as [Node];
  const axes = node.attributes["axes"] as readonly number[];
  const name = writer.own(node);
  const { reduction } = node.op as ReduceOp;
  writer.scoped(node.shape, (index, sizes) => {
    const target = `${name}[${indexText(flatIndex(index, node.shape))}]`;
    const over = (inside: (element: string) => void) =>
      writer.nest(
        axes.map((axis) => input.shape[axis]!),
        sizes,
        (inner, all) => {
          const whole = index.map((each, axis) => (axes.includes(axis) ? inner[axes.indexOf(axis)]! : each));
          inside(writer.read(input, whole, all));
        },
      );
    if (reduction === "argmax") {
      writer.line("let best = NaN, place = 0, at = 0;");
      over((element) => {
        writer.line(`const value = ${element};`);
        writer.line("if (at === 0 || value > best || (Number.isNaN(value) && !Number.isNaN(best))) {");
        writer.line("  best = value;");
        writer.line("  place = at;");
        writer.line("}");
        writer.line("at++;");
      });
      writer.line(`${target} = place;`);
      return;
    }
    const { start, step } = FOLDS[reduction];
    writer.line(`let total = ${start};`);
    const whole = reduction === "prod" && node.dtype !== "float32";
    over((element) => writer.line(whole ? `total = Math.imul(total, ${element});` : step("total", element)));
    writer.line(`${target} = total;`);
  });
};

const matmul: Statement = (node, writer) => {
  const [a, b] = node.inputs as [Node, Node];
  const name = writer.own(node);
  writer.scoped(node.shape, (index, sizes) => {
    const [batch, row, column] = [index.slice(0, -2), index.at(-2)!, index.at(-1)!];
    writer.line("let total = 0;");
    writer.nest([a.shape.at(-1)!], sizes, ([k], all) => {
      const [left, right] = [writer.read(a, [...batch, row, k!], all), writer.read(b, [...batch, k!, column], all)];
      writer.line(`total += ${left} * ${right};`);
    });
    writer.line(`${name}[${indexText(flatIndex(index, node.shape))}] = total;`);
  });
};

/** Visits the products of a convolution: y at o, w at k, x at o * stride + k * dilation - padding. */
const convolution: Statement = (node, writer) => {
  if (node.op.name === "convWeight") fail("a kernel's gradient is part of it", "what a model computes forward");
  const isForward = node.op.name === "conv";
  const [first, w] = node.inputs as [Node, Node];
  const [x, y] = isForward ? [first, node] : [node, first];
  const { strides, dilation, padding, groups } = ops.geometryOf(node.attributes);
  const name = writer.own(node, !isForward);
  const rank = strides.length;
  const [channels, filters] = w.shape.slice(-2) as [number, number];
  if (!isForward) writer.line(`${name}.fill(0);`);
  writer.scoped(y.shape, (index, outer) => {
    const target = `${name}[${indexText(flatIndex(index, y.shape))}]`;
    if (isForward) writer.line("let total = 0;");
    else writer.line(`const given = ${writer.read(first, index, outer)};`);
    const f = index.at(-1)!;
    const sizes = [...outer];
    const places: IndexExpression[] = [];
    const kernel: IndexExpression[] = [];
    const inside = (): void => {
      writer.nest([channels], sizes, ([c], all) => {
        const group = groups === 1 ? "0" : `Math.floor((${indexText(f)}) / ${filters / groups}) * ${channels}`;
        const strides = rowMajorStrides(x.shape);
        const spatial = places.map((_, axis) => `h${axis} * ${strides[axis + 1]}`);
        const sample = indexText(scaleIndex(index[0]!, strides[0]!));
        const at = [...(sample === "0" ? [] : [sample]), ...spatial, ...(group === "0" ? [] : [group]), indexText(c!)];
        const weight = writer.read(w, [...kernel, c!, f], all);
        const place = at.join(" + ");
        if (isForward) writer.line(`total += ${writer.at(writer.placeOf(x), place)} * ${weight};`);
        else writer.line(`${name}[${place}] += given * ${weight};`);
      });
    };
    const loop = (axis: number): void => {
      if (axis === rank) return inside();
      const k = sizes.length;
      sizes.push(w.shape[axis]!);
      kernel.push(indexOf(k));
      const place = addIndex(scaleIndex(index[axis + 1]!, strides[axis]!, -padding[axis]![0]), indexOf(k), dilation[axis]!); // biome-ignore format: one line
      places.push(place);
      writer.block(`for (let i${k} = 0; i${k} < ${w.shape[axis]}; i${k}++)`, () => {
        writer.line(`const h${axis} = ${indexText(place)};`);
        writer.line(`if (h${axis} < 0 || h${axis} >= ${x.shape[axis + 1]}) continue;`);
        loop(axis + 1);
      });
    };
    loop(0);
    if (isForward) writer.line(`${target} = total;`);
  });
};

const contraction: Statement = (node, writer) => (node.op.name === "matmul" ? matmul : convolution)(node, writer);

const gather: Statement = (node, writer) => {
  const [table, indices] = node.inputs as [Node, Node];
  const place = writer.placeOf(table);
  const name = writer.own(node);
  const [rows, width] = [table.shape[0]!, product(table.shape.slice(1))];
  writer.scoped(indices.shape, (index, sizes) => {
    writer.line(`const row = ${writer.read(indices, index, sizes)};`);
    writer.nest(node.shape.slice(indices.shape.length), sizes, (rest) => {
      const at = indexText(flatIndex(rest, table.shape.slice(1)));
      const found = writer.at(place, `row * ${width} + ${at}`);
      const target = indexText(flatIndex([...index, ...rest], node.shape));
      writer.line(`${name}[${target}] = row >= 0 && row < ${rows} ? ${found} : 0;`);
    });
  });
};

/** Rows added to zeros, or put in the place of those of a table. */
const scatter: Statement = (node, writer) => {
  const [indices, updates] = node.inputs.slice(-2) as [Node, Node];
  const [assign, begin] = node.op.name === "put" ? ["=", node.inputs[0]!] : ["+=", undefined];
  const name = writer.own(node);
  const width = product(node.shape.slice(1));
  if (!begin) writer.line(`${name}.fill(0);`);
  else {
    writer.nest(begin.shape, [], (index, sizes) => {
      writer.line(`${name}[${indexText(flatIndex(index, begin.shape))}] = ${writer.read(begin, index, sizes)};`);
    });
  }
  writer.scoped(indices.shape, (index, sizes) => {
    writer.line(`const row = ${writer.read(indices, index, sizes)};`);
    writer.block(`if (row >= 0 && row < ${node.shape[0]})`, () => {
      writer.nest(node.shape.slice(1), sizes, (rest, all) => {
        const at = indexText(flatIndex(rest, node.shape.slice(1)));
        writer.line(`${name}[row * ${width} + ${at}] ${assign} ${writer.read(updates, [...index, ...rest], all)};`);
      });
    });
  });
};

const concat: Statement = (node, writer) => {
  const axis = node.attributes["axis"] as number;
  const name = writer.own(node);
  let before = 0;
  for (const piece of node.inputs) {
    const start = before;
    writer.nest(piece.shape, [], (index, sizes) => {
      const moved = index.map((each, i) => (i === axis ? addIndex(each, indexConstant(start)) : each));
      writer.line(`${name}[${indexText(flatIndex(moved, node.shape))}] = ${writer.read(piece, index, sizes)};`);
    });
    before += piece.shape[axis]!;
  }
};

/** A loop of steps; its body reads and writes arrays of its own. All results of it that are asked for are written together. */
const scan: Statement = (node, writer) => {
  const siblings = writer.loopResults(node);
  const { length, reverse, carries, slices, constants, next } = loopOf(node)!;
  const places = node.inputs.slice(carries.length).map((input) => writer.placeOf(input));
  const held = carries.map((carry, i) => {
    const name = writer.array(`${node.scope}_carry`, product(carry.shape), arrayType(carry.dtype));
    writer.copyTo(node.inputs[i]!, name);
    return name;
  });
  const t = writer.name("t");
  const around = writer.places;
  const inside = new Map(carries.map((carry, i) => [carry, { name: held[i]! }]));
  slices.forEach((slice, i) => {
    const { name, base } = places[i]!;
    const start = `${t} * ${product(slice.shape)}`;
    inside.set(slice, { name, ...{ base: base === undefined ? start : `${base} + ${start}` } });
  });
  constants.forEach((constant, i) => inside.set(constant, places[slices.length + i]!));
  const stacks = siblings.map((each) => {
    const value = bodyValueOf(each);
    return value && { value, name: writer.array(`${node.scope}_steps`, product(each.shape), arrayType(each.dtype)) };
  });
  const values = stacks.flatMap((stack) => stack?.value ?? []);
  const steps = reverse
    ? `for (let ${t} = ${length - 1}; ${t} >= 0; ${t}--)`
    : `for (let ${t} = 0; ${t} < ${length}; ${t}++)`;
  writer.places = inside;
  writer.block(steps, () => {
    writer.write([...next, ...values].filter((each) => !inside.has(each)));
    for (const stack of stacks) {
      if (!stack) continue;
      const size = product(stack.value.shape);
      writer.copyTo(stack.value, stack.name, `${t} * ${size}`);
    }
    // All carries change at once: none may be read after it was replaced.
    const sources = next.map((value, i) => {
      const place = value.op.family === "placeholder" ? undefined : writer.placeOf(value);
      if (place && place.base === undefined && !held.includes(place.name)) return place.name;
      const copy = writer.array(`${node.scope}_next`, product(value.shape), arrayType(carries[i]!.dtype));
      writer.copyTo(value, copy);
      return copy;
    });
    sources.forEach((source, i) => writer.line(`${held[i]}.set(${source});`));
  });
  writer.places = around;
  siblings.forEach((each, i) => {
    writer.places.set(each, { name: stacks[i]?.name ?? held[each.attributes["carry"] as number]! });
  });
};

/** How the families that need loops of their own are written. */
export const STATEMENTS: Readonly<Partial<Record<OpRecord["family"], Statement>>> = {
  reduce,
  contraction,
  gather,
  scatter,
  concat,
  scan,
  random: () => fail("it draws random numbers even outside of training", "a layer that does so in training only"),
};

import type { Guard, IndexExpression } from "../../src/ir/index.ts";
import type { Access, ContractionKernel, Expression, Loop } from "../../src/passes/index.ts";
import type { HostRandom } from "../../src/util/index.ts";

/** A contraction, and the lengths of its buffers: a, b, the result, then a bias over the columns and a residual like the result. */
export interface Problem {
  readonly name: string;
  readonly kernel: ContractionKernel;
  readonly lengths: readonly number[];
}

/** coefficient, loop (or quotient) pairs. */
type Term = readonly [number, number | { readonly expression: IndexExpression; readonly divisor: number }];

export function index(constant: number, ...terms: readonly Term[]): IndexExpression {
  return {
    constant,
    terms: terms.filter(([coefficient]) => coefficient !== 0).map(([coefficient, of]) => ({ coefficient, of })),
  };
}

function access(buffer: number, at: IndexExpression, guards: readonly Guard[] = [], fill = 0): Access {
  return { buffer, dtype: "float32", index: at, guards, fill };
}

const loop = (id: number, size: number): Loop => ({ id, size });
const RESULT: Expression = { kind: "result", type: "f32", reduction: 0 };

const load = (buffer: number, at: IndexExpression): Expression => ({
  kind: "load",
  type: "f32",
  access: access(buffer, at),
});
const scalar = (op: "add" | "mul" | "greater", ...args: readonly Expression[]): Expression => ({
  kind: "scalar",
  op,
  type: "f32",
  args,
});
const ZERO: Expression = { kind: "scalar", op: "const", type: "f32", args: [], value: 0 };

/** Stores max(0, sum + bias[column]) + residual, as a layer with a skip connection does. */
function epilogue(at: IndexExpression, column: IndexExpression) {
  const activated = scalar("greater", scalar("add", RESULT, load(3, column)), ZERO);
  return [{ access: access(2, at), value: scalar("add", activated, load(4, at)) }];
}

/** A matrix product; `layout` says which operands are transposed ("AB": none, "aB": A), "?" for any order, gaps and directions. */
export function matrixProduct(
  sizes: { readonly batch: number; readonly rows: number; readonly columns: number; readonly depth: number },
  layout: "AB" | "aB" | "Ab" | "ab" | "?",
  random: HostRandom,
): Problem {
  const loops = {
    batch: loop(0, sizes.batch),
    rows: loop(1, sizes.rows),
    columns: loop(2, sizes.columns),
    depth: loop(3, sizes.depth),
  };
  const any = layout === "?";
  /** Memory of some loops, the first one running fastest. */
  const lay = (dims: readonly Loop[], free: boolean) => {
    const order = dims.map((_, i) => i);
    if (free) random.shuffle(order);
    const chance = (probability: number) => free && random.uniform() < probability;
    let stride = chance(0.3) ? 2 : 1;
    let constant = 0;
    const terms: Term[] = [];
    for (const i of order) {
      const { id, size } = dims[i]!;
      const backwards = chance(0.2);
      terms.push([backwards ? -stride : stride, id]);
      if (backwards) constant += stride * (size - 1);
      stride *= size + (chance(0.3) ? 3 : 0);
    }
    return { at: index(constant, ...terms), length: stride };
  };
  const a = lay(
    layout.includes("a") ? [loops.rows, loops.depth, loops.batch] : [loops.depth, loops.rows, loops.batch],
    any,
  );
  const b = lay(
    layout.includes("b") ? [loops.depth, loops.columns, loops.batch] : [loops.columns, loops.depth, loops.batch],
    any,
  );
  const out = lay([loops.columns, loops.rows, loops.batch], false);
  const kernel: ContractionKernel = {
    kind: "contraction",
    name: "product",
    batch: [loops.batch],
    rows: [loops.rows],
    columns: [loops.columns],
    depth: [loops.depth],
    a: access(0, a.at),
    b: access(1, b.at),
    stores: epilogue(out.at, index(0, [1, 2])),
  };
  return {
    name: `${sizes.batch} x [${sizes.rows}, ${sizes.depth}] x [${sizes.depth}, ${sizes.columns}] ${strides(a.at)} ${strides(b.at)} ${strides(out.at)}`,
    kernel: withoutUnitLoops(kernel),
    lengths: [a.length, b.length, out.length, sizes.columns, out.length],
  };
}

const strides = (at: IndexExpression) => `(${at.terms.map(({ coefficient, of }) => `${coefficient}i${of}`).join(" ")})`;

export interface Geometry {
  readonly n: number;
  readonly size: readonly [number, number];
  readonly channels: number;
  readonly filters: number;
  readonly kernel: readonly [number, number];
  readonly stride?: number;
  readonly padding?: number;
  readonly dilation?: number;
  readonly groups?: number;
  /** What is read outside of the input, 0 by default. */
  readonly fill?: number;
}

const [N, OH, OW, KH, KW, C, F, H, W, G] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

/** A convolution (channels last) as a product, forward or one of its gradients. */
export function convolution(kind: "forward" | "input gradient" | "weight gradient", geometry: Geometry): Problem {
  const {
    n,
    size,
    channels,
    filters,
    kernel: k,
    stride: s = 1,
    padding: p = 0,
    dilation: d = 1,
    groups = 1,
    fill = 0,
  } = geometry;
  const [h, w] = size;
  const [oh, ow] = [0, 1].map((i) => Math.floor((size[i]! + 2 * p - (k[i]! - 1) * d - 1) / s) + 1) as [number, number];
  const [c, f] = [channels / groups, filters / groups];
  const out = index(0, [oh * ow * filters, N], [ow * filters, OH], [filters, OW], [1, F], [f, G]);
  const weight = index(0, [k[1] * c * filters, KH], [c * filters, KW], [filters, C], [1, F], [f, G]);
  const input = index(0, [h * w * channels, N], [w * channels, H], [channels, W], [1, C], [c, G]);
  const row = index(-p, [s, OH], [d, KH]);
  const column = index(-p, [s, OW], [d, KW]);
  const window = index(
    -p * w * channels - p * channels,
    [h * w * channels, N],
    [s * w * channels, OH],
    [d * w * channels, KH],
    [s * channels, OW],
    [d * channels, KW],
    [1, C],
    [c, G],
  );
  const inside =
    p > 0
      ? [
          { expression: row, divisor: 1, size: h },
          { expression: column, divisor: 1, size: w },
        ]
      : [];
  const fromRow = index(p, [1, H], [-d, KH]);
  const fromColumn = index(p, [1, W], [-d, KW]);
  const positions: Term[] =
    s === 1
      ? [
          [ow * filters, H],
          [-d * ow * filters, KH],
          [filters, W],
          [-d * filters, KW],
        ]
      : [
          [ow * filters, { expression: fromRow, divisor: s }],
          [filters, { expression: fromColumn, divisor: s }],
        ];
  const position = index(s === 1 ? p * (ow + 1) * filters : 0, [oh * ow * filters, N], ...positions, [1, F], [f, G]);
  const hit = [
    { expression: fromRow, divisor: s, size: oh },
    { expression: fromColumn, divisor: s, size: ow },
  ];
  const lengths = { x: n * h * w * channels, w: k[0] * k[1] * c * filters, y: n * oh * ow * filters };
  const batch = [loop(G, groups)];
  const base = { kind: "contraction" as const, name: kind, batch };
  const spatial = {
    positions: [loop(N, n), loop(OH, oh), loop(OW, ow)],
    elements: [loop(N, n), loop(H, h), loop(W, w)],
    window: [loop(KH, k[0]), loop(KW, k[1])],
  };
  const made: { kernel: ContractionKernel; lengths: number[] } = {
    forward: {
      kernel: {
        ...base,
        rows: spatial.positions,
        columns: [loop(F, f)],
        depth: [...spatial.window, loop(C, c)],
        a: access(0, window, inside, fill),
        b: access(1, weight),
        stores: epilogue(out, index(0, [1, F], [f, G])),
      },
      lengths: [lengths.x, lengths.w, lengths.y, filters, lengths.y],
    },
    "input gradient": {
      kernel: {
        ...base,
        rows: spatial.elements,
        columns: [loop(C, c)],
        depth: [...spatial.window, loop(F, f)],
        a: access(0, position, hit),
        b: access(1, weight),
        stores: epilogue(input, index(0, [1, C], [c, G])),
      },
      lengths: [lengths.y, lengths.w, lengths.x, channels, lengths.x],
    },
    "weight gradient": {
      kernel: {
        ...base,
        rows: [...spatial.window, loop(C, c)],
        columns: [loop(F, f)],
        depth: spatial.positions,
        a: access(0, window, inside, fill),
        b: access(1, out),
        stores: epilogue(weight, index(0, [1, F], [f, G])),
      },
      lengths: [lengths.x, lengths.y, lengths.w, filters, lengths.w],
    },
  }[kind];
  return { name: `${kind} ${JSON.stringify(geometry)}`, kernel: withoutUnitLoops(made.kernel), lengths: made.lengths };
}

/** The same without what follows the sums: nothing but the product itself is stored. */
export function sumsOnly({ name, kernel, lengths }: Problem): Problem {
  const stores = kernel.stores.map(({ access: at }) => ({ access: at, value: RESULT }));
  return { name: `sums of ${name}`, kernel: { ...kernel, stores }, lengths };
}

/** The same of operands that are rounded to bfloat16 before they are multiplied. */
export const inBfloat16 = ({ name, kernel, lengths }: Problem): Problem => ({
  name: `${name} in bfloat16`,
  kernel: { ...kernel, precision: "bfloat16" },
  lengths,
});

/** The nearest bfloat16, ties to even, of a number that is none of the smallest: by integer arithmetic on its own. */
function nearestBfloat16(x: number): number {
  if (x === 0) return 0;
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(x))) - 7);
  const scaled = x / unit;
  const down = Math.floor(scaled);
  const rest = scaled - down;
  return unit * (rest < 0.5 || (rest === 0.5 && down % 2 === 0) ? down : down + 1);
}

/** Loops of size 1 dropped, as the passes do. */
function withoutUnitLoops(kernel: ContractionKernel): ContractionKernel {
  const groups = ["batch", "rows", "columns", "depth"] as const;
  const unit = new Set(
    groups
      .flatMap((group) => kernel[group])
      .filter(({ size }) => size === 1)
      .map(({ id }) => id),
  );
  const strip = (at: IndexExpression): IndexExpression => ({
    constant: at.constant,
    terms: at.terms
      .filter(({ of }) => typeof of !== "number" || !unit.has(of))
      .map((term) =>
        typeof term.of === "number" ? term : { ...term, of: { ...term.of, expression: strip(term.of.expression) } },
      ),
  });
  const stripAccess = (each: Access): Access => ({
    ...each,
    index: strip(each.index),
    guards: each.guards.map((guard) => ({ ...guard, expression: strip(guard.expression) })),
  });
  const stripValue = (value: Expression): Expression =>
    value.kind === "load"
      ? { ...value, access: stripAccess(value.access) }
      : value.kind === "scalar"
        ? { ...value, args: value.args.map(stripValue) }
        : value;
  return {
    ...kernel,
    ...Object.fromEntries(groups.map((group) => [group, kernel[group].filter(({ size }) => size > 1)])),
    a: stripAccess(kernel.a),
    b: stripAccess(kernel.b),
    stores: kernel.stores.map((store) => ({ access: stripAccess(store.access), value: stripValue(store.value) })),
  };
}

/** The same in float64, by the definition: every element of the result by a loop over the depth. Untouched elements are NaN. */
export function solve({ kernel, lengths }: Problem, buffers: readonly Float32Array[]): Float64Array {
  const out = new Float64Array(lengths[2]!).fill(NaN);
  const at = new Map<number, number>();
  const place = ({ constant, terms }: IndexExpression): number =>
    terms.reduce(
      (sum, { coefficient, of }) =>
        sum + coefficient * (typeof of === "number" ? at.get(of)! : place(of.expression) / of.divisor),
      constant,
    );
  const read = (each: Access): number => {
    const exists = each.guards.every(({ expression, divisor, size }) => {
      const value = place(expression);
      return value % divisor === 0 && value >= 0 && value < size * divisor;
    });
    return exists ? buffers[each.buffer]![place(each.index)]! : each.fill;
  };
  const walk = (loops: readonly Loop[], visit: () => void): void => {
    const [first, ...rest] = loops;
    if (!first) return visit();
    for (let i = 0; i < first.size; i++) {
      at.set(first.id, i);
      walk(rest, visit);
    }
  };
  const multiplied = kernel.precision === "bfloat16" ? nearestBfloat16 : (value: number) => value;
  /** All that an access reads at the current point of the batch, for each of `outer` the depth contiguous. */
  const gather = (each: Access, outer: readonly Loop[]): Float64Array[] => {
    const found: Float64Array[] = [];
    walk(outer, () => {
      const line: number[] = [];
      walk(kernel.depth, () => line.push(multiplied(read(each))));
      found.push(Float64Array.from(line));
    });
    return found;
  };
  walk(kernel.batch, () => {
    const a = gather(kernel.a, kernel.rows);
    const b = gather(kernel.b, kernel.columns);
    let point = 0;
    walk([...kernel.rows, ...kernel.columns], () => {
      const [left, right] = [a[Math.floor(point / b.length)]!, b[point % b.length]!];
      let sum = 0;
      for (let k = 0; k < left.length; k++) sum += left[k]! * right[k]!;
      point++;
      finish(sum);
    });
  });
  return out;

  function finish(sum: number): void {
    const value = (part: Expression): number => {
      if (part.kind === "result") return sum;
      if (part.kind === "load") return read(part.access);
      if (part.kind !== "scalar") throw new Error(part.kind);
      const [x = part.value ?? 0, y = 0] = part.args.map(value);
      return part.op === "add" ? x + y : part.op === "mul" ? x * y : part.op === "greater" ? Math.max(x, y) : x;
    };
    const [store] = kernel.stores;
    out[place(store!.access.index)] = value(store!.value);
  }
}

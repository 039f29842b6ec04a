import type { Target } from "../../../codegen/index.ts";
import { repeat } from "./text.ts";

/** Shared C functions by name, in order of definition: a program contains each once. */
export type Support = Map<string, string>;

/** A register tile: rows of A by vectors of B. */
interface Tile {
  readonly rows: number;
  readonly vectors: number;
  /** Whether the vectors of B are read where they lie, and written to a panel as they are used. */
  readonly packs?: boolean;
  /** Whether both panels hold pairs of steps in bfloat16. */
  readonly pairs?: boolean;
}

/** Steps of the depth before rows of B are needed that lie far apart, where the processor does not expect them. */
const AHEAD = 32;

const suffixOf = ({ rows, vectors, packs, pairs }: Tile): string =>
  `${rows}x${vectors}${packs ? "_packing" : ""}${pairs ? "_pairs" : ""}`;

const SEGMENT = `typedef struct { const float* a; long b; long depth; } depth_segment;`;

/** Sums that must be under way for the multiplications not to wait for each other. */
const UNDER_WAY = 8;

/** A small tile has several sets of accumulators, which take turns along the depth. */
const setsOf = ({ rows, vectors }: Tile): number => Math.min(4, Math.ceil(UNDER_WAY / (rows * vectors)));

/** Statements for each accumulator of a tile, so that the compiler keeps them in registers. */
function unrolled({ rows, vectors }: Tile, statement: (row: number, vector: number) => string): string {
  return repeat(rows, (i) => repeat(vectors, (j) => statement(i, j)).join(" ")).join("\n");
}

/**
 * What both kinds of kernel have in common: accumulators that begin with 0 and end in `tile`, `ts` floats from row to row, or with `more`
 * are added to it. So the
 * sums of blocks are added up, which keeps more digits of long sums than one running sum.
 */
function kernelText(name: string, parameters: string, tile: Tile, body: string): string {
  const sets = setsOf(tile);
  const place = (i: number, j: number) => `tile + ${i} * ts + ${j} * VL`;
  const total = (i: number, j: number) => repeat(sets, (set) => `c${set}_${i}_${j}`).join(" + ");
  const panel = tile.packs ? ", float* restrict to" : "";
  return `static __attribute__((noinline)) void ${name}(${parameters}, const float* restrict b, long bs${panel}, float* restrict tile, long ts, int more) {
${repeat(sets, (set) => unrolled(tile, (i, j) => `vf c${set}_${i}_${j} = {0};`)).join("\n")}
${body}
if (more) {
${unrolled(tile, (i, j) => `c0_${i}_${j} += load_f(${place(i, j)});`)}
}
${unrolled(tile, (i, j) => `store_f(${place(i, j)}, ${total(i, j)});`)}
}`;
}

/** The loop over `depth` steps: every row's element times every vector of B. */
function steps(tile: Tile, depth: string, element: (row: number, ahead: number) => string, advance: string): string {
  const sets = setsOf(tile);
  const step = (set: number): string => {
    const load = [
      ...repeat(tile.vectors, (j) => `vf b${j} = load_f(p + ${j} * VL);`),
      ...(tile.packs ? repeat(tile.vectors, (j) => `store_f(to + ${j} * VL, b${j});`) : []),
      ...(tile.packs ? repeat(tile.vectors, (j) => `__builtin_prefetch(p + ${AHEAD} * bs + ${j} * VL, 0, 2);`) : []),
      ...(tile.packs ? [`to += ${tile.vectors} * VL;`] : []),
    ].join(" ");
    const sum = (name: string, j: number) =>
      tile.pairs ? `${name} = add_products(${name}, x, b${j});` : `${name} += x * b${j};`;
    const row = (i: number) => repeat(tile.vectors, (j) => sum(`c${set}_${i}_${j}`, j)).join(" ");
    const x = (i: number) => (tile.pairs ? `vf x = splat_pair(${element(i, set)});` : `float x = ${element(i, set)};`);
    const rows = repeat(tile.rows, (i) => `{ ${x(i)} ${row(i)} }`);
    return `{ ${load} p += bs;\n${rows.join("\n")} }`;
  };
  const several = `for (; k + ${sets} <= ${depth}; k += ${sets}) {
${repeat(sets, step).join("\n")}
${advance.replace("STEPS", String(sets))}
}`;
  return `long k = 0;
${sets > 1 ? several : ""}
for (; k < ${depth}; k++) {
${step(0)}
${advance.replace("STEPS", "1")}
}`;
}

/**
 * tile += A B where each row of A is a pointer per segment, with elements contiguous along the depth.
 * Segment s of `run` elements meets the rows of B from starts[s] on (counted in `bu` floats), `bs` floats apart.
 */
export function rowsKernel(support: Support, tile: Tile): string {
  const name = `tile_rows_${suffixOf(tile)}`;
  if (support.has(name)) return name;
  // The next segment's rows lie elsewhere, where the processor does not expect them: asked for in time they are there.
  const ahead = repeat(tile.rows, (i) => {
    const next = `rows[${tile.rows + i}]`;
    return `__builtin_prefetch(${next}); __builtin_prefetch(${next} + 16);`;
  });
  const body = `for (long s = 0; s < segments; s++, rows += ${tile.rows}) {
const float* p = b + starts[s] * bu;
${repeat(tile.rows, (i) => `const float* a${i} = rows[${i}];`).join(" ")}
if (s + 1 < segments && run >= ${32 / tile.vectors}) { ${ahead.join(" ")} }
${steps(tile, "run", (i, later) => `a${i}[k${later > 0 ? ` + ${later}` : ""}]`, "")}
}`;
  const parameters = "const float* const* rows, const long* starts, long segments, long run, long bu";
  support.set(name, kernelText(name, parameters, tile, body));
  return name;
}

/** tile += A B where the rows of A lie side by side (packed, or as they are): `as` floats from one step of the depth to the next. */
export function lanesKernel(support: Support, tile: Tile): string {
  const name = `tile_lanes_${suffixOf(tile)}`;
  if (support.has(name)) return name;
  segmentType(support);
  const body = `for (long s = 0; s < segments; s++) {
const float* a = list[s].a + first;
const float* p = b + list[s].b * bu;
const long depth = list[s].depth;
${steps(tile, "depth", (i, later) => `a[${i}${later > 0 ? ` + ${later} * as` : ""}]`, "a += STEPS * as;")}
}`;
  const parameters = "const depth_segment* list, long segments, long first, long as, long bu";
  support.set(name, kernelText(name, parameters, tile, body));
  return name;
}

/** Declares the type of segment lists. */
export function segmentType(support: Support): void {
  support.set("depth_segment", SEGMENT);
}

/** Declares transpose_square. */
export function transposeSquare(support: Support, target: Target): void {
  if (!support.has("transpose_square")) support.set("transpose_square", transposeText(target));
}

/** The square of VL x VL floats in `r`, transposed by exchanging halves log2(VL) times. */
function transposeText({ lanes }: Target): string {
  const index = (offset: number) =>
    Array.from({ length: lanes }, (_, l) => (l >> 1) + offset + (l & 1) * lanes).join(", ");
  const half = lanes / 2;
  return `#if defined(__clang__) || __GNUC__ >= 12
#define interleave_low(a, b) __builtin_shufflevector(a, b, ${index(0)})
#define interleave_high(a, b) __builtin_shufflevector(a, b, ${index(half)})
#else
#define interleave_low(a, b) __builtin_shuffle(a, b, (vi){${index(0)}})
#define interleave_high(a, b) __builtin_shuffle(a, b, (vi){${index(half)}})
#endif
INLINE void transpose_square(vf r[VL]) {
  for (int n = 1; n < VL; n *= 2) {
    vf t[VL];
    for (int i = 0; i < VL / 2; i++) { t[2 * i] = interleave_low(r[i], r[i + VL / 2]); t[2 * i + 1] = interleave_high(r[i], r[i + VL / 2]); }
    for (int i = 0; i < VL; i++) r[i] = t[i];
  }
}`;
}

/** to[k * width + i] = rows[i][k] for i < width, k < depth: contiguous rows become lanes. */
export function packRows(support: Support, target: Target, width: number): string {
  const name = `pack_rows_${width}`;
  if (support.has(name)) return name;
  transposeSquare(support, target);
  const { lanes } = target;
  const blocks = Array.from({ length: Math.ceil(width / lanes) }, (_, block) => {
    const first = block * lanes;
    const count = Math.min(lanes, width - first);
    const loads = Array.from({ length: lanes }, (_, i) => (i < count ? `load_f(rows[${first + i}] + k)` : "{0}")).join(
      ", ",
    );
    const place = `to + (k + j) * ${width} + ${first}`;
    const store = count === lanes ? `store_f(${place}, r[j]);` : `memcpy(${place}, &r[j], ${count} * sizeof(float));`;
    return `{ vf r[VL] = {${loads}}; transpose_square(r); for (int j = 0; j < VL; j++) ${store} }`;
  });
  support.set(
    name,
    `static __attribute__((noinline)) void ${name}(const float* const* rows, long depth, float* restrict to) {
  long k = 0;
  for (; k + VL <= depth; k += VL) {
${blocks.join("\n")}
  }
  for (; k < depth; k++) for (int i = 0; i < ${width}; i++) to[k * ${width} + i] = rows[i][k];
}`,
  );
  return name;
}

/** to[k * width + j] = from[k * stride + j] for j < count, and 0 up to the width. */
export function packLanes(support: Support, { lanes }: Target, width: number, count = width): string {
  const name = `pack_lanes_${width}${count < width ? `_${count}` : ""}`;
  if (support.has(name)) return name;
  const whole = Math.floor(count / lanes);
  const rest = count % lanes;
  const from = "from + k * stride";
  const to = `to + k * ${width}`;
  const copy = Array.from({ length: whole }, (_, j) => `store_f(${to} + ${j} * VL, load_f(${from} + ${j} * VL));`);
  if (rest > 0) copy.push(`memcpy(${to} + ${whole} * VL, ${from} + ${whole} * VL, ${rest} * sizeof(float));`);
  // Rows far apart are no stream that the processor would see coming.
  for (let j = 0; j < count; j += 16) copy.push(`__builtin_prefetch(${from} + 16 * stride + ${j});`);
  if (count < width) copy.push(`for (int j = ${count}; j < ${width}; j++) (${to})[j] = 0;`);
  support.set(
    name,
    `static __attribute__((noinline)) void ${name}(const float* from, long stride, long depth, float* restrict to) {
  for (long k = 0; k < depth; k++) { ${copy.join(" ")} }
}`,
  );
  return name;
}

import type { ContractionKernel } from "../../passes/index.ts";
import { sizeOf } from "./sizes.ts";
import type { Target } from "./target.ts";
import { chooseRun, type Depth, type View, viewOfA, viewOfB } from "./view.ts";

/**
 * Where an operand is put into panels: nowhere ("direct"), by each chunk of the work for itself ("chunk"), by each worker once
 * ("worker"), or by all workers together before the work begins ("shared").
 */
export type Packing = "direct" | "chunk" | "worker" | "shared";

/** Neighbouring rows that make one register tile: `large` panels of `size` rows, then panels of one row less (or a last one, filled up). */
export interface RowPanels {
  /** Independent groups of rows, `length` rows each, which panels do not cross. */
  readonly groups: number;
  readonly length: number;
  readonly size: number;
  /** Panels per group. */
  readonly perGroup: number;
  /** How many panels of a group have `size` rows; undefined: all, the last one is filled up. */
  readonly large: number | undefined;
}

export interface ColumnPanels {
  /** Columns of all panels but the last: a number of whole vectors. */
  readonly width: number;
  readonly count: number;
  /** Vectors' lanes of the last panel. */
  readonly lastWidth: number;
}

/** How a product is computed by register tiles. All of it follows from shapes and the vector's width, never from the threads. */
export interface BlockedPlan {
  readonly kind: "blocked";
  readonly depth: Depth;
  readonly a: View;
  readonly b: View;
  readonly batches: number;
  readonly rows: number;
  readonly columns: number;
  readonly rowPanels: RowPanels;
  readonly columnPanels: ColumnPanels;
  /** Row panels and column panels in a chunk of work. */
  readonly chunkRows: number;
  readonly chunkColumns: number;
  /** The depth is cut into parts that are summed apart, and the sums added in order. */
  readonly parts: number;
  /** Depth per block of a part: in segments if there are several, else along the run. */
  readonly block: number;
  readonly packA: Packing;
  readonly packB: Packing;
  /** Go through a chunk row panel by row panel, else column panel by column panel. */
  readonly rowsOuter: boolean;
}

/** A product by plain loops, or by dot products of contiguous rows. */
export interface PlainPlan {
  readonly kind: "plain" | "dots";
  readonly depth: Depth;
  readonly a: View;
  readonly b: View;
  readonly batches: number;
  readonly rows: number;
  readonly columns: number;
  /** The work is split along this side, in chunks of so many. */
  readonly along: "rows" | "columns";
  readonly chunk: number;
}

export type Plan = BlockedPlan | PlainPlan;

/** Products of fewer multiplications than this (per element of the batch) are plain loops. */
const PLAIN_WORK = 4096;
/** Up to so many rows or columns, dot products are better than register tiles. */
const DOTS = 4;
/** Multiplications per chunk that make its fixed costs small: about 20 us of one thread. */
const CHUNK_WORK = 1 << 20;
/** Floats that stay in the second-level cache next to what streams through: half of 1 MiB. */
const CACHE_FLOATS = 1 << 17;
/** Deepest block: longer depths are cut so that a panel of B stays in the second-level cache. */
const DEEPEST = 2560;
/** From so many columns on, packing A costs less than the packed panel gains. */
const PACK_COLUMNS = 128;
/** Parts of a cut depth, at most: their partial sums cost memory and time. */
const MOST_PARTS = 32;

interface Facts {
  readonly kernel: ContractionKernel;
  readonly target: Target;
  readonly depth: Depth;
  readonly a: View;
  readonly b: View;
  readonly batches: number;
  readonly rows: number;
  readonly columns: number;
  readonly deep: number;
}

/** Chooses how to compute a normalized contraction. */
export function planContraction(kernel: ContractionKernel, target: Target): Plan {
  const depth = chooseRun(kernel);
  const a = viewOfA(kernel, depth);
  const b = viewOfB(kernel, depth);
  const sizes = { batches: sizeOf(kernel.batch), rows: sizeOf(kernel.rows), columns: sizeOf(kernel.columns) };
  const deep = sizeOf(kernel.depth);
  const plain = choosePlain({ kernel, target, depth, a, b, ...sizes, deep });
  return plain ?? planBlocks({ kernel, target, depth, a, b, ...sizes, deep });
}

function choosePlain({ kernel, target, depth, a, b, batches, rows, columns, deep }: Facts): PlainPlan | undefined {
  const along = columns > rows ? "columns" : "rows";
  const narrow = Math.min(rows, columns);
  const chunk = Math.max(1, Math.ceil(CHUNK_WORK / 8 / (narrow * deep || 1)));
  const plan = { depth, a, b, batches, rows, columns, along } as const;
  if (rows * columns * deep <= PLAIN_WORK) return { kind: "plain", ...plan, chunk };
  const wide = along === "rows" ? a : b;
  const contiguous = wide.source === "rows" && wide.access.guards.length === 0 && kernel.depth.length === 1;
  if (!contiguous || narrow > DOTS || deep < 2 * target.lanes) return undefined;
  return { kind: "dots", ...plan, chunk: Math.ceil(chunk / target.lanes) * target.lanes };
}

function planBlocks(facts: Facts): BlockedPlan {
  const { kernel, depth, a, b, batches, rows, columns, deep } = facts;
  const columnPanels = planColumns(facts);
  const parts = planParts(facts);
  const block = planBlock(facts, parts);
  // Few rows: the work is split by columns, and each chunk packs those columns that are its own.
  const byColumns = parts === 1 && rows <= 256 && columns >= 4 * columnPanels.width && columns >= rows / 2;
  const packA = planA(facts, byColumns, parts);
  const exact = a.source === "lanes" && packA === "direct";
  const length = exact ? kernel.rows.at(-1)!.size : rows;
  const rowPanels = planRows(rows / length, length, tileRowsOf(facts, packA, columnPanels, exact));
  const rowCount = rowPanels.groups * rowPanels.perGroup;

  const tileWork = rowPanels.size * columnPanels.width * deep;
  let chunkRows = rowCount;
  let chunkColumns = columnPanels.count;
  if (byColumns) chunkColumns = Math.ceil(CHUNK_WORK / 2 / (tileWork * rowCount));
  else if (parts === 1) {
    chunkRows = Math.ceil(CHUNK_WORK / (tileWork * columnPanels.count));
    // A large B streams by for every chunk: as many rows as the cache holds make use of it.
    const fitting = (CACHE_FLOATS * 0.75) / (rowPanels.size * Math.min(deep, block * depth.run.size));
    if (columns * deep > CACHE_FLOATS) chunkRows = Math.max(chunkRows, Math.min(8, Math.floor(fitting)));
  }
  chunkRows = Math.min(chunkRows, rowCount);
  chunkColumns = Math.min(chunkColumns, columnPanels.count);
  const blockDepth = depth.segments.length > 0 ? block * depth.run.size : block;
  const rowsOuter = blockDepth * chunkColumns * columnPanels.width <= CACHE_FLOATS || packA === "direct";
  const packB = planB(facts, packA, chunkRows === rowCount || parts > 1);
  const panels = { rowPanels, columnPanels, chunkRows, chunkColumns };
  return { kind: "blocked", depth, a, b, batches, rows, columns, ...panels, parts, block, packA, packB, rowsOuter };
}

/** Panels of two vectors; of more when there are so few rows that sums would wait for each other. */
function planColumns({ rows, columns, target: { lanes, tileRows, tileVectors } }: Facts): ColumnPanels {
  const vectors = Math.ceil(columns / lanes);
  const wide = rows * 2 >= tileRows ? 2 : tileVectors(rows);
  const width = Math.min(vectors, wide) * lanes;
  const count = Math.ceil(columns / width);
  const lastWidth = Math.ceil((columns - (count - 1) * width) / lanes) * lanes;
  return { width, count, lastWidth };
}

/** Heights that tiles may have. */
interface Heights {
  readonly usual: number;
  readonly most: number;
  /** Whether tiles read rows where they lie: none may be there that is not. */
  readonly exact: boolean;
  /** Multiplications of a row, where tiles of two heights may share out the rows, so that none is filled up; else 0. */
  readonly rowWork: number;
}

/** Tiles one vector wide may have more rows, unless every row needs a pointer. */
function tileRowsOf(
  { a, target, columns, deep, batches }: Facts,
  packA: Packing,
  { width }: ColumnPanels,
  exact: boolean,
): Heights {
  const heights = (usual: number, most: number, uneven = target.unevenRows): Heights => {
    return { usual, most, exact, rowWork: uneven ? columns * deep * batches : 0 };
  };
  if (a.source === "rows" && packA === "direct") return heights(target.pointerRows, target.pointerRows, false);
  if (width === target.lanes) return heights(target.tallRows, target.tallRows);
  return heights(target.tileRows, target.mostRows);
}

/** What a panel costs beside its rows, in rows: a step of the depth loads B, a tile is begun and stored. */
const PANEL_COST = 0.5;

/** Multiplications with filled up rows, some 20 us of one thread, from which on a second kernel is worth the time that compiling it takes. */
const WORTH_CUTTING = 1 << 22;

function planRows(groups: number, length: number, { usual, most, exact, rowWork }: Heights): RowPanels {
  /** Evenly, by two kernels. */
  const even = (perGroup: number): RowPanels => {
    const size = Math.ceil(length / perGroup);
    return { groups, length, size, perGroup, large: length - (size - 1) * perGroup };
  };
  if (exact) return even(Math.ceil(length / usual));
  // Of the height that fills up least, the usual one if it is as good; where few panels are cut, one kernel and a last panel filled up.
  const cost = (size: number) => Math.ceil(length / size) * (size + PANEL_COST);
  const heights = Array.from({ length: most }, (_, i) => most - i);
  const best = heights.reduce((best, size) => (cost(size) < cost(best) ? size : best));
  const size = cost(usual) <= 1.01 * cost(best) ? usual : best;
  const perGroup = Math.ceil(length / size);
  const filled = perGroup * size - length;
  if (filled * rowWork >= WORTH_CUTTING && filled < perGroup) return even(perGroup);
  return { groups, length, size, perGroup, large: filled === 0 ? perGroup : undefined };
}

/** Long sums into few elements are cut into parts, so that they can be shared out and both operands stay in the cache. */
function planParts({ rows, columns, deep, batches }: Facts): number {
  const long = deep >= 4096 && deep >= 8 * Math.max(rows, columns) && rows * columns <= CACHE_FLOATS;
  if (!long) return 1;
  const byWork = (rows * columns * deep * batches) / (2 * CHUNK_WORK);
  return Math.max(1, Math.floor(Math.min(MOST_PARTS, byWork, deep / 1024)));
}

/** Depth of a block: in segments if there are several, else along the run. */
function planBlock({ rows, columns, deep, depth }: Facts, parts: number): number {
  const deepest = parts > 1 ? Math.min(1024, Math.max(128, CACHE_FLOATS / (rows + columns))) : DEEPEST;
  const ofPart = deep / parts;
  const block = Math.ceil(ofPart / Math.ceil(ofPart / deepest));
  return depth.segments.length > 0 ? Math.max(1, Math.round(block / depth.run.size)) : block;
}

function planA(facts: Facts, byColumns: boolean, parts: number): Packing {
  const { a, rows, columns, deep, depth, batches, kernel, target } = facts;
  const worker = rows * deep <= CACHE_FLOATS ? "worker" : "shared";
  const packed = byColumns && batches === 1 ? worker : "chunk";
  if (kernel.precision) {
    // Packing is where operands are rounded, but for rows of whole pairs that a copy holds: "direct" is to read them there.
    const copied = target.roundedRows && a.source === "rows" && depth.run.size % 2 === 0 && parts === 1;
    if (!copied || byColumns) return packed;
  }
  if (a.source === "general") return packed;
  if (a.source === "lanes")
    return a.access.guards.length > 0 || parts > 1 || columns <= PACK_COLUMNS ? "direct" : packed;
  if (rows <= 4 || depth.run.size < 32) return columns <= PACK_COLUMNS || rows <= 4 ? "direct" : packed;
  // Rows 2048 bytes apart (or a multiple) fall on the same few places of the first-level cache.
  const last = kernel.rows.at(-1);
  const stride = last ? (a.linear.coefficients.get(last.id) ?? 0) : 0;
  if (stride !== 0 && (stride * 4) % 2048 === 0) return packed;
  // Pointers save packing, but may cost rows of the tile.
  const free = byColumns && target.pointerRows === target.tileRows;
  return free || (columns <= PACK_COLUMNS && columns * deep <= CACHE_FLOATS) ? "direct" : packed;
}

function planB(
  { kernel, b, rows, columns, deep, depth, batches, target }: Facts,
  packA: Packing,
  ownColumns: boolean,
): Packing {
  const vectors = columns % target.lanes === 0 || target.readsBehind;
  const whole = vectors && (packA === "direct" || depth.segments.length === 0);
  if (!kernel.precision && b.source === "lanes" && whole && (rows <= target.directRows || deep <= 32)) return "direct";
  if (ownColumns || batches > 1) return "chunk";
  return columns * deep <= CACHE_FLOATS / 2 ? "worker" : "shared";
}

import { arange, asTensor, concatenate } from "./functions.ts";
import { scan } from "./scan.ts";
import type { Tensor, TensorLike } from "./tensor.ts";

/** What there is for pairs of a query and a key: all of it, or what makes it for some queries of the places given, int32 [queries]. */
export type OfPairs = TensorLike | ((places: Tensor) => TensorLike);

/** Some queries and all that they look at: query [..., tile, d], key [..., keys, d], value [..., keys, e]. */
interface Tile {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
  /** Broadcast to [..., tile, keys]. */
  readonly mask: Tensor | undefined;
  readonly bias: Tensor | undefined;
  /** The queries' places among the keys, int32 [tile]. */
  readonly places: Tensor;
  /** The number of the first query, int32 []; undefined when the tile is the only one. */
  readonly part: Tensor | undefined;
}

export interface Attention {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
  readonly mask: OfPairs | undefined;
  readonly bias: OfPairs | undefined;
  /** Query i sees nothing after key i + this; undefined: it may see all. */
  readonly seesAfter: number | undefined;
  compute(tile: Tile): Tensor;
}

/**
 * Queries and keys from which on tiles are worth their work, which is to compute scores again for the gradient: where keys can be left
 * out they take less time than everything at once (measured: 1 and 12 sequences, 4 heads of 32), otherwise a third more.
 */
const LONG = { skipping: 512, whole: 1024 };
const TILE = 64;
/** In how many steps keys after a tile are left out. Each is other code, and gradients of keys lie in memory for each. */
const SEGMENTS = 4;

/** The output for all queries, `size` of them at a time (default: all, or TILE of long sequences). */
export function attendInTiles(attention: Attention, offset: number | Tensor, size?: number): Tensor {
  const [queries = 1, keys = 1] = [attention.query, attention.key].map(({ shape }) => shape.at(-2));
  const given = { ...attention, mask: pairsOf(attention.mask), bias: pairsOf(attention.bias) };
  // A query that may see nothing sees all: then no key can be left out.
  const { seesAfter = -1 } = attention;
  const limit = given.mask || seesAfter < 0 ? undefined : seesAfter;
  const long = limit === undefined ? LONG.whole : LONG.skipping;
  const tile = size ?? (Math.min(queries, keys) >= long ? TILE : queries);
  if (tile >= queries) {
    const places = arange(queries).add(offset);
    const of = (pairs: Pairs | undefined) => (typeof pairs === "function" ? pairs(places) : pairs);
    return attention.compute({ ...given, mask: of(given.mask), bias: of(given.bias), places, part: undefined });
  }
  const parts = segments(queries, tile, limit === undefined ? 1 : SEGMENTS).map((segment) => {
    const end = segment.start + segment.count * segment.size;
    const seen = limit === undefined ? keys : Math.min(keys, end + limit);
    return attendSegment(given, segment, seen, offset);
  });
  return parts.length === 1 ? (parts[0] as Tensor) : concatenate(parts, { axis: -2 });
}

/**
 * The tiles of a segment, which look at the first `seen` keys: a loop, whose gradient computes scores again instead of keeping them. So
 * [..., size, seen] numbers lie in memory instead of [..., queries, keys].
 */
function attendSegment(
  attention: Attention & { readonly mask: Pairs | undefined; readonly bias: Pairs | undefined },
  { start, count, size }: Segment,
  seen: number,
  offset: number | Tensor,
): Tensor {
  const key = between(attention.key, -2, 0, seen);
  const value = between(attention.value, -2, 0, seen);
  const rows = (x: Tensor) => tiles(between(x, -2, start, start + count * size), count, size);
  /** Of [..., queries or 1, keys or 1]: what tiles take slices of, if anything, and what each makes of its slice. */
  const pairsAt = (pairs: Pairs | undefined) => {
    const columns = (x: Tensor) => (x.shape.at(-1) === 1 ? x : between(x, -1, 0, seen));
    if (typeof pairs === "function") return { stack: [], of: (places: Tensor) => columns(pairs(places)) };
    if (!pairs || pairs.shape.at(-2) === 1) return { stack: [], of: () => pairs && columns(pairs) };
    return { stack: [rows(columns(pairs))], of: (_: Tensor, [slice]: readonly Tensor[]) => slice };
  };
  const [mask, bias] = [pairsAt(attention.mask), pairsAt(attention.bias)];
  type Slice = { query: Tensor; mask: readonly Tensor[]; bias: readonly Tensor[]; first: Tensor };
  const step = (none: readonly [], slice: Slice) => {
    const places = arange(size).add(slice.first).add(offset);
    const own = { mask: mask.of(places, slice.mask), bias: bias.of(places, slice.bias) };
    return [none, attention.compute({ query: slice.query, key, value, ...own, places, part: slice.first })] as const;
  };
  const first = arange(count).mul(size).add(start);
  const xs: Slice = { query: rows(attention.query), mask: mask.stack, bias: bias.stack, first };
  const [, outputs] = scan(step, { init: [] as const, xs, recompute: true });
  return joined(outputs);
}

/** `count` tiles of `size` queries from `start` on. */
interface Segment {
  readonly start: number;
  readonly count: number;
  readonly size: number;
}

/** Tiles in `groups` parts, and last what is no whole tile. */
function segments(queries: number, tile: number, groups: number): Segment[] {
  const whole = Math.floor(queries / tile);
  const most = Math.ceil(whole / groups);
  const found: Segment[] = [];
  for (let done = 0; done < whole; done += most) {
    found.push({ start: done * tile, count: Math.min(most, whole - done), size: tile });
  }
  const left = queries - whole * tile;
  return left === 0 ? found : [...found, { start: whole * tile, count: 1, size: left }];
}

type Pairs = Tensor | ((places: Tensor) => Tensor);

/** With two axes at least: [..., queries or 1, keys or 1]. */
function pairsOf(given: OfPairs | undefined): Pairs | undefined {
  if (given === undefined) return undefined;
  const wide = (x: Tensor): Tensor => (x.rank >= 2 ? x : wide(x.expandDims(0)));
  if (typeof given === "function") return (places) => wide(asTensor(given(places)));
  return wide(asTensor(given));
}

function between(x: Tensor, axis: -1 | -2, start: number, end: number): Tensor {
  if (start === 0 && end === x.shape.at(axis)) return x;
  const ranges: (readonly [number, number] | null)[] = x.shape.map(() => null);
  ranges[x.rank + axis] = [start, end];
  return x.slice(...ranges);
}

/** [..., count size, d] -> [count, ..., size, d]. */
function tiles(x: Tensor, count: number, size: number): Tensor {
  const leading = x.shape.slice(0, -2);
  const axes = leading.map((_, axis) => axis);
  const last = leading.length;
  return x.reshape([...leading, count, size, x.shape.at(-1) ?? 1]).transpose([last, ...axes, last + 1, last + 2]);
}

/** [count, ..., size, e] -> [..., count size, e]. */
function joined(x: Tensor): Tensor {
  const [count = 1, ...rest] = x.shape;
  const leading = rest.slice(0, -2);
  const [size = 1, features = 1] = rest.slice(-2);
  const axes = leading.map((_, axis) => axis + 1);
  return x
    .transpose([...axes, 0, leading.length + 1, leading.length + 2])
    .reshape([...leading, count * size, features]);
}

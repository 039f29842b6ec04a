import {
  block,
  type Code,
  FunctionBuilder,
  i32,
  ins,
  type LocalReference,
  leave,
  local,
  memory,
  repeatWhile,
  shuffle32,
  v128,
  type WasmFunction,
  when,
} from "../encode/index.ts";
import { add, integers, multiply, multiplyAdd, parameters, plus, range } from "./arithmetic.ts";
import { FLOAT, LANES, loadLanes, VECTOR } from "./lanes.ts";
import type { Support } from "./routine.ts";

/** A register tile: rows of A by vectors of B. */
export interface Tile {
  readonly rows: number;
  readonly vectors: number;
}

/** Bytes of an entry in the list of segments of {@link lanesKernel}: address in A, steps before in B, depth. */
export const SEGMENT_BYTES = 12;

/** Sums that must be under way for the multiplications not to wait for each other. */
const UNDER_WAY = 8;
/** Vector registers that V8 leaves to a function on x86. */
const REGISTERS = 15;

/** Steps of the depth per turn of the loop, where rows are pointers and where they lie side by side. */
const ROW_STEPS = 4;
const LANE_STEPS = 2;

/** What both kinds of micro-kernel are given about B and the tiles: see {@link rowsKernel}. */
const COMMON = ["unit", "b", "strideB", "tile", "strideTile", "more", "count", "stepB", "stepTile"] as const;

/** Operands of a call of a micro-kernel that both kinds have. */
export type TileArguments = Readonly<Record<(typeof COMMON)[number], Code>>;

/** The common arguments in order. */
export const tileArguments = (values: TileArguments): Code[] => COMMON.map((name) => values[name]);

/** A small tile has several sets of accumulators, which take turns along the depth. */
const setsOf = ({ rows, vectors }: Tile): number => {
  const wanted = UNDER_WAY / (rows * vectors);
  return wanted >= 4 ? 4 : wanted >= 2 ? 2 : 1;
};

/**
 * Writes a micro-kernel.
 *
 * V8 puts all loads of a basic block before all arithmetic, so that two steps of the depth in one block would need more registers than
 * there are. A test for the end after every step makes each a block of its own, and the remaining steps need no other loop.
 */
class TileWriter<Name extends string> {
  readonly builder = new FunctionBuilder();
  readonly parameters: Readonly<Record<Name | (typeof COMMON)[number], LocalReference>>;
  readonly #sets: number;
  readonly #sums: LocalReference[];
  readonly #ofB: LocalReference[];
  readonly #element: LocalReference;
  readonly #elements: LocalReference[];

  constructor(
    readonly tile: Tile,
    readonly fused: boolean,
    names: readonly Name[],
  ) {
    this.parameters = parameters<Name | (typeof COMMON)[number]>(this.builder, ...names, ...COMMON);
    this.#sets = setsOf(tile);
    this.#sums = range(this.#sets * tile.rows * tile.vectors).map(() => this.builder.local("v128"));
    this.#ofB = range(tile.vectors).map(() => this.builder.local("v128"));
    this.#element = this.builder.local("v128");
    this.#elements = range(Math.ceil(tile.rows / LANES)).map(() => this.builder.local("v128"));
  }

  #sum(set: number, row: number, vector: number): LocalReference {
    return this.#sums[(set * this.tile.rows + row) * this.tile.vectors + vector]!;
  }

  #accumulate(sum: LocalReference, vector: LocalReference): Code {
    const [x, y, z] = [local.get(this.#element), local.get(vector), local.get(sum)];
    return local.set(sum, multiplyAdd(this.fused, x, y, z));
  }

  /**
   * Elements of rows that lie side by side from `address` on, one step of the depth: each loaded, or four at a time where there are not
   * enough registers for all elements beside sums and vectors.
   */
  elements(address: LocalReference): { readonly before: Code; readonly of: (row: number) => Code } {
    const { rows, vectors } = this.tile;
    const each = (row: number) => memory("v128.load32_splat", local.get(address), row * FLOAT);
    if (this.#sums.length + vectors + rows <= REGISTERS) return { before: [], of: each };
    const lanesOf = (first: number) => Math.min(LANES, rows - first);
    const load = (vector: LocalReference, first: number) =>
      lanesOf(first) === 1 ? each(first) : loadLanes(local.get(address), first * FLOAT, lanesOf(first));
    return {
      before: this.#elements.map((vector, i) => local.set(vector, load(vector, i * LANES))),
      of: (row) => {
        const vector = local.get(this.#elements[Math.floor(row / LANES)]!);
        const lane = row % LANES;
        return lanesOf(row - lane) === 1 ? vector : shuffle32(vector, vector, [lane, lane, lane, lane]);
      },
    };
  }

  /** `depth` steps (at least one), `unrolled` in a turn of the loop: every row's element times every vector of B. */
  steps(
    depth: LocalReference,
    b: LocalReference,
    strideOfB: LocalReference,
    unrolled: number,
    ofA: (step: number) => { readonly before: Code; readonly of: (row: number) => Code; readonly after: Code },
    afterTurn: Code,
  ): Code {
    const { rows, vectors } = this.tile;
    const step = (number: number): Code => {
      const { before, of, after } = ofA(number);
      return [
        this.#ofB.map((vector, j) => local.set(vector, memory("v128.load", local.get(b), j * VECTOR))),
        before,
        local.set(b, add(local.get(b), local.get(strideOfB))),
        range(rows).map((i) => [
          local.set(this.#element, of(i)),
          range(vectors).map((j) => this.#accumulate(this.#sum(number % this.#sets, i, j), this.#ofB[j]!)),
        ]),
        after,
        number < unrolled - 1 ? leave(1, ins("i32.eq", local.get(depth), i32(number + 1))) : [],
      ];
    };
    return block(
      repeatWhile(
        [range(unrolled).map(step), afterTurn, local.set(depth, plus(local.get(depth), -unrolled))],
        ins("i32.gt_s", local.get(depth), i32(0)),
      ),
    );
  }

  /**
   * The whole function: tiles one after the other, each by the code `body`, which accumulates; `advance` goes on to the next tile's
   * part of A.
   */
  finish(body: Code, advance: Code): WasmFunction {
    const { builder } = this;
    const { tile: place, strideTile: stride, more, count, b, stepB, stepTile } = this.parameters;
    const { rows, vectors } = this.tile;
    const row = builder.local("i32");
    const first = (i: number, j: number) => this.#sum(0, i, j);
    /** Code per row of the tile in memory. */
    const eachRow = (code: (i: number) => Code): Code => [
      local.set(row, local.get(place)),
      range(rows).map((i) => [code(i), i < rows - 1 ? local.set(row, add(local.get(row), local.get(stride))) : []]),
    ];
    const total = (i: number, j: number): Code =>
      range(this.#sets)
        .map((set) => local.get(this.#sum(set, i, j)))
        .reduce((sum, value) => ins("f32x4.add", sum, value));
    const loaded = (j: number) => memory("v128.load", local.get(row), j * VECTOR);
    builder.body.push(
      repeatWhile(
        [
          this.#sums.map((sum) => local.set(sum, v128(0))),
          body,
          when(
            local.get(more),
            eachRow((i) =>
              range(vectors).map((j) => local.set(first(i, j), ins("f32x4.add", local.get(first(i, j)), loaded(j)))),
            ),
          ),
          eachRow((i) => range(vectors).map((j) => memory("v128.store", local.get(row), j * VECTOR, total(i, j)))),
          advance,
          step(b, stepB),
          step(place, stepTile),
        ],
        local.tee(count, plus(local.get(count), -1)),
      ),
    );
    return builder;
  }
}

const step = (variable: LocalReference, by: LocalReference): Code =>
  local.set(variable, add(local.get(variable), local.get(by)));

/**
 * A micro-kernel: `count` tiles (at least one) side by side, each a sum over the depth, for one panel of rows of A that are pointers: each
 * row is an address per segment of the depth, with `run` elements one after the other. Segment s meets the rows of B from starts[s] on
 * (counted in `unit` bytes), `strideB` bytes apart. From tile to tile B moves by `stepB` bytes and the result by `stepTile`; its rows are
 * `strideTile` bytes apart. Sums begin with 0, or with `more` are added to what is there: so the sums of blocks of the depth are added
 * up, which keeps more digits of long sums than one running sum.
 *
 * Parameters: rows, starts, segments, run, then those that {@link TileArguments} names.
 */
export function rowsKernel(support: Support, tile: Tile, fused: boolean): string {
  const name = `tile_rows_${tile.rows}x${tile.vectors}`;
  if (support.has(name)) return name;
  const writer = new TileWriter(tile, fused, ["rows", "starts", "segments", "run"]);
  const { builder } = writer;
  const { rows, starts, segments, run, unit, b, strideB } = writer.parameters;
  const at = range(tile.rows).map(() => builder.local("i32"));
  const { depth, from, table, start, left } = integers(builder, "depth", "from", "table", "start", "left");
  const segment = [
    local.set(from, add(local.get(b), multiply(memory("i32.load", local.get(start), 0), local.get(unit)))),
    at.map((row, i) => local.set(row, memory("i32.load", local.get(table), i * 4))),
    local.set(table, plus(local.get(table), tile.rows * 4)),
    local.set(start, plus(local.get(start), 4)),
    local.set(depth, local.get(run)),
    writer.steps(
      depth,
      from,
      strideB,
      ROW_STEPS,
      (number) => ({
        before: [],
        of: (i) => memory("v128.load32_splat", local.get(at[i]!), number * FLOAT),
        after: [],
      }),
      at.map((row) => local.set(row, plus(local.get(row), ROW_STEPS * FLOAT))),
    ),
  ];
  const body = [
    local.set(table, local.get(rows)),
    local.set(start, local.get(starts)),
    eachOf(segments, left, segment),
  ];
  support.set(name, writer.finish(body, []));
  return name;
}

/**
 * The same where the rows of A lie side by side (packed, or as they are), `strideA` bytes from one step of the depth to the next:
 * `first` bytes after the addresses of the list, and `stepA` bytes further from tile to tile.
 *
 * Parameters: list, segments, first, strideA, stepA, then those that {@link TileArguments} names.
 */
export function lanesKernel(support: Support, tile: Tile, fused: boolean): string {
  const name = `tile_lanes_${tile.rows}x${tile.vectors}`;
  if (support.has(name)) return name;
  const writer = new TileWriter(tile, fused, ["list", "segments", "first", "strideA", "stepA"]);
  const { builder } = writer;
  const { list, segments, first, strideA, stepA, unit, b, strideB } = writer.parameters;
  const unrolled = Math.max(LANE_STEPS, setsOf(tile));
  const { depth, from, a, entry, left } = integers(builder, "depth", "from", "a", "entry", "left");
  const segment = [
    local.set(a, add(memory("i32.load", local.get(entry), 0), local.get(first))),
    local.set(from, add(local.get(b), multiply(memory("i32.load", local.get(entry), 4), local.get(unit)))),
    local.set(depth, memory("i32.load", local.get(entry), 8)),
    local.set(entry, plus(local.get(entry), SEGMENT_BYTES)),
    writer.steps(depth, from, strideB, unrolled, () => ({ ...writer.elements(a), after: step(a, strideA) }), []),
  ];
  const body = [local.set(entry, local.get(list)), eachOf(segments, left, segment)];
  support.set(name, writer.finish(body, step(first, stepA)));
  return name;
}

/** Repeats code `number` times, which may be none. */
function eachOf(number: LocalReference, left: LocalReference, body: Code): Code {
  return when(local.tee(left, local.get(number)), repeatWhile(body, local.tee(left, plus(local.get(left), -1))));
}

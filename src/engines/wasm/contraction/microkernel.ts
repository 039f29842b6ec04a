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
  v128,
  type WasmFunction,
  when,
} from "../encode/index.ts";
import { add, multiply, plus, range } from "./arithmetic.ts";
import type { Support } from "./routine.ts";

/** A register tile: rows of A by vectors of B. */
export interface Tile {
  readonly rows: number;
  readonly vectors: number;
}

/** Bytes of a vector, and of a float. */
export const VECTOR = 16;
export const FLOAT = 4;

/** Bytes of an entry in the list of segments of {@link lanesKernel}: address in A, steps before in B, depth. */
export const SEGMENT_BYTES = 12;

/** Sums that must be under way for the multiplications not to wait for each other. */
const UNDER_WAY = 8;
/** Steps of the depth per turn of the loop. */
const STEPS = 4;

/** A small tile has several sets of accumulators, which take turns along the depth. */
const setsOf = ({ rows, vectors }: Tile): number => {
  const wanted = UNDER_WAY / (rows * vectors);
  return wanted >= 4 ? 4 : wanted >= 2 ? 2 : 1;
};

/**
 * Writes a micro-kernel: accumulators that begin with 0 and end in `tile`, or with `more` are added to it. So the sums of blocks are
 * added up, which keeps more digits of long sums than one running sum.
 *
 * V8 puts all loads of a basic block before all arithmetic, so that two steps of the depth in one block would need more registers than
 * there are. A test for the end after every step makes each a block of its own, and the remaining steps need no other loop.
 */
class TileWriter {
  readonly builder = new FunctionBuilder();
  readonly #sets: number;
  readonly #sums: LocalReference[];
  readonly #ofB: LocalReference[];
  readonly #element: LocalReference;

  constructor(
    readonly tile: Tile,
    readonly fused: boolean,
    parameters: number,
  ) {
    this.parameters = range(parameters).map(() => this.builder.parameter("i32"));
    this.#sets = setsOf(tile);
    this.#sums = range(this.#sets * tile.rows * tile.vectors).map(() => this.builder.local("v128"));
    this.#ofB = range(tile.vectors).map(() => this.builder.local("v128"));
    this.#element = this.builder.local("v128");
  }

  readonly parameters: readonly LocalReference[];

  #sum(set: number, row: number, vector: number): LocalReference {
    return this.#sums[(set * this.tile.rows + row) * this.tile.vectors + vector]!;
  }

  #accumulate(sum: LocalReference, vector: LocalReference): Code {
    const [x, y, z] = [local.get(this.#element), local.get(vector), local.get(sum)];
    return local.set(
      sum,
      this.fused ? ins("f32x4.relaxed_madd", x, y, z) : ins("f32x4.add", z, ins("f32x4.mul", x, y)),
    );
  }

  /** `depth` steps (at least one): every row's element times every vector of B. `element`: the address of a row's element, with offset. */
  steps(
    depth: LocalReference,
    b: LocalReference,
    strideOfB: LocalReference,
    element: (row: number, step: number) => readonly [Code, number],
    after: { readonly step: Code; readonly turn: Code },
  ): Code {
    const { rows, vectors } = this.tile;
    const step = (number: number): Code => [
      this.#ofB.map((vector, j) => local.set(vector, memory("v128.load", local.get(b), j * VECTOR))),
      local.set(b, add(local.get(b), local.get(strideOfB))),
      range(rows).map((i) => [
        local.set(this.#element, memory("v128.load32_splat", ...element(i, number))),
        range(vectors).map((j) => this.#accumulate(this.#sum(number % this.#sets, i, j), this.#ofB[j]!)),
      ]),
      after.step,
      number < STEPS - 1 ? leave(1, ins("i32.eq", local.get(depth), i32(number + 1))) : [],
    ];
    return block(
      repeatWhile(
        [range(STEPS).map(step), after.turn, local.set(depth, plus(local.get(depth), -STEPS))],
        ins("i32.gt_s", local.get(depth), i32(0)),
      ),
    );
  }

  /** The whole function around the code that accumulates. */
  finish(body: Code, place: LocalReference, more: LocalReference): WasmFunction {
    const { rows, vectors } = this.tile;
    const each = (code: (i: number, j: number, at: number) => Code): Code =>
      range(rows).map((i) => range(vectors).map((j) => code(i, j, (i * vectors + j) * VECTOR)));
    const total = (i: number, j: number): Code =>
      range(this.#sets)
        .map((set) => local.get(this.#sum(set, i, j)))
        .reduce((sum, value) => ins("f32x4.add", sum, value));
    const first = (i: number, j: number) => this.#sum(0, i, j);
    this.builder.body.push(
      this.#sums.map((sum) => local.set(sum, v128(0))),
      body,
      when(
        local.get(more),
        each((i, j, at) =>
          local.set(first(i, j), ins("f32x4.add", local.get(first(i, j)), memory("v128.load", local.get(place), at))),
        ),
      ),
      each((i, j, at) => memory("v128.store", local.get(place), at, total(i, j))),
    );
    return this.builder;
  }
}

/**
 * tile += A B where each row of A is a pointer per segment, with elements contiguous along the depth.
 * Segment s of `run` elements meets the rows of B from starts[s] on (counted in `unit` bytes), `strideB` bytes apart.
 * Parameters: rows, starts, segments, run, unit, b, strideB, tile, more.
 */
export function rowsKernel(support: Support, tile: Tile, fused: boolean): string {
  const name = `tile_rows_${tile.rows}x${tile.vectors}`;
  if (support.has(name)) return name;
  const writer = new TileWriter(tile, fused, 9);
  const [rows, starts, segments, run, unit, b, strideB, place, more] = writer.parameters as Parameters9;
  const { builder } = writer;
  const at = range(tile.rows).map(() => builder.local("i32"));
  const [depth, from] = [builder.local("i32"), builder.local("i32")];
  const body = repeatWhile(
    [
      local.set(from, add(local.get(b), multiply(memory("i32.load", local.get(starts), 0), local.get(unit)))),
      at.map((row, i) => local.set(row, memory("i32.load", local.get(rows), i * 4))),
      local.set(rows, plus(local.get(rows), tile.rows * 4)),
      local.set(starts, plus(local.get(starts), 4)),
      local.set(depth, local.get(run)),
      writer.steps(depth, from, strideB, (i, step) => [local.get(at[i]!), step * FLOAT], {
        step: [],
        turn: at.map((row) => local.set(row, plus(local.get(row), STEPS * FLOAT))),
      }),
    ],
    local.tee(segments, plus(local.get(segments), -1)),
  );
  support.set(name, writer.finish(atLeastOne(segments, body), place, more));
  return name;
}

/**
 * tile += A B where the rows of A lie side by side (packed, or as they are): `strideA` bytes from one step of the depth to the next.
 * Parameters: list, segments, first (bytes), strideA, unit, b, strideB, tile, more.
 */
export function lanesKernel(support: Support, tile: Tile, fused: boolean): string {
  const name = `tile_lanes_${tile.rows}x${tile.vectors}`;
  if (support.has(name)) return name;
  const writer = new TileWriter(tile, fused, 9);
  const [list, segments, first, strideA, unit, b, strideB, place, more] = writer.parameters as Parameters9;
  const { builder } = writer;
  const [depth, from, a] = [builder.local("i32"), builder.local("i32"), builder.local("i32")];
  const body = repeatWhile(
    [
      local.set(a, add(memory("i32.load", local.get(list), 0), local.get(first))),
      local.set(from, add(local.get(b), multiply(memory("i32.load", local.get(list), 4), local.get(unit)))),
      local.set(depth, memory("i32.load", local.get(list), 8)),
      local.set(list, plus(local.get(list), SEGMENT_BYTES)),
      writer.steps(depth, from, strideB, (i) => [local.get(a), i * FLOAT], {
        step: local.set(a, add(local.get(a), local.get(strideA))),
        turn: [],
      }),
    ],
    local.tee(segments, plus(local.get(segments), -1)),
  );
  support.set(name, writer.finish(atLeastOne(segments, body), place, more));
  return name;
}

type Parameters9 = [
  LocalReference,
  LocalReference,
  LocalReference,
  LocalReference,
  LocalReference,
  LocalReference,
  LocalReference,
  LocalReference,
  LocalReference,
];

const atLeastOne = (number: LocalReference, body: Code): Code => when(local.get(number), body);

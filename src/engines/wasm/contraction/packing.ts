import {
  type Code,
  FunctionBuilder,
  i32,
  ins,
  type LocalReference,
  local,
  memory,
  shuffle32,
  v128,
} from "../encode/index.ts";
import { add, count, parameters, plus, range } from "./arithmetic.ts";
import { FLOAT, LANES, loadLanes, storeLanes } from "./lanes.ts";
import type { Support } from "./routine.ts";

/** The square of four vectors, transposed: code that comes before the columns. */
export function transpose(builder: FunctionBuilder, rows: readonly LocalReference[]): { code: Code; columns: Code[] } {
  const [a, b, c, d] = rows.map((row) => local.get(row)) as [Code, Code, Code, Code];
  const halves = range(4).map(() => builder.local("v128"));
  const [ab, AB, cd, CD] = halves.map((half) => local.get(half)) as [Code, Code, Code, Code];
  const code = [
    local.set(halves[0]!, shuffle32(a, b, [0, 4, 1, 5])),
    local.set(halves[1]!, shuffle32(a, b, [2, 6, 3, 7])),
    local.set(halves[2]!, shuffle32(c, d, [0, 4, 1, 5])),
    local.set(halves[3]!, shuffle32(c, d, [2, 6, 3, 7])),
  ];
  const low = [0, 1, 4, 5];
  const high = [2, 3, 6, 7];
  return {
    code,
    columns: [shuffle32(ab, cd, low), shuffle32(ab, cd, high), shuffle32(AB, CD, low), shuffle32(AB, CD, high)],
  };
}

/**
 * to[k * width + i] = rows[i][k] for i < width, k < depth: contiguous rows become lanes.
 * Parameters: rows (addresses of addresses), depth, to.
 */
export function packRows(support: Support, width: number): string {
  const name = `pack_rows_${width}`;
  if (support.has(name)) return name;
  const builder = new FunctionBuilder();
  const { table, depth, to } = parameters(builder, "table", "depth", "to");
  const rows = range(width).map(() => builder.local("i32"));
  const vectors = range(4).map(() => builder.local("v128"));
  const whole = builder.local("i32");
  const square = (first: number): Code => {
    const lanes = Math.min(LANES, width - first);
    const { code, columns } = transpose(builder, vectors);
    return [
      vectors.map((vector, i) =>
        local.set(vector, i < lanes ? memory("v128.load", local.get(rows[first + i]!), 0) : v128(0)),
      ),
      code,
      columns.map((column, k) => storeLanes(local.get(to), (k * width + first) * FLOAT, column, lanes)),
    ];
  };
  const advance = (steps: number): Code => [
    rows.map((row) => local.set(row, plus(local.get(row), steps * FLOAT))),
    local.set(to, plus(local.get(to), steps * width * FLOAT)),
  ];
  builder.body.push(
    rows.map((row, i) => local.set(row, memory("i32.load", local.get(table), i * 4))),
    local.set(whole, ins("i32.and", local.get(depth), i32(-LANES))),
    count(builder, i32(0), local.get(whole), LANES, () => [
      range(Math.ceil(width / LANES)).map((square4) => square(square4 * LANES)),
      advance(LANES),
    ]),
    count(builder, local.get(whole), local.get(depth), 1, () => [
      rows.map((row, i) => memory("f32.store", local.get(to), i * FLOAT, memory("f32.load", local.get(row), 0))),
      advance(1),
    ]),
  );
  support.set(name, builder);
  return name;
}

/**
 * to[k * width + j] = from[k * stride + j] for j < lanes, and 0 up to the width, for k < depth.
 * Parameters: from, stride (bytes), depth, to.
 */
export function packLanes(support: Support, width: number, lanes = width): string {
  const name = `pack_lanes_${width}${lanes < width ? `_${lanes}` : ""}`;
  if (support.has(name)) return name;
  const builder = new FunctionBuilder();
  const { from, stride, depth, to } = parameters(builder, "from", "stride", "depth", "to");
  const vectors = range(Math.ceil(width / LANES)).map((v): Code => {
    const first = v * LANES;
    const stored = Math.min(LANES, width - first);
    const loaded = Math.min(stored, lanes - first);
    const value = loaded > 0 ? loadLanes(local.get(from), first * FLOAT, loaded) : v128(0);
    return storeLanes(local.get(to), first * FLOAT, value, stored);
  });
  builder.body.push(
    count(builder, i32(0), local.get(depth), 1, () => [
      vectors,
      local.set(from, add(local.get(from), local.get(stride))),
      local.set(to, plus(local.get(to), width * FLOAT)),
    ]),
  );
  support.set(name, builder);
  return name;
}

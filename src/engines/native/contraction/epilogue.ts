import {
  ExpressionWriter,
  type Linear,
  linearize,
  Region,
  type RowOrder,
  sizeOf,
  strideOf,
  type Target,
} from "../../../codegen/index.ts";
import { type Access, type ContractionKernel, collapseContraction } from "../../../passes/index.ts";
import { CAssembler } from "../render/assembler.ts";
import type { Pointers } from "../render/pointers.ts";
import { decodeRow } from "./rows.ts";
import { decode, loopName } from "./text.ts";

/**
 * The epilogue: a function @store(q, tile, batch, first, h, n0, end, width) that stores what becomes of a finished tile of sums: rows
 * first .. first + h - 1, columns n0 .. end - 1; `tile` has `width` floats from row to row, in whole vectors.
 */
export function storeFunction(
  kernel: ContractionKernel,
  target: Target,
  pointers: Pointers,
  order: RowOrder | undefined,
): string {
  const { batch, rows, columns, stores } = order ? kernel : withoutOperands(kernel);
  const [column] = columns;
  const width = column ? "vector" : "scalar";
  const writer = new ExpressionWriter(new CAssembler(pointers, target.lanes), () => ({ value: "sum", width }));
  const point = (count: number): string => {
    const place = { vector: column?.id, count };
    const lines: string[] = [];
    const region = new Region<string, string>(lines);
    const values = stores.map(({ value }) => writer.as(value, width, place, region));
    return [...lines, ...stores.map((store, i) => writer.store(store, values[i]!, width, place))].join("\n");
  };
  let body = `const float sum = tile[r * width];\n${column ? "" : point(1)}`;
  if (column) {
    const name = loopName(column.id);
    const rest = `if (${name} < end) {
const vf sum = load_f(from);
${point(sizeOf(columns) % target.lanes)}
}`;
    body = `const float* from = tile + r * width;
long ${name} = n0;
for (; ${name} + VL <= end; ${name} += VL, from += VL) {
const vf sum = load_f(from);
${point(target.lanes)}
}
${sizeOf(columns) % target.lanes === 0 ? "" : rest}`;
  }
  const parameters = "char* const* q, const float* tile, long batch, long first, long h, long n0, long end, long width";
  return `static __attribute__((noinline)) void @store(${parameters}) {
@@declarations
${decode("batch", batch)}
for (long r = 0; r < h; r++) {
${decodeRow("first + r", rows, order)}
${body}
}
}`;
}

/** Where the sums are stored as they are: `rowStride` floats from row to row, side by side along the columns. */
export interface PlainStore {
  readonly access: Access;
  readonly linear: Linear;
  readonly rowStride: number;
}

/** How a product is stored of which nothing but its sums is wanted; undefined: by {@link storeFunction}. */
export function plainStore(kernel: ContractionKernel, order: RowOrder | undefined): PlainStore | undefined {
  const [store] = kernel.stores;
  const [column] = kernel.columns;
  if (!store || !column || order || kernel.stores.length > 1 || withoutOperands(kernel).rows.length > 1)
    return undefined;
  const { access, value } = store;
  const linear = linearize(access.index);
  const plain = value.kind === "result" && access.dtype === "float32";
  if (!plain || !linear || strideOf(linear, column) !== 1) return undefined;
  return { access, linear, rowStride: strideOf(linear, kernel.rows.at(-1)) };
}

/** The stores alone often see several loops of the rows as one. */
function withoutOperands(kernel: ContractionKernel): ContractionKernel {
  const nothing: Access = { ...kernel.a, index: { constant: 0, terms: [] }, guards: [] };
  return collapseContraction({ ...kernel, a: nothing, b: nothing, depth: [] });
}

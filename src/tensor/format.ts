import { rowMajorStrides, type Shape } from "../util/index.ts";

const EDGE = 3;

/** Values as NumPy prints them, behind a blank or on lines of their own: nested brackets, four significant decimals, long axes shortened to their ends. */
export function formatValues(values: ArrayLike<number>, shape: Shape): string {
  if (shape.length === 0) return ` ${formatNumber(values[0]!)}`;
  const strides = rowMajorStrides(shape);
  const part = (axis: number, offset: number): string => {
    const size = shape[axis]!;
    const last = axis === shape.length - 1;
    const one = (i: number) => (last ? formatNumber(values[offset + i]!) : part(axis + 1, offset + i * strides[axis]!));
    const shown: string[] = [];
    for (let i = 0; i < size; i++) {
      if (size > 2 * EDGE + 2 && i === EDGE) {
        shown.push("...");
        i = size - EDGE;
      }
      shown.push(one(i));
    }
    return `[${shown.join(last ? ", " : `,\n${" ".repeat(axis + 1)}`)}]`;
  };
  return (shape.length > 1 ? "\n" : " ") + part(0, 0);
}

function formatNumber(value: number): string {
  if (Number.isInteger(value) || !Number.isFinite(value)) return String(value);
  const magnitude = Math.abs(value);
  return magnitude >= 1e5 || magnitude < 1e-3 ? value.toExponential(3) : String(Number(value.toPrecision(5)));
}

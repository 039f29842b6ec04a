import { fail, formatShape, product, sameShape } from "../../util/index.ts";
import { isDenseArray, isNumberArray, type NumberArray } from "../arrays.ts";
import { type BatchColumn, sameKind } from "./batch.ts";

/**
 * Values of one column, a sample each, as an array with the samples along its first axis: plain numbers and nested lists of them become float32,
 * typed arrays and { data, shape } keep their type, texts and all else stay a list.
 *
 * @throws DescentError for values of different shapes.
 */
export function stackValues(values: readonly unknown[], name: string): BatchColumn {
  const [first] = values;
  if (typeof first === "number" || typeof first === "boolean") {
    const data = new Float32Array(values.length);
    values.forEach((value, i) => {
      if (typeof value !== "number" && typeof value !== "boolean") return notAlike(name, i);
      data[i] = Number(value);
    });
    return { data, shape: [values.length] };
  }
  const part = partOf(first, name);
  if (!part) return values;
  const size = product(part.shape);
  const data = sameKind(part.data, values.length * size);
  values.forEach((value, i) => {
    const each = partOf(value, name);
    if (!each || !sameShape(each.shape, part.shape)) return notAlike(name, i, formatShape(part.shape));
    data.set(each.data, i * size);
  });
  return { data, shape: [values.length, ...part.shape] };
}

/** The numbers of one sample with their shape; undefined for what is no numbers. */
function partOf(value: unknown, name: string): { data: NumberArray; shape: readonly number[] } | undefined {
  if (isNumberArray(value)) return { data: value, shape: [value.length] };
  if (isDenseArray(value)) return value;
  if (!Array.isArray(value)) return undefined;
  const shape: number[] = [];
  for (let level: unknown = value; Array.isArray(level); level = level[0]) shape.push(level.length);
  const flat = value.flat(shape.length - 1) as unknown[];
  if (typeof flat[0] !== "number" && typeof flat[0] !== "boolean") return undefined;
  if (flat.length !== product(shape) || flat.some((each) => typeof each !== "number" && typeof each !== "boolean")) {
    fail(`"${name}" holds a list that is ragged or not all numbers`, `numbers of shape ${formatShape(shape)}`);
  }
  return { data: Float32Array.from(flat as number[]), shape };
}

function notAlike(name: string, i: number, expected = "a number"): never {
  return fail(`sample ${i}'s "${name}" is unlike the first one's`, expected, "samples of one shape can be batched");
}

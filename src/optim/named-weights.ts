import { type Tensor, tensor } from "../tensor/index.ts";
import { fail, nearest, show } from "../util/index.ts";
import type { Segment } from "./clipping.ts";

/** True when `name` is the path, or the beginning or end of it in whole words: "dense_1", "dense_1/kernel", "bias". */
export function isNamed({ path = "" }: Segment, name: string): boolean {
  return `/${path}/`.startsWith(`/${name}/`) || `/${path}/`.endsWith(`/${name}/`);
}

/** Refuses names that no weight of the model has, with the nearest that there is. */
export function checkNames(where: string, names: readonly string[], segments: readonly Segment[]): void {
  for (const name of names) {
    if (segments.some((segment) => isNamed(segment, name))) continue;
    const paths = segments.map(({ path = "" }) => path);
    const near = nearest(name, new Set(paths.flatMap((path) => [path, ...path.split("/")])));
    const fix = near ? `did you mean "${near}"?` : `the weights are ${paths.join(", ")}`;
    fail(`${where}: no weight is named ${show(name)}`, "a layer, a weight, or both: layer/weight", fix);
  }
}

/** One number for each weight, repeated over its elements: float32 [parameters], or a scalar where all are equal. */
export function perElement(segments: readonly Segment[], numberFor: (segment: Segment) => number): Tensor {
  const values = segments.map(numberFor);
  const [first = 1] = values;
  if (values.every((value) => value === first)) return tensor(first);
  const last = segments.at(-1) as Segment;
  const all = new Float32Array(last.offset + last.size);
  segments.forEach(({ offset, size }, i) => {
    all.fill(values[i] as number, offset, offset + size);
  });
  return tensor(all);
}

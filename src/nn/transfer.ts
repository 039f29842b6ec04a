import { checkOptions, fail, formatShape, nearest, type Shape, sameShape } from "../util/index.ts";
import type { Network } from "./network.ts";

/** Options of `model.loadWeights`. */
export interface LoadWeightsOptions {
  /** Take what has the same name, and leave the rest as it is; default false: every weight must be there. */
  byName?: boolean | undefined;
  /** With `byName`: leave weights whose shapes differ, instead of refusing them; default false (Keras). */
  skipMismatch?: boolean | undefined;
}

/** What was taken from elsewhere, and what was not; paths such as "dense_1/kernel". */
export interface WeightsReport {
  readonly taken: readonly string[];
  /** Weights of the model that are not there; they stay as they were. */
  readonly missing: readonly string[];
  /** What is there and not in the model. */
  readonly unused: readonly string[];
  /** Of the same name and another shape; they stay as they were. */
  readonly mismatched: readonly { readonly path: string; readonly found: Shape; readonly expected: Shape }[];
}

/** A weight's numbers, row-major. */
export interface WeightValues {
  readonly shape: Shape;
  readonly data: ArrayLike<number>;
}

/** The weights of a network as {@link transferWeights} takes them. */
export function valuesOf(network: Network): Map<string, WeightValues> {
  const views = network.getWeights();
  return new Map(network.weights.map(({ path, shape }) => [path, { shape, data: views[path] ?? [] }]));
}

/**
 * Copies weights into a network by their paths.
 *
 * @throws DescentError, before anything is copied, when weights are missing, left over (without `byName`), have another shape
 * (without `skipMismatch`), or none fits.
 */
export function transferWeights(
  network: Network,
  from: ReadonlyMap<string, WeightValues>,
  options: LoadWeightsOptions,
): WeightsReport {
  checkOptions("loadWeights", options, ["byName", "skipMismatch"]);
  const { byName = false, skipMismatch = false } = options;
  if (skipMismatch && !byName) fail("loadWeights got skipMismatch without byName", "both, or neither");
  const paths = new Set(network.weights.map(({ path }) => path));
  const report = {
    taken: [] as string[],
    missing: [] as string[],
    mismatched: [] as WeightsReport["mismatched"][number][],
  };
  for (const { path, shape: expected } of network.weights) {
    const found = from.get(path)?.shape;
    if (!found) report.missing.push(path);
    else if (sameShape(found, expected)) report.taken.push(path);
    else report.mismatched.push({ path, found, expected });
  }
  const unused = [...from.keys()].filter((path) => !paths.has(path));
  const fix = "loadWeights(from, { byName: true }) takes what fits by name";
  const [lost] = report.missing;
  if (!byName && lost !== undefined) {
    const near = nearest(lost, unused);
    fail(`loadWeights found no ${lost}${near ? `, but "${near}"` : ""}`, "every weight of the model", fix);
  }
  if (!byName && unused.length > 0) {
    fail(`loadWeights found ${unused[0]}, which the model does not have`, "the weights of the model", fix);
  }
  const [other] = report.mismatched;
  if (other && !skipMismatch) {
    fail(
      `loadWeights found ${other.path} of shape ${formatShape(other.found)}`,
      `${formatShape(other.expected)}`,
      "loadWeights(from, { byName: true, skipMismatch: true }) leaves such weights as they are",
    );
  }
  if (report.taken.length === 0 && network.weights.length > 0) {
    fail(
      "loadWeights found no weight that fits",
      `names such as ${network.weights[0]?.path}`,
      "compare the layers' names",
    );
  }
  const views = network.getWeights();
  for (const path of report.taken) views[path]?.set(from.get(path)?.data ?? []);
  return { ...report, unused };
}

import { Tensor } from "../../tensor/index.ts";
import { checkOptions, fail, product } from "../../util/index.ts";
import { type DenseArray, isDenseArray, isNumberArray, type Samples, sampleCount } from "../arrays.ts";
import { type Batch, gatherBatch, lengthOf, sliceBatch } from "../datasets/batch.ts";
import { Dataset } from "../datasets/dataset.ts";
import type { Flow } from "../datasets/flow.ts";
import { stackValues } from "../datasets/stack.ts";
import { batchOfSamples, type Sample } from "../datasets/stages/map.ts";
import { areInOrder, readInOrder } from "../datasets/stages/rows.ts";

/**
 * The samples of arrays in memory: nested or plain arrays, typed arrays, { data, shape }, tensors whose numbers are known. Not copied; lists
 * of numbers become float32.
 *
 * @param arrays by name, all with as many samples. For `fit`: `x` and `y`, or the names of the model's inputs and outputs, and `sampleWeight`.
 * @throws DescentError for arrays of different lengths.
 * @example
 * const xor = fromArrays({ x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [[0], [1], [1], [0]] });
 * for await (const { x } of xor.batch(2)) console.log(x); // { data: Float32Array(4) [0, 0, 0, 1], shape: [2, 2] } ...
 */
export function fromArrays(arrays: Readonly<Record<string, Samples>>): Dataset {
  const names = Object.keys(arrays);
  if (names.length === 0) fail("fromArrays got no arrays", "at least one, such as { x, y }");
  const counts = names.map((name) => sampleCount(arrays[name] as Samples, name));
  const [length = 0] = counts;
  counts.forEach((count, i) => {
    if (count !== length) fail(`${names[i]} has ${count} samples`, `${length}, as ${names[0]}`);
  });
  const batch: Batch = Object.fromEntries(names.map((name) => [name, columnFrom(arrays[name] as Samples, name)]));
  return new Dataset(memoryFlow(batch, `arrays ${names.join(", ")}`));
}

/** A batch as a flow. */
export function memoryFlow(batch: Batch, description: string): Flow {
  const length = Object.values(batch).reduce((most, column) => Math.max(most, lengthOf(column)), 0);
  const gather = async (rows: ArrayLike<number>) => {
    const [first = 0] = Array.from({ length: Math.min(1, rows.length) }, () => rows[0] as number);
    return areInOrder(rows) ? sliceBatch(batch, first, first + rows.length) : gatherBatch(batch, rows);
  };
  return { description, length, gather, open: (pass, position) => readInOrder(length, gather, pass, position) };
}

function columnFrom(array: Samples, name: string): DenseArray | readonly unknown[] {
  if (array instanceof Tensor) {
    const data = array.knownData;
    if (!data) fail(`${name} is a tensor that has not been computed`, "numbers", `await ${name}.data() before`);
    return { data, shape: array.shape };
  }
  if (isDenseArray(array)) {
    if (product(array.shape) !== array.data.length) {
      fail(`${name} has ${array.data.length} numbers`, `${product(array.shape)}, for its shape`);
    }
    return array;
  }
  if (isNumberArray(array)) return { data: array, shape: [array.length] };
  return stackValues(array as readonly unknown[], name);
}

/** How samples of a function come. */
export interface GeneratorOptions {
  /** Samples that it gives, for progress; default unknown. */
  readonly length?: number | undefined;
  /** Tells datasets of different functions apart, when a training is resumed. Default the function's name. */
  readonly name?: string | undefined;
}

/**
 * The samples that a generator yields, a record each. The function is called anew for every pass, with the pass's number, and must give the same
 * samples for the same number; to go on in the middle it is begun anew, and what was seen is passed over.
 *
 * @param make gives an iterable or an asynchronous one.
 * @example
 * const counting = fromGenerator(function* () {
 *   for (let i = 0; i < 1000; i++) yield { x: [i / 1000], y: [Math.sin(i)] };
 * });
 */
export function fromGenerator(
  make: (pass: number) => Iterable<Sample> | AsyncIterable<Sample>,
  options: GeneratorOptions = {},
): Dataset {
  checkOptions("fromGenerator", options, ["length", "name"]);
  if (typeof make !== "function")
    fail("fromGenerator got no function", "one that gives a generator: each pass is a new one");
  const { length, name = make.name || "a generator" } = options;
  return new Dataset({
    description: `samples of ${name}`,
    length,
    open(pass, position) {
      let { at = 0 } = (position ?? {}) as { at?: number };
      let skip = at;
      let iterator: Iterator<Sample> | AsyncIterator<Sample> | undefined;
      let ended = false;
      return {
        async next() {
          if (ended) return undefined;
          iterator ??= iteratorOf(make(pass), name);
          for (; skip > 0; skip--) await iterator.next();
          const samples: Sample[] = [];
          while (samples.length < GENERATED) {
            const { done, value } = await iterator.next();
            if (done) {
              ended = true;
              break;
            }
            samples.push(value);
          }
          at += samples.length;
          return samples.length > 0 ? batchOfSamples(samples, name) : undefined;
        },
        position: () => ({ at }),
        close: async () => {
          if (!ended) await iterator?.return?.();
        },
      };
    },
  });
}

/** Samples of a generator that are asked for at a time. */
const GENERATED = 32;

function iteratorOf(made: unknown, name: string): Iterator<Sample> | AsyncIterator<Sample> {
  const { [Symbol.asyncIterator]: later, [Symbol.iterator]: now } = (made ?? {}) as AsyncIterable<Sample> &
    Iterable<Sample>;
  if (typeof later === "function") return later.call(made);
  if (typeof now === "function") return now.call(made);
  return fail(`${name} gave no iterable`, "a generator", "write function* or async function*");
}

import { checkOptions, fail, HostRandom } from "../util/index.ts";
import { apportion } from "./apportion.ts";
import { type Samples, sampleCount, selectRows } from "./arrays.ts";
import { groupByLabel, type StrataLabels } from "./strata.ts";

export interface SplitOptions {
  /** Share (between 0 and 1, the number is rounded up) or number of samples for testing. Default 0.25 (scikit-learn). */
  testSize?: number;
  /** Mix the samples first; otherwise the last ones are for testing. Default true (scikit-learn). */
  shuffle?: boolean;
  /** Labels, one per sample: both parts get every class in the same proportion, exact to one sample. Default: none. */
  stratify?: StrataLabels;
  /** Seed of the shuffle; the same seed splits the same way everywhere. Default 0. */
  seed?: number;
}

/**
 * Splits arrays of the same length into a training and a test part, all in the same way.
 *
 * @param args One to three arrays with samples along the first axis (arrays, typed arrays, { data, shape }, tensors), then options.
 * @returns A training and a test part of each, of the same kind: [xTrain, xTest, yTrain, yTest].
 * @throws DescentError for lengths that differ, a part that would be empty, or classes too small to appear in both parts.
 * @example
 * const [xTrain, xTest, yTrain, yTest] = trainTestSplit([[1], [2], [3], [4]], [0, 1, 0, 1], { testSize: 0.5, stratify: [0, 1, 0, 1] });
 */
export function trainTestSplit<X extends Samples>(x: X, options?: SplitOptions): [X, X];
export function trainTestSplit<X extends Samples, Y extends Samples>(x: X, y: Y, options?: SplitOptions): [X, X, Y, Y];
export function trainTestSplit<X extends Samples, Y extends Samples, Z extends Samples>(
  x: X,
  y: Y,
  z: Z,
  options?: SplitOptions,
): [X, X, Y, Y, Z, Z];
export function trainTestSplit(...args: (Samples | SplitOptions | undefined)[]): Samples[] {
  const last = args.at(-1);
  const options = isOptions(last) ? last : {};
  const arrays = (isOptions(last) ? args.slice(0, -1) : args) as Samples[];
  const first = arrays[0] ?? fail("trainTestSplit was given no data", "at least one array");
  const count = sampleCount(first, "trainTestSplit's first array");
  arrays.forEach((array, i) => {
    const length = sampleCount(array, `trainTestSplit's array ${i + 1}`);
    if (length !== count) fail(`trainTestSplit's array ${i + 1} has ${length} samples`, `${count} as the first`);
  });
  const { train, test } = splitIndices(count, options);
  return arrays.flatMap((array) => [selectRows(array, train), selectRows(array, test)]);
}

function isOptions(x: Samples | SplitOptions | undefined): x is SplitOptions | undefined {
  return x === undefined || (Object.getPrototypeOf(x) === Object.prototype && !("data" in x));
}

/**
 * The sample numbers of a split's two parts; {@link trainTestSplit} applies them. Together they are a permutation of 0 ... count-1.
 */
export function splitIndices(count: number, options: SplitOptions = {}): { train: Uint32Array; test: Uint32Array } {
  checkOptions("trainTestSplit", options, ["testSize", "shuffle", "stratify", "seed"]);
  const { testSize = 0.25, shuffle = true, stratify, seed = 0 } = options;
  const testCount = partSize(count, testSize);
  const random = new HostRandom(seed, 1);
  if (!shuffle) {
    if (stratify) fail("trainTestSplit can't stratify without shuffling", "shuffle: true with stratify");
    const order = Uint32Array.from({ length: count }, (_, i) => i);
    return { train: order.slice(0, count - testCount), test: order.slice(count - testCount) };
  }
  if (stratify === undefined) {
    const order = random.shuffle(Uint32Array.from({ length: count }, (_, i) => i));
    return { train: order.slice(testCount), test: order.slice(0, testCount) };
  }
  const groups = groupByLabel(stratify, count, "trainTestSplit");
  checkGroups(groups, count, testCount);
  const testOf = apportion(
    groups.map((group) => group.length),
    testCount,
    random,
  );
  const train: number[] = [];
  const test: number[] = [];
  groups.forEach((group, g) => {
    random.shuffle(group).forEach((index, i) => {
      (i < testOf[g]! ? test : train).push(index);
    });
  });
  return { train: random.shuffle(Uint32Array.from(train)), test: random.shuffle(Uint32Array.from(test)) };
}

/** How many samples are for testing; a share is rounded up as in scikit-learn. */
function partSize(count: number, testSize: number): number {
  const isShare = testSize > 0 && testSize < 1;
  if (!isShare && !(Number.isInteger(testSize) && testSize >= 1)) {
    fail(`trainTestSplit's testSize is ${testSize}`, "a share between 0 and 1, or a whole number of samples");
  }
  // 10,000 * 0.2 must be 2,000 even where the product of a share is off by its last bit.
  const testCount = isShare ? Math.ceil(Number((count * testSize).toPrecision(12))) : testSize;
  if (testCount >= count) {
    fail(
      `trainTestSplit has ${count} samples and testSize ${testSize}, which leaves none for training`,
      "more samples or a smaller testSize",
    );
  }
  return testCount;
}

function checkGroups(groups: readonly number[][], count: number, testCount: number): void {
  const small = groups.find((group) => group.length < 2);
  if (small) {
    fail(
      `trainTestSplit: the class of sample ${small[0]} has only one member`,
      "at least two of every class to stratify",
    );
  }
  if (testCount < groups.length || count - testCount < groups.length) {
    fail(
      `trainTestSplit: ${groups.length} classes can't all appear in parts of ${count - testCount} and ${testCount} samples`,
      "at least one sample of every class in both parts",
      "change testSize",
    );
  }
}

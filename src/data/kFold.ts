import { checkOptions, fail, HostRandom } from "../util/index.ts";
import { groupByLabel, type StrataLabels } from "./strata.ts";

export interface KFoldOptions {
  /** Number of parts, each once the test part. Default 5 (scikit-learn). */
  splits?: number;
  /** Mix the samples first. Default false (scikit-learn). */
  shuffle?: boolean;
  /** Labels, one per sample: every part gets every class in the same proportion. Default: none. */
  stratify?: StrataLabels;
  /** Seed of the shuffle. Default 0. */
  seed?: number;
}

/** Sample numbers, ascending. */
export interface Fold {
  train: Uint32Array;
  test: Uint32Array;
}

/**
 * Divides sample numbers 0 ... count-1 into parts of nearly equal size for cross-validation: each part is the test part of one fold,
 * as scikit-learn's KFold and StratifiedKFold.
 *
 * @example
 * for (const { train, test } of kFold(4, { splits: 2 })) {
 *   await model.fit(selectRows(x, train), selectRows(y, train), { epochs: 1 });
 *   await model.evaluate(selectRows(x, test), selectRows(y, test));
 * }
 */
export function kFold(count: number, options: KFoldOptions = {}): Fold[] {
  checkOptions("kFold", options, ["splits", "shuffle", "stratify", "seed"]);
  const { splits = 5, shuffle = false, stratify, seed = 0 } = options;
  if (!(Number.isInteger(splits) && splits >= 2)) fail(`kFold's splits is ${splits}`, "a whole number of at least 2");
  if (!(count >= splits)) fail(`kFold has ${count} samples for ${splits} splits`, "at least one sample per split");
  const random = new HostRandom(seed, 2);
  const foldOf = new Uint32Array(count);
  if (stratify === undefined) {
    const order = Uint32Array.from({ length: count }, (_, i) => i);
    deal(shuffle ? random.shuffle(order) : order, foldOf, blockSizes(count, splits));
  } else {
    const groups = groupByLabel(stratify, count, "kFold");
    const small = groups.find((group) => group.length < splits);
    if (small)
      fail(`kFold: the class of sample ${small[0]} has ${small.length} members`, `at least ${splits} of every class`);
    const sizes = stratifiedSizes(groups, splits);
    groups.forEach((group, g) => {
      deal(shuffle ? random.shuffle(group) : group, foldOf, sizes[g]!);
    });
  }
  return Array.from({ length: splits }, (_, fold) => {
    const numbers = Array.from({ length: count }, (_, i) => i);
    return {
      train: Uint32Array.from(numbers.filter((i) => foldOf[i] !== fold)),
      test: Uint32Array.from(numbers.filter((i) => foldOf[i] === fold)),
    };
  });
}

/** Sizes of `splits` consecutive blocks of `count` samples; the first ones get what is left over. */
function blockSizes(count: number, splits: number): number[] {
  return Array.from({ length: splits }, (_, fold) => Math.floor(count / splits) + (fold < count % splits ? 1 : 0));
}

/**
 * Samples per class and fold: the classes laid end to end are dealt out like cards, so that folds differ by at most one sample in
 * size and in every class (scikit-learn's StratifiedKFold).
 */
function stratifiedSizes(groups: readonly number[][], splits: number): number[][] {
  let position = 0;
  return groups.map((group) => {
    const sizes = new Array<number>(splits).fill(0);
    for (let i = 0; i < group.length; i++) {
      const fold = position++ % splits;
      sizes[fold] = sizes[fold]! + 1;
    }
    return sizes;
  });
}

/** Gives consecutive members of `order` to the folds. */
function deal(order: ArrayLike<number>, foldOf: Uint32Array, sizes: readonly number[]): void {
  let next = 0;
  sizes.forEach((size, fold) => {
    for (let i = 0; i < size; i++) foldOf[order[next++]!] = fold;
  });
}

import { ops } from "../ir/index.ts";
import { fail, type Shape, show } from "../util/index.ts";
import { checkCount, checkNamed, checkShape } from "./checks.ts";
import { full, tensor, where } from "./functions.ts";
import { Tensor } from "./tensor.ts";

/** Mean and standard deviation of the numbers, before any are cut off. */
interface Normal {
  readonly mean?: number;
  readonly std?: number;
}

/** What a key is used for; different streams of one key never meet. */
const STREAM = { draw: 0, second: 1, fold: 2 } as const;

/**
 * A key for random numbers: the same key gives the same numbers on every engine and any number of threads (Philox 4x32-10). Keys are
 * values, not state: draw once from a key, and make more by `fold` or `split`.
 *
 * @example
 * const key = randomKey(42);
 * const noise = key.fold(1).normal([2, 3]);
 */
export class RandomKey {
  private constructor(private readonly words: Tensor) {}

  /** From two 32-bit words: uint32 [2], for keys that a program receives. */
  static fromTensor(words: Tensor): RandomKey {
    if (words.dtype !== "uint32" || words.shape.join() !== "2")
      fail(`a key of ${words.dtype} [${words.shape}]`, "uint32 [2]");
    return new RandomKey(words);
  }

  /** The key's words, uint32 [2]. */
  get tensor(): Tensor {
    return this.words;
  }

  private bits(
    shape: Shape,
    dtype: "float32" | "uint32",
    stream: number,
    counter: Tensor = full([1], 0, "uint32"),
  ): Tensor {
    checkShape("random numbers", shape);
    return new Tensor(ops.random(this.words.node, counter.node, shape, dtype, stream));
  }

  /** Another key, determined by this one and an integer (which may be computed: a step, a layer's number). */
  fold(data: number | Tensor): RandomKey {
    if (typeof data === "number" && !Number.isSafeInteger(data)) fail(`fold got ${data}`, "an integer");
    const counter = typeof data === "number" ? full([1], data >>> 0, "uint32") : data.cast("uint32").reshape([1]);
    return new RandomKey(this.bits([2], "uint32", STREAM.fold, counter));
  }

  /** `count` keys that differ from each other and from this one. */
  split(count: number): RandomKey[] {
    checkCount("split", "count", count);
    return Array.from({ length: count }, (_, i) => this.fold(i));
  }

  /** Uniform in [min, max), 24 random bits. */
  uniform(shape: Shape, options: { readonly min?: number; readonly max?: number } = {}): Tensor {
    checkNamed("uniform", options, ["min", "max"]);
    const { min = 0, max = 1 } = options;
    const unit = this.bits(shape, "float32", STREAM.draw);
    return min === 0 && max === 1 ? unit : unit.mul(max - min).add(min);
  }

  /** Normal numbers by Box and Muller's transform. */
  normal(shape: Shape, options: Normal = {}): Tensor {
    checkNamed("normal", options, ["mean", "std"]);
    const { mean = 0, std = 1 } = options;
    const radius = this.bits(shape, "float32", STREAM.draw).neg().log1p().mul(-2).sqrt();
    const angle = this.bits(shape, "float32", STREAM.second).mul(2 * Math.PI);
    return radius.mul(angle.cos()).mul(std).add(mean);
  }

  /** Normal numbers that lie within two standard deviations, by the inverse of the distribution (Giles 2010, single precision). */
  truncatedNormal(shape: Shape, options: Normal = {}): Tensor {
    checkNamed("truncatedNormal", options, ["mean", "std"]);
    const { mean = 0, std = 1 } = options;
    const edge = 0.9544997361036416; // erf(2 / sqrt(2))
    const x = this.uniform(shape, { min: -edge, max: edge });
    return inverseErf(x)
      .mul(Math.SQRT2 * std)
      .add(mean);
  }

  /** True with probability p. */
  bernoulli(p: number, shape: Shape): Tensor {
    if (!(p >= 0 && p <= 1)) fail(`bernoulli got probability ${show(p)}`, "a number from 0 to 1");
    return this.bits(shape, "float32", STREAM.draw).less(p);
  }

  /** Integers (int32) in [min, max). */
  integers(shape: Shape, options: { readonly min?: number; readonly max: number }): Tensor {
    checkNamed("integers", options, ["min", "max"]);
    const { min = 0, max } = options;
    if (!(Number.isInteger(min) && Number.isInteger(max) && max > min))
      fail(`integers from ${min} up to ${max}`, "max above min");
    return this.bits(shape, "uint32", STREAM.draw)
      .mod(max - min)
      .cast("int32")
      .add(min);
  }
}

/** Inverse error function for |x| well inside of 1: M. Giles, "Approximating the erfinv function" (2010), central branch. */
function inverseErf(x: Tensor): Tensor {
  const w = x.square().neg().log1p().neg();
  const polynomial = (coefficients: readonly number[], at: Tensor): Tensor =>
    coefficients.slice(1).reduce((sum, each) => sum.mul(at).add(each), full(x.shape, coefficients[0]!));
  const central = [
    2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 2.1858087e-4, -1.25372503e-3, -4.17768164e-3,
    0.246640727, 1.50140941,
  ];
  const tail = [
    -2.00214257e-4, 1.00950558e-4, 1.34934322e-3, -3.67342844e-3, 5.73950773e-3, -7.6224613e-3, 9.43887047e-3,
    1.00167406, 2.83297682,
  ];
  return where(w.less(5), polynomial(central, w.sub(2.5)), polynomial(tail, w.maximum(5).sqrt().sub(3))).mul(x);
}

/**
 * A key from an integer seed (53 bits count).
 *
 * @example
 * const key = randomKey(7);
 */
export function randomKey(seed: number): RandomKey {
  if (!Number.isSafeInteger(seed)) fail(`random seed ${seed}`, "an integer");
  const words = new Uint32Array([seed >>> 0, Math.floor(seed / 4294967296) >>> 0]);
  return RandomKey.fromTensor(tensor(words));
}

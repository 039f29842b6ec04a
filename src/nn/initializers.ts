import { checkOptions, fail, formatShape, type HostRandom, product, type Shape } from "../util/index.ts";
import { checkNumber, checkWord } from "./checks.ts";
import { fans } from "./fans.ts";

/** Fills a new weight: host-side, from the random numbers that belong to the weight's path. */
export interface Initializer {
  readonly kind: string;
  /** What was given to its factory; written to saved models. */
  readonly options: Readonly<Record<string, unknown>>;
  values(shape: Shape, random: HostRandom): Float32Array;
}

/** All zeros. */
export function zeros(options: object = {}): Initializer {
  return elementwise("zeros", options, [], () => () => 0);
}

/** All ones. */
export function ones(options: object = {}): Initializer {
  return elementwise("ones", options, [], () => () => 1);
}

export interface ConstantOptions {
  /** Default 0 (Keras). */
  value?: number;
}

/** One value everywhere. */
export function constant(options: ConstantOptions = {}): Initializer {
  const { value = 0 } = options;
  checkNumber("constant", "value", value);
  return elementwise("constant", options, ["value"], () => () => value);
}

export interface NormalOptions {
  /** Default 0 (Keras). */
  mean?: number;
  /** Standard deviation; default 0.05 (Keras). */
  stddev?: number;
}

/** A normal distribution. */
export function randomNormal(options: NormalOptions = {}): Initializer {
  const { mean, stddev } = checkedNormal("randomNormal", options);
  return elementwise("randomNormal", options, ["mean", "stddev"], (random) => () => mean + stddev * random.normal());
}

/** A normal distribution whose values beyond two standard deviations are drawn again. */
export function truncatedNormal(options: NormalOptions = {}): Initializer {
  const { mean, stddev } = checkedNormal("truncatedNormal", options);
  return elementwise(
    "truncatedNormal",
    options,
    ["mean", "stddev"],
    (random) => () => mean + stddev * withinTwo(random),
  );
}

export interface UniformOptions {
  /** Lower limit; default -0.05 (Keras). */
  minval?: number;
  /** Upper limit; default 0.05 (Keras). */
  maxval?: number;
}

/** A uniform distribution over [minval, maxval). */
export function randomUniform(options: UniformOptions = {}): Initializer {
  const { minval = -0.05, maxval = 0.05 } = options;
  checkNumber("randomUniform", "minval", minval);
  checkNumber("randomUniform", "maxval", maxval, minval);
  return elementwise(
    "randomUniform",
    options,
    ["minval", "maxval"],
    (random) => () => minval + (maxval - minval) * random.uniform(),
  );
}

export interface VarianceScalingOptions {
  /** The variance is scale / n; default 1 (Keras). */
  scale?: number;
  /** What n counts: inputs of a unit, outputs, or the mean of both; default "fanIn" (Keras). */
  mode?: "fanIn" | "fanOut" | "fanAvg";
  /** Default "truncatedNormal" (Keras). */
  distribution?: "truncatedNormal" | "untruncatedNormal" | "uniform";
}

/** Variance scale / n, n taken from the weight's shape, so that signals keep their size through the layers. */
export function varianceScaling(options: VarianceScalingOptions = {}): Initializer {
  const { scale = 1, mode = "fanIn", distribution = "truncatedNormal" } = options;
  checkNumber("varianceScaling", "scale", scale, Number.MIN_VALUE);
  checkWord("varianceScaling", "mode", mode, ["fanIn", "fanOut", "fanAvg"]);
  checkWord("varianceScaling", "distribution", distribution, ["truncatedNormal", "untruncatedNormal", "uniform"]);
  return elementwise("varianceScaling", options, ["scale", "mode", "distribution"], (random, shape) => {
    const stddev = Math.sqrt(scale / Math.max(1, fans(shape)[mode]));
    switch (distribution) {
      case "uniform":
        return () => stddev * Math.sqrt(3) * (2 * random.uniform() - 1);
      case "untruncatedNormal":
        return () => stddev * random.normal();
      case "truncatedNormal":
        return () => (stddev / TRUNCATED_STDDEV) * withinTwo(random);
    }
  });
}

/** Uniform with variance 2 / (fanIn + fanOut) (Glorot & Bengio, 2010); the default of Keras's layers. */
export function glorotUniform(options: object = {}): Initializer {
  return scaled("glorotUniform", options, { mode: "fanAvg", distribution: "uniform" });
}

/** Truncated normal with variance 2 / (fanIn + fanOut) (Glorot & Bengio, 2010). */
export function glorotNormal(options: object = {}): Initializer {
  return scaled("glorotNormal", options, { mode: "fanAvg" });
}

/** Uniform with variance 2 / fanIn, for relu (He et al., 2015). */
export function heUniform(options: object = {}): Initializer {
  return scaled("heUniform", options, { scale: 2, distribution: "uniform" });
}

/** Truncated normal with variance 2 / fanIn, for relu (He et al., 2015). */
export function heNormal(options: object = {}): Initializer {
  return scaled("heNormal", options, { scale: 2 });
}

/** Uniform with variance 1 / fanIn (LeCun et al., 1998). */
export function lecunUniform(options: object = {}): Initializer {
  return scaled("lecunUniform", options, { distribution: "uniform" });
}

/** Truncated normal with variance 1 / fanIn, for selu (Klambauer et al., 2017). */
export function lecunNormal(options: object = {}): Initializer {
  return scaled("lecunNormal", options, {});
}

export interface GainOptions {
  /** Factor on the result; default 1 (Keras). */
  gain?: number;
}

/** gain times the unit matrix; for weights of rank 2. */
export function identity(options: GainOptions = {}): Initializer {
  checkOptions("identity", options, ["gain"]);
  const { gain = 1 } = options;
  checkNumber("identity", "gain", gain);
  return {
    kind: "identity",
    options: { ...options },
    values(shape) {
      const [rows, columns] = shape;
      if (shape.length !== 2 || rows === undefined || columns === undefined) {
        fail(`the identity initializer can't fill a weight of shape ${formatShape(shape)}`, "a matrix");
      }
      return Float32Array.from({ length: rows * columns }, (_, i) =>
        Math.floor(i / columns) === i % columns ? gain : 0,
      );
    },
  };
}

/**
 * gain times a random matrix with orthonormal rows or columns (whichever are fewer), uniform over all of them
 * (Saxe et al., 2014). All axes but the last count as rows.
 */
export function orthogonal(options: GainOptions = {}): Initializer {
  checkOptions("orthogonal", options, ["gain"]);
  const { gain = 1 } = options;
  checkNumber("orthogonal", "gain", gain);
  return {
    kind: "orthogonal",
    options: { ...options },
    values(shape, random) {
      if (shape.length < 2) {
        fail(`the orthogonal initializer can't fill a weight of shape ${formatShape(shape)}`, "at least two axes");
      }
      const columns = shape.at(-1) ?? 1;
      const rows = product(shape) / columns;
      const vectors = orthonormal(Math.min(rows, columns), Math.max(rows, columns), random);
      return Float32Array.from({ length: rows * columns }, (_, i) => {
        const [row, column] = [Math.floor(i / columns), i % columns];
        return gain * ((rows < columns ? vectors[row]?.[column] : vectors[column]?.[row]) ?? 0);
      });
    },
  };
}

/** Standard deviation of a standard normal distribution truncated at two (scipy.stats.truncnorm.std(-2, 2); Keras). */
const TRUNCATED_STDDEV = 0.8796256610342398;

/** A standard normal number within two standard deviations. */
function withinTwo(random: HostRandom): number {
  let value = random.normal();
  while (Math.abs(value) > 2) value = random.normal();
  return value;
}

/** An initializer whose elements are drawn one after the other by `generator(random, shape)`. */
function elementwise(
  kind: string,
  options: object,
  names: readonly string[],
  generator: (random: HostRandom, shape: Shape) => () => number,
): Initializer {
  checkOptions(kind, options, names);
  return {
    kind,
    options: { ...options },
    values(shape, random) {
      const next = generator(random, shape);
      const values = new Float32Array(product(shape));
      for (let i = 0; i < values.length; i++) values[i] = next();
      return values;
    },
  };
}

/** A named case of varianceScaling. */
function scaled(kind: string, options: object, scaling: VarianceScalingOptions): Initializer {
  checkOptions(kind, options, []);
  return { ...varianceScaling(scaling), kind, options: {} };
}

function checkedNormal(where: string, { mean = 0, stddev = 0.05 }: NormalOptions): Required<NormalOptions> {
  checkNumber(where, "mean", mean);
  checkNumber(where, "stddev", stddev, 0);
  return { mean, stddev };
}

/** `count` orthonormal vectors of length `size` >= count: modified Gram-Schmidt on normal vectors, in float64. */
function orthonormal(count: number, size: number, random: HostRandom): Float64Array[] {
  const basis: Float64Array[] = [];
  while (basis.length < count) {
    const vector = Float64Array.from({ length: size }, () => random.normal());
    for (const other of basis) subtract(vector, dot(vector, other), other);
    const length = Math.sqrt(dot(vector, vector));
    basis.push(vector.map((x) => x / length));
  }
  return basis;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function subtract(a: Float64Array, factor: number, b: Float64Array): void {
  for (let i = 0; i < a.length; i++) a[i]! -= factor * b[i]!;
}

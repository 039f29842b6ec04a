import { Tensor, tensor } from "../../tensor/index.ts";
import { fail } from "../../util/index.ts";
import { hostMatrix, type Matrix, matrixTensor, readMatrix, refuseInfinite, type Table } from "../matrix.ts";

/** Per column: scaled = (x - center) * factor + shift. */
export interface Affine {
  center: readonly number[];
  factor: readonly number[];
  shift: readonly number[];
  /** Scaled values are clipped to this range. */
  clip?: readonly [number, number] | undefined;
}

/** What a kind of scaler learns from data and what it makes of it. */
export interface ScalerRule {
  kind: string;
  options: ScalerOptions;
  fit(matrix: Matrix): Record<string, number[]>;
  affine(statistics: Readonly<Record<string, readonly number[]>>): Affine;
}

/** A fitted scaler as plain data. */
export type ScalerJSON = {
  readonly kind: string;
  readonly options: ScalerOptions;
  readonly statistics: Readonly<Record<string, readonly number[]>>;
};

/** A scaler's options by name. */
export type ScalerOptions = Readonly<Record<string, boolean | readonly number[]>>;

/**
 * Scales every column of a table by numbers learned from training data. Learn once with `fit`, then use `transform` on any data
 * with the same columns. Missing values (NaN) are left out when learning and stay NaN; infinite ones are refused.
 * Made by {@link standardScaler}, {@link minMaxScaler} and {@link robustScaler}.
 */
export class Scaler {
  private learned: { statistics: Readonly<Record<string, readonly number[]>>; affine: Affine } | undefined;

  constructor(private readonly rule: ScalerRule) {}

  /** "standardScaler", "minMaxScaler" or "robustScaler". */
  get kind(): string {
    return this.rule.kind;
  }

  /** What was learned, one number per column under each name. Fails before `fit`. */
  get statistics(): Readonly<Record<string, readonly number[]>> {
    return this.fitted("statistics").statistics;
  }

  /**
   * Learns from training data [rows, columns], in float64.
   *
   * @throws DescentError for an empty table, strings, infinite values, or a column without any value.
   */
  async fit(x: Table): Promise<this> {
    return this.learn(this.rule.fit(refuseInfinite(await readMatrix(x, `${this.kind}.fit`), `${this.kind}.fit`)));
  }

  /**
   * Scales data [rows, columns] to a float32 tensor of the same shape. Arrays are computed in float64; a tensor stays lazy,
   * so that scaling can be part of a compiled program.
   */
  transform(x: Table): Tensor {
    const { affine } = this.fitted("transform");
    const { center, factor, shift, clip } = affine;
    if (x instanceof Tensor) {
      this.checkColumns(x.shape[1] ?? 0, x.rank, "transform");
      const scaled = x.sub(tensor([...center])).mul(tensor([...factor]));
      const shifted = shift.every((s) => s === 0) ? scaled : scaled.add(tensor([...shift]));
      return clip ? shifted.clip(clip[0], clip[1]) : shifted;
    }
    const matrix = this.read(x, "transform");
    return mapColumns(matrix, (value, c) => {
      const scaled = (value - center[c]!) * factor[c]! + shift[c]!;
      return clip ? Math.min(Math.max(scaled, clip[0]), clip[1]) : scaled;
    });
  }

  /** Learns from `x` and scales it. */
  async fitTransform(x: Table): Promise<Tensor> {
    return (await this.fit(x)).transform(x);
  }

  /** Undoes `transform`: scaled data [rows, columns] back to the original units. What was clipped stays clipped. */
  inverseTransform(x: Table): Tensor {
    const { center, factor, shift } = this.fitted("inverseTransform").affine;
    if (x instanceof Tensor) {
      this.checkColumns(x.shape[1] ?? 0, x.rank, "inverseTransform");
      const unshifted = shift.every((s) => s === 0) ? x : x.sub(tensor([...shift]));
      return unshifted.div(tensor([...factor])).add(tensor([...center]));
    }
    const matrix = this.read(x, "inverseTransform");
    return mapColumns(matrix, (value, c) => (value - shift[c]!) / factor[c]! + center[c]!);
  }

  /** The fitted scaler as plain data, for JSON. {@link scalerFromJSON} reads it back. */
  toJSON(): ScalerJSON {
    const { statistics } = this.fitted("toJSON");
    return { kind: this.kind, options: this.rule.options, statistics };
  }

  /** @internal Takes over what was learned elsewhere. */
  learn(statistics: Readonly<Record<string, readonly number[]>>): this {
    this.learned = { statistics, affine: this.rule.affine(statistics) };
    return this;
  }

  private read(x: Exclude<Table, Tensor>, method: string): Matrix {
    const matrix = refuseInfinite(hostMatrix(x, `${this.kind}.${method}`), `${this.kind}.${method}`);
    this.checkColumns(matrix.columns, 2, method);
    return matrix;
  }

  private checkColumns(columns: number, rank: number, method: string): void {
    const expected = this.fitted(method).affine.center.length;
    if (rank !== 2) fail(`${this.kind}.${method} was given a tensor of rank ${rank}`, `a table [rows, ${expected}]`);
    if (columns !== expected) {
      fail(`${this.kind}.${method} was given ${columns} columns`, `${expected}, as it was fitted on`);
    }
  }

  private fitted(method: string): { statistics: Readonly<Record<string, readonly number[]>>; affine: Affine } {
    return (
      this.learned ??
      fail(`${this.kind}.${method} was called before fit`, undefined, "call `await scaler.fit(training)` first")
    );
  }
}

function mapColumns(matrix: Matrix, f: (value: number, column: number) => number): Tensor {
  const values = matrix.values.map((value, i) => f(value, i % matrix.columns));
  return matrixTensor({ ...matrix, values });
}

/**
 * A divisor for every column: 1 instead of a spread that is zero or mere rounding, so that constant columns stay finite.
 * scikit-learn's `_handle_zeros_in_scale`: less than ten times float64's epsilon.
 */
export function safeScale(spread: number): number {
  return spread < 10 * Number.EPSILON ? 1 : spread;
}

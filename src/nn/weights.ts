import { concatenate, type Tensor, withScope } from "../tensor/index.ts";
import { fail, HostRandom, product, type Shape } from "../util/index.ts";
import type { Constraint } from "./constraints.ts";
import type { WeightSpec } from "./definition.ts";
import type { Initializer } from "./initializers.ts";
import type { Regularizer } from "./regularizers.ts";

/** The flat vectors that weights lie in. */
export interface Vectors<T> {
  /** What training changes. */
  readonly parameters: T;
  /** What layers themselves change, such as moving statistics. */
  readonly moving: T;
  /** Trainable weights that are frozen: nothing changes them. */
  readonly frozen: T;
}

/** Which of the flat vectors. */
export type VectorName = keyof Vectors<unknown>;

export const VECTORS: readonly VectorName[] = ["parameters", "moving", "frozen"];

/** Where a weight lies in a flat vector. */
export interface Weight {
  /** Layer and name: "dense_1/kernel". */
  readonly path: string;
  readonly shape: Shape;
  readonly vector: VectorName;
  /** True when it lies in `parameters`: training changes it. */
  readonly trainable: boolean;
  /** Its first element in the flat vector, and how many there are. */
  readonly offset: number;
  readonly size: number;
  readonly initializer: Initializer;
  readonly regularizer?: Regularizer | undefined;
  readonly constraint?: Constraint | undefined;
  /** See {@link WeightSpec.carried}. */
  readonly carried?: boolean | undefined;
}

/** What views are parts of: an engine may use an array's memory anew when the array itself is collected, whoever has a view of it. */
const wholes = new WeakMap<Float32Array, Float32Array>();

/** The layout of all weights: flat vectors, each weight a contiguous part of one. */
export class WeightLayout {
  readonly weights: readonly Weight[];
  /** Length of each vector. */
  readonly lengths: Vectors<number>;

  /** @param specs every weight by its path; `frozen` ones among the trainable get a vector of their own. */
  constructor(specs: ReadonlyMap<string, WeightSpec>) {
    const lengths = { parameters: 0, moving: 0, frozen: 0 };
    this.weights = [...specs].map(([path, { shape, trainable, frozen, ...rules }]) => {
      const vector = !trainable ? "moving" : frozen ? "frozen" : "parameters";
      const size = product(shape);
      const offset = lengths[vector];
      lengths[vector] += size;
      const place = { path, shape, vector, trainable: vector === "parameters", offset, size } as const;
      const { initializer, regularizer, constraint, carried } = rules;
      return { ...place, initializer, regularizer, constraint, carried };
    });
    this.lengths = lengths;
  }

  of(vector: VectorName): Weight[] {
    return this.weights.filter((weight) => weight.vector === vector);
  }

  /** The weights of one vector as tensors of their shapes, cut from it. */
  unpack(flat: Tensor, vector: VectorName): Record<string, Tensor> {
    return Object.fromEntries(
      this.of(vector).map(({ path, shape, offset, size }) => [
        path,
        withScope(path, () => flat.slice([offset, offset + size]).reshape(shape)),
      ]),
    );
  }

  /** Tensors, one for every weight of a vector, as that flat vector. */
  pack(tensors: Readonly<Record<string, Tensor>>, vector: VectorName): Tensor {
    const parts = this.of(vector).map(({ path, size }) => {
      return (tensors[path] ?? fail(`no tensor for the weight ${path}`)).reshape([size]);
    });
    return parts.length === 1 && parts[0] ? parts[0] : concatenate(parts);
  }

  /** Zeros of the lengths that are needed. */
  allocate(): Vectors<Float32Array> {
    const { parameters, moving, frozen } = this.lengths;
    return {
      parameters: new Float32Array(parameters),
      moving: new Float32Array(moving),
      frozen: new Float32Array(frozen),
    };
  }

  /** Views of the flat vectors, by path. They keep the vectors. */
  views(vectors: Vectors<Float32Array>): Record<string, Float32Array> {
    return Object.fromEntries(
      this.weights.map(({ path, vector, offset, size }) => {
        const whole = vectors[vector];
        const view = whole.subarray(offset, offset + size);
        wholes.set(view, whole);
        return [path, view];
      }),
    );
  }
}

/** A new weight's numbers: from the random numbers of its own path, so that other weights don't change them. */
export function initialValues({ path, shape, initializer }: Weight, seed: number, name = path): Float32Array {
  const values = initializer.values(shape, new HostRandom(seed, hash(name)));
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) fail(`the initializer ${initializer.kind} gave ${values[bad]} for ${path}`, "finite numbers");
  return values;
}

/** A 32-bit number from a text (FNV-1a). */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

import { concatenate, type Tensor, withScope } from "../tensor/index.ts";
import { fail, HostRandom, product, type Shape } from "../util/index.ts";
import type { WeightSpec } from "./definition.ts";
import type { Initializer } from "./initializers.ts";

/** Where a weight lies in the flat vector of its sort: `parameters` when trainable, `moving` when not. */
export interface Weight {
  /** Layer and name: "dense_1/kernel". */
  readonly path: string;
  readonly shape: Shape;
  readonly trainable: boolean;
  /** Its first element in the flat vector, and how many there are. */
  readonly offset: number;
  readonly size: number;
  readonly initializer: Initializer;
}

/** What views are parts of: an engine may use an array's memory anew when the array itself is collected, whoever has a view of it. */
const wholes = new WeakMap<Float32Array, Float32Array>();

/** The layout of all weights: two flat vectors, each weight a contiguous part of one. */
export class WeightLayout {
  readonly weights: readonly Weight[];
  /** Length of the vector of trainable weights. */
  readonly parameterCount: number;
  /** Length of the vector of the others. */
  readonly movingCount: number;

  constructor(specs: ReadonlyMap<string, WeightSpec>) {
    const count = { trainable: 0, moving: 0 };
    this.weights = [...specs].map(([path, { shape, trainable, initializer }]) => {
      const kind = trainable ? "trainable" : "moving";
      const size = product(shape);
      const offset = count[kind];
      count[kind] += size;
      return { path, shape, trainable, offset, size, initializer };
    });
    this.parameterCount = count.trainable;
    this.movingCount = count.moving;
  }

  of(trainable: boolean): Weight[] {
    return this.weights.filter((weight) => weight.trainable === trainable);
  }

  /** The weights of one sort as tensors of their shapes, cut from their flat vector. */
  unpack(flat: Tensor, trainable: boolean): Record<string, Tensor> {
    return Object.fromEntries(
      this.of(trainable).map(({ path, shape, offset, size }) => [
        path,
        withScope(path, () => flat.slice([offset, offset + size]).reshape(shape)),
      ]),
    );
  }

  /** Tensors, one for every weight of one sort, as their flat vector. */
  pack(tensors: Readonly<Record<string, Tensor>>, trainable: boolean): Tensor {
    const parts = this.of(trainable).map(({ path, size }) => {
      return (tensors[path] ?? fail(`no tensor for the weight ${path}`)).reshape([size]);
    });
    return parts.length === 1 && parts[0] ? parts[0] : concatenate(parts);
  }

  /** Views of the two flat vectors, by path. They keep the vectors. */
  views(parameters: Float32Array, moving: Float32Array): Record<string, Float32Array> {
    return Object.fromEntries(
      this.weights.map(({ path, trainable, offset, size }) => {
        const whole = trainable ? parameters : moving;
        const view = whole.subarray(offset, offset + size);
        wholes.set(view, whole);
        return [path, view];
      }),
    );
  }

  /** Fills both vectors; each weight from the random numbers of its own path, so that others don't change it. */
  initialize(parameters: Float32Array, moving: Float32Array, seed: number): void {
    const views = this.views(parameters, moving);
    for (const { path, shape, initializer } of this.weights) {
      const values = initializer.values(shape, new HostRandom(seed, hash(path)));
      const bad = values.findIndex((value) => !Number.isFinite(value));
      if (bad >= 0) fail(`the initializer ${initializer.kind} gave ${values[bad]} for ${path}`, "finite numbers");
      views[path]?.set(values);
    }
  }
}

/** A 32-bit number from a text (FNV-1a). */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

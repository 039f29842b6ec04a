import { asTensor, type Tensor, type TensorLike } from "../tensor/index.ts";
import { fail, formatShape, type Shape } from "../util/index.ts";
import type { Layer } from "./layer.ts";

/** Numbers to learn from, the samples first: an array or a tensor, or a stream of them, batch by batch. */
export type AdaptData =
  | TensorLike
  | { readonly data: ArrayLike<number>; readonly shape: Shape }
  | AsyncIterable<AdaptBatch>;

/** One batch of a stream. */
export type AdaptBatch = TensorLike | { readonly data: ArrayLike<number>; readonly shape: Shape };

/** A layer that learns from data before it is put into a model. */
export interface AdaptableLayer<Data = AdaptData> extends Layer {
  /** The same layer with what it learned among its options, from where it is saved with the model. */
  adapt(data: Data): Promise<Layer>;
}

/** Gives a layer the method `adapt`. */
export function adaptable<Data>(layer: Layer, adapt: (data: Data) => Promise<Layer>): AdaptableLayer<Data> {
  return Object.assign(layer, { adapt });
}

/** Numbers of one batch with their shape. */
export interface Batch {
  readonly shape: Shape;
  readonly values: ArrayLike<number>;
}

/** The batches of data, in order; all samples have one shape. */
export async function* batchesOf(kind: string, data: AdaptData): AsyncGenerator<Batch> {
  let sample: string | undefined;
  for await (const part of isStream(data) ? data : [data]) {
    const batch = await batchOf(part);
    const found = formatShape(batch.shape.slice(1));
    if (sample !== undefined && found !== sample)
      fail(`${kind} got samples of shapes ${sample} and ${found}`, "one shape");
    sample = found;
    yield batch;
  }
  if (sample === undefined) fail(`${kind} got no data to adapt to`, "at least one sample");
}

/** What a layer says that has nothing learned yet. */
export function notAdapted(kind: string, instead: string): never {
  fail(`${kind} has learned nothing yet`, `data, or ${instead}`, `const adapted = await layers.${kind}(...).adapt(x)`);
}

async function batchOf(part: AdaptBatch): Promise<Batch> {
  const { data, shape } = (part ?? {}) as { data?: unknown; shape?: unknown };
  if (Array.isArray(shape) && typeof data === "object") return { shape, values: data as ArrayLike<number> };
  const tensor: Tensor = ArrayBuffer.isView(part)
    ? asTensor([...(part as unknown as number[])])
    : asTensor(part as TensorLike);
  return { shape: tensor.shape, values: await tensor.data() };
}

function isStream(data: AdaptData): data is AsyncIterable<AdaptBatch> {
  return typeof data === "object" && data !== null && Symbol.asyncIterator in data;
}

import { asTensor, type Tensor, type TensorLike } from "../tensor/index.ts";
import { fail, formatShape, product, type Shape } from "../util/index.ts";
import type { Layer } from "./layer.ts";

/** Numbers to learn from, the samples first: an array or a tensor, or a stream of them, batch by batch. */
export type AdaptData = TensorLike | AdaptArray | AsyncIterable<AdaptBatch>;

/** One batch of a stream. */
export type AdaptBatch = TensorLike | AdaptArray;

/** Row-major numbers with their shape. */
export interface AdaptArray {
  readonly data: ArrayLike<number>;
  readonly shape: Shape;
  /** Numbers from one sample's start to the next one's, where samples overlap, as windows of a series do. */
  readonly rowStride?: number | undefined;
}

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
  const { data, shape, rowStride } = (part ?? {}) as Partial<AdaptArray>;
  if (Array.isArray(shape) && typeof data === "object") return { shape, values: sideBySide(data, shape, rowStride) };
  const tensor: Tensor = ArrayBuffer.isView(part)
    ? asTensor([...(part as unknown as number[])])
    : asTensor(part as TensorLike);
  return { shape: tensor.shape, values: await tensor.data() };
}

/** The samples without overlap. */
function sideBySide(data: ArrayLike<number>, [rows = 0, ...sample]: Shape, rowStride?: number): ArrayLike<number> {
  const size = product(sample);
  if (rowStride === undefined || rowStride === size) return data;
  return Float64Array.from({ length: rows * size }, (_, i) => data[Math.floor(i / size) * rowStride + (i % size)] ?? 0);
}

function isStream(data: AdaptData): data is AsyncIterable<AdaptBatch> {
  return typeof data === "object" && data !== null && Symbol.asyncIterator in data;
}

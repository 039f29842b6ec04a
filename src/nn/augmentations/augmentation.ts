import { arange, type RandomKey, type Tensor } from "../../tensor/index.ts";

/**
 * Changes a batch at random, differently at every step; only while training. A plain function of the inputs [batch, ...] and a key, and,
 * when the targets change with them, one for these too. A model of several inputs has each changed by the same key.
 */
export interface Augment {
  (x: Tensor, key: RandomKey): Tensor;
  /** The targets [batch, ...] of the samples `x`, from the same key as `x`; left out, they stay. */
  readonly targets?: (y: Tensor, key: RandomKey, x: Tensor) => Tensor;
}

/** For every sample another one of the batch [batch], at a distance drawn for the batch: a batch's order is random itself. */
export function partners(batch: number, key: RandomKey): Tensor {
  const distance = batch > 1 ? key.integers([1], { min: 1, max: batch }) : key.integers([1], { max: 1 });
  const place = distance.add(arange(batch));
  return place.greaterEqual(batch).where(place.sub(batch), place);
}

/** own + (1 - own) of the partner, for values [batch, ...] and shares [batch]. */
export function mixed(values: Tensor, own: Tensor, partner: Tensor): Tensor {
  const x = values.dtype === "float32" ? values : values.cast("float32");
  const other = x.take(partner);
  return other.add(x.sub(other).mul(own.reshape([own.size, ...x.shape.slice(1).map(() => 1)])));
}

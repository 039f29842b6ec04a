import { concatenate, type Tensor } from "../tensor/index.ts";
import { fail, show } from "../util/index.ts";

/** Limits put on gradients before the update; at most one of the three (as in Keras). */
export interface Clipping {
  /** Scales each weight's gradient down so that its own L2 norm is at most this (Keras `clipnorm`). */
  clipNorm?: number | undefined;
  /** Limits every gradient element to [-clipValue, clipValue] (Keras `clipvalue`). */
  clipValue?: number | undefined;
  /** Scales all gradients together so that their common L2 norm is at most this (Pascanu et al., 2013; Keras `global_clipnorm`). */
  globalClipNorm?: number | undefined;
}

/** A weight's place in the flat vector of parameters. */
export interface Segment {
  /** Layer and name, "dense_1/kernel"; in tests it may be missing. */
  readonly path?: string | undefined;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly size: number;
  /** What the weight must fulfill after every update; default none. */
  readonly constraint?: ((weight: Tensor) => Tensor) | undefined;
}

/** Picks the clipping options out of an optimizer's options and checks them. */
export function clippingOf(kind: string, options: Clipping): Clipping {
  const given = (["clipNorm", "clipValue", "globalClipNorm"] as const).filter((name) => options[name] !== undefined);
  if (given.length > 1) {
    fail(`${kind} got ${given.join(" and ")}`, "at most one of clipNorm, clipValue and globalClipNorm");
  }
  const [name] = given;
  if (!name) return {};
  const limit = options[name];
  if (typeof limit !== "number" || !Number.isFinite(limit) || limit <= 0) {
    fail(`${kind}: ${name} is ${show(limit)}`, "a positive number");
  }
  return { [name]: limit };
}

/**
 * Clips the flat gradient of all parameters.
 *
 * @param gradient float32 [parameters].
 * @param segments the weights, in order and without gaps.
 */
export function clipGradient(gradient: Tensor, clipping: Clipping, segments: readonly Segment[]): Tensor {
  const { clipNorm, clipValue, globalClipNorm } = clipping;
  if (clipValue !== undefined) return gradient.clip(-clipValue, clipValue);
  if (globalClipNorm !== undefined) return scaleToNorm(gradient, globalClipNorm);
  if (clipNorm === undefined) return gradient;
  const parts = segments.map(({ offset, size }) => scaleToNorm(gradient.slice([offset, offset + size]), clipNorm));
  return parts.length === 1 && parts[0] ? parts[0] : concatenate(parts, { axis: 0 });
}

/** t * min(1, limit / |t|); a zero gradient stays zero. */
function scaleToNorm(t: Tensor, limit: number): Tensor {
  const norm = t.square().sum().sqrt();
  return t.mul(norm.reciprocal().mul(limit).minimum(1));
}

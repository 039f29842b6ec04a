import * as losses from "./losses/index.ts";
import { customLoss, type Loss, type LossFunction } from "./losses/loss.ts";
import { FactoryRegistry } from "./registry.ts";
import { type Json, madeToJson } from "./serialize.ts";

type Factories = typeof losses;

export type LossName = keyof Factories;

/** A name with options, such as { kind: "huber", delta: 0.5 }. */
export type LossConfig = {
  [K in LossName]: Factories[K] extends (options?: infer Options) => Loss ? { kind: K } & Options : never;
}[LossName];

/** What `loss` in compile accepts: a name, a name with options, losses.huber({...}), or a function of tensors. */
export type LossSpec = LossName | LossConfig | Loss | LossFunction;

export const lossRegistry = new FactoryRegistry<Loss, LossFunction>("loss", losses, customLoss);

/** The built-in losses' names. */
export const lossNames: readonly LossName[] = lossRegistry.names as LossName[];

/**
 * The loss that an option stands for.
 *
 * @example
 * resolveLoss((yTrue, yPred) => yTrue.sub(yPred).square().mean());
 *
 * @throws DescentError for an unknown name (with the nearest known one) or unknown options of it.
 */
export function resolveLoss(spec: LossSpec): Loss {
  return lossRegistry.resolve(spec);
}

/**
 * Names a custom loss, so that models compiled with it can be saved and loaded; returns it.
 *
 * @example
 * const cubic = registerLoss("cubic", (yTrue, yPred) => yTrue.sub(yPred).abs().pow(3));
 */
export function registerLoss(name: string, loss: LossFunction): LossFunction {
  lossRegistry.register(name, loss);
  return loss;
}

/**
 * A loss as JSON: its name and options, which `resolveLoss` takes.
 *
 * @throws DescentError for a custom function that has no registered name.
 */
export function lossToJson(loss: Loss): { readonly kind: string; readonly [name: string]: Json } {
  return madeToJson(loss, lossRegistry, "registerLoss");
}

import { givenTensor, Tensor } from "../tensor/index.ts";
import { fail } from "../util/index.ts";
import {
  type CommonOptions,
  defineOptimizer,
  type Optimizer,
  type UpdateInput,
  type UpdateOutput,
  withDefaults,
} from "./optimizer.ts";

/** What happens to one parameter; answering a tensor alone means that there are no slots. */
export type UpdateFunction<Slot extends string = string> = (input: UpdateInput<Slot>) => Tensor | UpdateOutput<Slot>;

/** Options of {@link custom}. */
export interface CustomOptions<Slot extends string> extends CommonOptions {
  /** Name and initial value of each slot; default none. */
  slots?: Readonly<Record<Slot, number>> | undefined;
  /**
   * Default false: the function sees each weight by itself, in its own shape. True when every element is updated by
   * itself: the function then sees all parameters at once as one flat vector, which is faster.
   */
  elementwise?: boolean | undefined;
}

/**
 * An optimizer from a plain function. Default `learningRate` 0.01 (as `sgd`). A model that uses one is saved without it.
 *
 * @throws DescentError when the function does not answer every slot.
 * @example
 * const signDescent = optimizers.custom(({ parameter, gradient, learningRate }) =>
 *   parameter.sub(gradient.sign().mul(learningRate)));
 */
export function custom<Slot extends string = never>(
  update: UpdateFunction<Slot>,
  options: CustomOptions<Slot> = {},
): Optimizer {
  if (typeof update !== "function") fail(`optimizers.custom got ${typeof update}`, "an update function");
  const all = withDefaults("optimizers.custom", options, { learningRate: 0.01, slots: {}, elementwise: false });
  const slots = (all.slots ?? {}) as Record<Slot, number>;
  return defineOptimizer({
    kind: "custom",
    options: {
      learningRate: all.learningRate,
      clipNorm: all.clipNorm,
      clipValue: all.clipValue,
      globalClipNorm: all.globalClipNorm,
    },
    slots,
    source: "yours",
    reach: all.elementwise === true ? "elements" : "weights",
    update(input) {
      const answer = update(input);
      const isPlain = answer instanceof Tensor || !answer?.parameter;
      const result = isPlain ? { parameter: answer as Tensor, slots: {} as Record<Slot, Tensor> } : answer;
      const { shape } = input.parameter;
      givenTensor(result.parameter, "a custom optimizer", shape);
      for (const name of Object.keys(slots) as Slot[]) {
        if (!result.slots?.[name]) fail(`a custom optimizer did not answer its slot "${name}"`, "{ parameter, slots }");
        givenTensor(result.slots[name], `slot "${name}" of a custom optimizer`, shape);
      }
      return result;
    },
  });
}

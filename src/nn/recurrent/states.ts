import { fail, product } from "../../util/index.ts";
import type { SymbolicTensor } from "../graph.ts";
import { segment } from "../layers/segment.ts";
import { recurrenceOf } from "./recurrence.ts";

/**
 * The output of a recurrent layer with `returnState` taken apart: [output, ...states], such as [y, h, c] of an `lstm`. States can be what
 * another layer begins with, or outputs of the model.
 *
 * @throws DescentError for what no such layer gave.
 * @example
 * const [questions, answers] = [layers.input({ shape: [7, 4] }), layers.input({ shape: [5, 4] })];
 * const [, ...states] = statesOf(layers.lstm(16, { returnState: true })(questions));
 * layers.lstm(16, { returnSequences: true })([answers, ...states]).shape; // [5, 16]
 */
export function statesOf(packed: SymbolicTensor): SymbolicTensor[] {
  const { layer, inputs } = packed.origin;
  const recurrence = recurrenceOf(layer);
  if (!recurrence || layer.options["returnState"] !== true) {
    fail(`statesOf got what a ${layer.kind} layer gave`, "the output of a recurrent layer with returnState: true");
  }
  let start = 0;
  return recurrence.parts(inputs.map(({ shape }) => shape)).map((shape, i) => {
    const part = segment(start, shape, i === 0 && recurrence.returnSequences ? { masked: true } : {})(packed);
    start += product(shape);
    return part;
  });
}

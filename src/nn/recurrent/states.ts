import { concatenate, type Tensor } from "../../tensor/index.ts";
import { fail, product, type Shape } from "../../util/index.ts";
import type { LayerDefinition } from "../definition.ts";
import type { SymbolicTensor } from "../graph.ts";
import { segment } from "../layers/segment.ts";

/** How a layer's output is packed. */
interface Pack {
  /** The first part is a sequence. */
  readonly sequence: boolean;
  /** The shapes of the parts: the output, then every state. */
  parts(inputs: readonly Shape[]): Shape[];
}

const packs = new WeakMap<LayerDefinition, Pack>();

/** Says that a layer gives its output and its states as one list of numbers. */
export function givesStates(definition: LayerDefinition, pack: Pack): void {
  packs.set(definition, pack);
}

/** Output and states as one list of numbers for each sample. */
export function packed(parts: readonly Tensor[]): Tensor {
  const rows = parts.map((part) => part.reshape([part.shape[0] ?? 0, product(part.shape.slice(1))]));
  return concatenate(rows, { axis: 1 });
}

export function packedShape(parts: readonly Shape[]): Shape {
  return [parts.reduce((sum, shape) => sum + product(shape), 0)];
}

/**
 * The output of a recurrent layer with `returnState` taken apart: [output, ...states], such as [y, h, c] of an `lstm`. States can be what
 * another layer begins with, or outputs of the model. Of `bidirectional` come the states of the first direction, then those of the second.
 *
 * @throws DescentError for what no such layer gave.
 * @example
 * const [questions, answers] = [layers.input({ shape: [7, 4] }), layers.input({ shape: [5, 4] })];
 * const [, ...states] = statesOf(layers.lstm(16, { returnState: true })(questions));
 * layers.lstm(16, { returnSequences: true })([answers, ...states]).shape; // [5, 16]
 */
export function statesOf(packed: SymbolicTensor): SymbolicTensor[] {
  const { layer, inputs } = packed.origin;
  const pack = packs.get(layer);
  if (!pack) {
    fail(`statesOf got what a ${layer.kind} layer gave`, "the output of a recurrent layer with returnState: true");
  }
  let start = 0;
  return pack.parts(inputs.map(({ shape }) => shape)).map((shape, i) => {
    const part = segment(start, shape, i === 0 && pack.sequence ? { masked: true } : {})(packed);
    start += product(shape);
    return part;
  });
}

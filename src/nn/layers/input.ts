import type { DType } from "../../tensor/index.ts";
import { checkOptions, fail, type Shape } from "../../util/index.ts";
import { checkWord } from "../checks.ts";
import type { LayerDefinition } from "../definition.ts";
import { SymbolicTensor } from "../graph.ts";
import { checkedName, checkedShape } from "../layer.ts";
import { TEXT_WORDS } from "../texts.ts";

export interface InputOptions {
  /** Shape of one sample, without the batch. */
  shape: Shape;
  /**
   * What the layers receive; default "float32" (Keras). Data of another type is converted. "string": texts, for layers such as `stringLookup`
   * and `hashing`; in the program each is the 64 bits of its hash, so that the symbolic tensor's shape has a last axis of 2.
   */
  dtype?: DType | "string";
  /** Default "input_1" and so on. */
  name?: string;
}

/**
 * Where data enters a model: the symbolic tensor that layers are applied to.
 *
 * @example
 * const image = layers.input({ shape: [28, 28, 1] });
 * const digit = layers.dense(10, { activation: "softmax" })(layers.flatten()(image));
 * const classifier = model({ inputs: image, outputs: digit });
 */
export function input(options: InputOptions): SymbolicTensor {
  checkOptions("input", options, ["shape", "dtype", "name"]);
  const { dtype = "float32", name } = options;
  checkWord("input", "dtype", dtype, ["float32", "int32", "uint32", "uint8", "bool", "string"]);
  const shape = checkedShape("input", options.shape);
  const layer: LayerDefinition = {
    kind: "input",
    ...(name !== undefined && { name: checkedName("input", name) }),
    options: dtype === "float32" ? { shape } : { shape, dtype },
    trainable: true,
    outputShape: () => (dtype === "string" ? [...shape, TEXT_WORDS] : shape),
    weights: () => ({}),
    call: ([x]) => x ?? fail("an input layer was called without a tensor"),
  };
  const origin = { layer, inputs: [] };
  if (dtype === "string") return new SymbolicTensor([...shape, TEXT_WORDS], "uint32", origin);
  return new SymbolicTensor(shape, dtype, origin);
}

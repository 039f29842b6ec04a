import type { Network } from "../../nn/index.ts";
import { type GraphInput, type ModelGraph, type Preprocess, traceModel } from "../trace.ts";
import { graphOrder } from "../unify.ts";
import { Lowering } from "./lowering.ts";
import { RULES } from "./rules/index.ts";
import { ELEMENT, type ElementType, GIVEN, graphProto, HELD, modelProto, valueProto } from "./schema.ts";
import { textsOf, writeTexts } from "./texts.ts";

export interface OnnxOptions {
  /** Done to the inputs before they reach the model, and written with it. */
  readonly preprocess?: Preprocess | undefined;
  /** Texts that the file holds beside the model. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** A network as an ONNX file. */
export function onnxModel(network: Network, { preprocess, metadata = {} }: OnnxOptions): Uint8Array<ArrayBuffer> {
  return onnxFile(network.name, traceModel(network, preprocess), textsOf(network), metadata);
}

/**
 * A graph as an ONNX file, op by op.
 *
 * @param texts that it may compare its inputs with, by their words
 */
export function onnxFile(
  name: string,
  model: ModelGraph,
  texts: ReadonlyMap<string, string> = new Map(),
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const lowering = new Lowering(model, RULES);
  const { graph } = lowering;
  for (const { name } of [...model.inputs, ...model.outputs]) graph.unique(name);
  graph.firstInput = model.inputs[0]?.name ?? "";
  const roots = model.outputs.map(({ node }) => node);
  for (const node of graphOrder(roots, () => false)) {
    const input = model.inputOf(node.traced);
    if (!input || input.isText) continue;
    const held = HELD[input.dtype];
    const name = GIVEN[input.dtype] === held ? input.name : graph.emit("Cast", [input.name], { to: ELEMENT[held] });
    lowering.values.set(node, { name, shape: node.shape });
  }
  writeTexts(model, roots, texts, lowering);
  lowering.run(roots);
  for (const { node, name } of model.outputs) graph.rename(lowering.full(node).name, name);
  const typeOf = ({ dtype, isText }: GraphInput): ElementType => (isText ? "string" : GIVEN[dtype]);
  const proto = graphProto({
    name,
    nodes: graph.nodes,
    initializers: graph.initializers,
    inputs: model.inputs.map((input) => valueProto(input.name, typeOf(input), input.shape)),
    outputs: model.outputs.map(({ name, node }) => valueProto(name, HELD[node.dtype], node.shape)),
  });
  return modelProto(proto, "descent", metadata).finish();
}

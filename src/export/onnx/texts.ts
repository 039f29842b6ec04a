import { type Network, textWords } from "../../nn/index.ts";
import { DescentError, fail, product } from "../../util/index.ts";
import { type Dim, fixedShape } from "../dim.ts";
import type { GraphInput, ModelGraph } from "../trace.ts";
import { type GraphNode, graphOrder } from "../unify.ts";
import { broadcastShape, type Lowering } from "./lowering.ts";

/** One of the two words of an input's texts, under some shape whose repeated axes have the size 1. */
interface Word {
  readonly input: GraphInput;
  readonly word: number;
  readonly shape: readonly Dim[];
}

/**
 * Inside a model a text is the 64 bits of its hash (docs/decisions/016), which ONNX can't compute; but a comparison with known texts it
 * can say by the texts themselves. So input and vocabulary are texts in the file.
 *
 * @throws DescentError naming the layer that needs the hash itself
 */
export function writeTexts(
  model: ModelGraph,
  roots: readonly GraphNode[],
  known: ReadonlyMap<string, string>,
  lowering: Lowering,
): void {
  if (!model.inputs.some(({ isText }) => isText)) return;
  for (const node of graphOrder(roots, () => false)) {
    const [first, second] = node.op === "and" ? node.inputs.map((each) => comparison(each, model)) : [];
    if (!first || !second || first.text.input !== second.text.input || first.text.word === second.text.word) continue;
    const [low, high] = first.text.word === 0 ? [first, second] : [second, first];
    const texts = low.words.map((word, i) => known.get(`${word} ${high.words[i]}`) ?? fail("a text is not known"));
    const { graph } = lowering;
    graph.scope = node.scope;
    const { input, shape } = low.text;
    const given = graph.reshape({ name: input.name, shape: input.shape }, shape);
    const vocabulary = {
      name: graph.initializer({ type: "string", shape: low.shape, data: texts }, "texts"),
      shape: low.shape,
    };
    const name = graph.emit("Equal", [given.name, vocabulary.name]);
    lowering.values.set(node, { name, shape: broadcastShape([given, vocabulary]) });
  }
  for (const node of graphOrder(roots, (node) => lowering.values.has(node))) {
    const hashed = !lowering.values.has(node) && node.inputs.some((input) => model.inputOf(input.traced)?.isText);
    if (hashed) {
      const what = `${node.scope} can't be written as ONNX: it computes with the hash of a text`;
      throw new DescentError(`${what}. Expected a vocabulary: stringLookup with at most one place for unknown texts.`);
    }
  }
}

/** A comparison of one word of texts with known words. */
function comparison(node: GraphNode, model: ModelGraph) {
  if (node.op !== "eq") return undefined;
  for (const [one, other] of [node.inputs, [...node.inputs].reverse()] as [GraphNode, GraphNode][]) {
    const text = wordOf(one, model);
    const words = other.op === "broadcast" ? other.inputs[0]! : other;
    const shape = fixedShape(words.shape);
    if (text && words.constant && shape && product(shape) > 0) {
      return { text, shape, words: [...model.constants.of(words)] };
    }
  }
  return undefined;
}

function wordOf(node: GraphNode, model: ModelGraph): Word | undefined {
  const input = model.inputOf(node.traced);
  if (input) return input.isText ? { input, word: -1, shape: node.shape } : undefined;
  const inner = node.inputs[0] && wordOf(node.inputs[0], model);
  if (!inner) return undefined;
  if (node.op === "broadcast") return inner;
  if (node.op === "reshape") return { ...inner, shape: node.shape };
  const starts = node.attributes["starts"] as readonly number[] | undefined;
  if (node.op !== "slice" || inner.word >= 0 || node.shape.at(-1) !== 1) return undefined;
  return starts?.slice(0, -1).every((start) => start === 0) ? { ...inner, word: starts.at(-1)!, shape: node.shape } : undefined; // biome-ignore format: one line
}

/** All texts in the options of layers, by their two words. */
export function textsOf(network: Network): Map<string, string> {
  const found = new Map<string, string>();
  const collect = (value: unknown): void => {
    if (typeof value === "string") {
      const [low, high] = textWords([value]);
      found.set(`${low} ${high}`, value);
    } else if (typeof value === "object" && value !== null) Object.values(value).forEach(collect);
  };
  for (const { definition } of network.layers) collect(definition.options);
  return found;
}

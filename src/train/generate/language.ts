import { type Growth, growthOf, type Network, type SymbolicTensor } from "../../nn/index.ts";
import { Tensor, type TypedArray } from "../../tensor/index.ts";
import { fail, formatShape, sameShape, show, unknownName } from "../../util/index.ts";
import { type ArrayData, type Column, checkIndices, isShaped, readColumn } from "../column.ts";
import { readTexts } from "../text-column.ts";

/** One sample of each input that does not grow, by name. */
export type GivenInputs = Readonly<Record<string, ArrayData>>;

/** A model that writes: tokens [length] in, scores [length, vocabulary] of the next ones out, and what else it is given. */
export interface Language {
  readonly length: number;
  readonly vocabulary: number;
  /** The input that grows, one of the network's. */
  readonly input: SymbolicTensor;
  /** Tokens that it takes: 0 up to, but not, this. */
  readonly known: number;
  /** What the other inputs hold, by name, one sample each; undefined for the input that grows; in the order of the network's inputs. */
  readonly given: readonly (Column | undefined)[];
  readonly growth: Growth;
}

/**
 * The language of a network, all of whose inputs but one are given.
 *
 * @param where in errors: "generate".
 * @throws DescentError for another model, inputs that are missing, too many, or do not fit.
 */
export async function languageOf(network: Network, inputs: GivenInputs = {}, where: string): Promise<Language> {
  const { inputNames: names } = network;
  if (typeof inputs !== "object" || inputs === null || Array.isArray(inputs)) {
    fail(`${where} got inputs = ${show(inputs)}`, `a record of the inputs by name: ${names.join(", ")}`);
  }
  const unknown = Object.keys(inputs).find((name) => !names.includes(name));
  if (unknown !== undefined) unknownName(`input of ${where}:`, unknown, names);
  const left = names.filter((name) => !Object.hasOwn(inputs, name));
  if (left.length !== 1) {
    fail(
      `${where} got ${Object.keys(inputs).length} of the ${names.length} inputs ${names.join(", ")}`,
      "all but the one that grows",
      names.length > 1 ? `${where}(prompt, { inputs: { ${names[0]}: ... } })` : "leave out the option inputs",
    );
  }
  const index = names.indexOf(left[0] as string);
  const [input, output] = [network.inputs[index] as SymbolicTensor, network.outputs[0] as SymbolicTensor];
  const [[length = 0, ...others], [places, vocabulary = 0]] = [input.shape, output.shape];
  const fits = network.outputs.length === 1 && others.length === 0 && output.shape.length === 2 && places === length;
  if (!fits) {
    fail(
      `${where} on a model from ${formatShape(input.shape)} to ${formatShape(output.shape)}`,
      "one input of tokens, [length], that grows, and one output of scores for the next token at each place, [length, vocabulary]",
    );
  }
  const given = await Promise.all(
    names.map((name, i) =>
      i === index ? undefined : readGiven(network, i, inputs[name] as ArrayData, `${where}: ${name}`),
    ),
  );
  const known = network.lookupOf(input)?.indices ?? vocabulary;
  return { length, vocabulary, input, known, given, growth: growthOf(network.outputs, input) };
}

/** One sample of an input, checked. */
async function readGiven(network: Network, i: number, sample: ArrayData, name: string): Promise<Column> {
  const input = network.inputs[i] as SymbolicTensor;
  const column =
    input.dtype === "uint32" ? readTexts(name, [sample] as ArrayData) : await readColumn(name, rowOf(sample));
  const { rowShape } = column;
  if (!sameShape(rowShape, input.shape)) {
    fail(
      `${name} has the shape ${formatShape(rowShape)}`,
      `one sample of shape ${formatShape(input.shape)}, without the batch`,
    );
  }
  const lookup = network.lookupOf(input);
  if (lookup) await checkIndices(column, lookup);
  return column;
}

/** A sample as an array of one. */
function rowOf(sample: ArrayData): ArrayData {
  if (sample instanceof Tensor) return sample.expandDims(0);
  if (isShaped(sample)) return { data: sample.data, shape: [1, ...sample.shape] };
  if (ArrayBuffer.isView(sample)) {
    const data = sample as unknown as TypedArray;
    return { data, shape: [1, data.length] };
  }
  return [sample] as ArrayData;
}

/**
 * The prompt as a list of whole numbers that the model knows.
 *
 * @throws DescentError for no tokens, and tokens out of range, naming the place.
 */
export function checkedPrompt({ known }: Language, prompt: ArrayLike<number>, where: string): number[] {
  const tokens = Array.from(prompt ?? []);
  if (tokens.length === 0) fail(`${where} got an empty prompt`, "at least one token");
  const bad = tokens.findIndex((token) => !Number.isInteger(token) || token < 0 || token >= known);
  if (bad >= 0) fail(`${where}: token ${bad} of the prompt is ${tokens[bad]}`, `whole numbers from 0 to ${known - 1}`);
  return tokens;
}

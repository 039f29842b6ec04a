import { createLayer, layers, Network, textWords } from "../../src/nn/index.ts";
import { randomKey, type Tensor, tensor, zeros } from "../../src/tensor/index.ts";
import { HostRandom, product } from "../../src/util/index.ts";
import type { LayerSample } from "../nn/layer-samples.ts";

/** Layers whose inputs are texts. */
export const TEXT_LAYERS = ["stringLookup", "hashing", "hashedCrossing"];

const TEXTS = ["red", "blue", "?", ""];

export const titleOf = ({ kind, options, inputs }: LayerSample) =>
  `${kind} ${JSON.stringify(options)} of ${JSON.stringify(inputs)}`;

/** A network of the one layer; its weights and statistics are positive, as variances must be, and all different. */
export function networkOf({ kind, options, inputs }: LayerSample): Network {
  const dtype = TEXT_LAYERS.includes(kind) ? "string" : "float32";
  const symbols = inputs.map((shape) => layers.input({ shape, dtype }));
  const network = new Network({ inputs: symbols, outputs: [createLayer(kind, options)(symbols)] });
  const random = new HostRandom(3);
  for (const values of Object.values(network.getWeights())) {
    values.forEach((_, i) => {
      values[i] = 0.1 + Math.abs(0.4 * random.normal());
    });
  }
  return network;
}

/** What goes into a network: numbers, or texts. */
export type InputData = Float32Array | Int32Array | string[];

/** Data for every input of a network: normal numbers, whole ones where these are looked up, a few texts. */
export function dataFor(network: Network, samples: number, seed = 1): InputData[] {
  const random = new HostRandom(seed);
  return network.inputs.map((input): InputData => {
    const size = samples * product(input.isText ? input.shape.slice(0, -1) : input.shape);
    const whole = network.lookupOf(input);
    if (input.isText) return Array.from({ length: size }, (_, i) => TEXTS[i % TEXTS.length] ?? "");
    if (whole) {
      const values = Array.from({ length: size }, () => Math.floor(random.uniform() * whole.indices));
      return input.dtype === "int32" ? Int32Array.from(values) : Float32Array.from(values);
    }
    return Float32Array.from({ length: size }, () => random.normal());
  });
}

/** What the network itself gives: for each output its numbers. */
export async function outputsOf(
  network: Network,
  data: readonly InputData[],
  samples: number,
): Promise<Float32Array[]> {
  const inputs = network.inputs.map(({ shape }, i): Tensor => {
    const given = data[i] ?? [];
    return tensor(Array.isArray(given) ? textWords(given) : given, { shape: [samples, ...shape] });
  });
  const vector = (values: Float32Array) => (values.length > 0 ? tensor(values) : undefined);
  const { outputs } = network.forward(inputs, vector(network.parameters) ?? zeros([1]), vector(network.moving), {
    training: false,
    key: randomKey(0),
    frozen: vector(network.frozen),
  });
  return Promise.all(outputs.map(async (output) => Float32Array.from(await output.cast("float32").data())));
}

/** The greatest difference, relative to numbers above 1, absolute below; NaN and infinities must be the same. */
export function worstDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [actual[i] ?? 0, expected[i] ?? 0];
    if (Object.is(a, b)) continue;
    const difference = Math.abs(a - b) / Math.max(1, Math.abs(b));
    if (!(difference <= worst)) worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return worst;
}

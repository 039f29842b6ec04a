import { graphOf, type Layer, type LayerDefinition, layers, Network } from "../nn/index.ts";
import { type DType, gradCheck, gradients, randomKey, type Tensor, tensor, zeros } from "../tensor/index.ts";
import { fail, HostRandom, product } from "../util/index.ts";
import type { Numbers, Tolerance } from "./close.ts";
import { checkJob, compare, expectShape } from "./compare.ts";
import type { TestEngine } from "./engines.ts";
import { type CheckedJob, type Computed, mapValues } from "./run.ts";

/** What a layer gives. Gradients are those of sum(output * cotangent) and what it adds to the loss. */
export interface LayerNumbers<N> {
  readonly output: N;
  /** What it adds to the model's loss. */
  readonly loss: N;
  /** One per float input. */
  readonly inputGradients: readonly N[];
  /** One per trainable weight. */
  readonly weightGradients: Readonly<Record<string, N>>;
  /** New values of the weights that the layer itself changes, such as moving means. */
  readonly updates: Readonly<Record<string, N>>;
}

/** A layer, what goes in, and what should come out. */
export interface LayerCase extends Tolerance {
  readonly layer: Layer;
  /** Each with the batch as first axis. */
  readonly inputs: readonly Tensor[];
  /** Which places of the first input's sequences count: bool [batch, places]; default all. */
  readonly mask?: Tensor | undefined;
  /** Values of the weights; default: what their initializers give. */
  readonly weights?: Readonly<Record<string, Tensor>> | undefined;
  /** Default false. */
  readonly training?: boolean | undefined;
  /** Factors of the output's elements in the sum whose gradients are taken; default random. */
  readonly cotangent?: Tensor | undefined;
  /** Numbers from elsewhere (a paper, PyTorch); what is left out is not compared. */
  readonly expected?: Partial<LayerNumbers<Numbers>> | undefined;
  /** Default: all that work here. */
  readonly engines?: readonly TestEngine[] | undefined;
}

/**
 * Everything that must hold for any layer, and the expected numbers: on every engine the output has the announced shape,
 * the same layer made again from its options (as a saved model does) gives the same, samples do not see each other
 * outside of training, engines agree, and gradients are those of difference quotients.
 *
 * @returns the numbers of the first engine.
 * @throws DescentError naming engine, quantity and element.
 * @example
 * await layerCase({ layer: layers.dense(2, { activation: "relu" }), inputs: [tensor([[1, 2, 3]])] });
 */
export async function layerCase(given: LayerCase): Promise<LayerNumbers<Computed>> {
  const numbers = await checkJob(layerJob(given), given.engines, (other, first) => compareNumbers(other, first, given));
  await checkGradients(given);
  return numbers;
}

/**
 * The part of {@link layerCase} that runs on an engine; several may run together.
 *
 * @param laws whether it also holds the layer against itself, made again from its options, and with one sample alone. These are laws of what
 *   the layer computes, not of who computes it, and make the program some three times as long.
 */
export function layerJob(given: LayerCase, laws = true): CheckedJob<LayerNumbers<Computed>> {
  const { inputs, mask, training = false, expected = {} } = given;
  const { definition } = given.layer;
  const samples = inputs.map(({ shape }) => shape.slice(1));
  const specs = definition.weights(samples);
  const shape = [inputs[0]?.shape[0] ?? 0, ...definition.outputShape(samples)];
  const floats = inputs.flatMap(({ dtype }, i) => (dtype === "float32" ? [i] : []));
  const weights = given.weights ?? initial(definition, samples);
  const [names, expectedNames] = [Object.keys(weights).sort().join(), Object.keys(specs).sort().join()];
  if (names !== expectedNames) fail(`${definition.kind} got the weights ${names}`, expectedNames);
  for (const [name, weight] of Object.entries(weights)) expectShape(name, weight.shape, specs[name]?.shape ?? []);
  const trained = Object.keys(weights).filter((name) => specs[name]?.trainable);
  const again = remade(given.layer, inputs);
  const updated = new Set<string>();

  return {
    inputs: {
      ...Object.fromEntries(inputs.map((input, i) => [`input${i}`, input])),
      ...mapKeys(weights, "weight"),
      ...(mask && { mask }),
      cotangent: given.cotangent ?? randomTensor(shape),
    },
    body(given) {
      const x = inputs.map((_, i) => given[`input${i}`] as Tensor);
      const w = mapValues(weights, (_, name) => given[`weight.${name}`] as Tensor);
      const updates: Record<string, Tensor> = {};
      const key = randomKey(0);
      const update = (name: string, value: Tensor) => {
        updates[name] = value;
      };
      const masks = given.mask ? [given.mask] : undefined;
      const losses: Tensor[] = [];
      const addLoss = (loss: Tensor) => void losses.push(loss.mean());
      const context = { training, trainable: true, key, update, addLoss, masks };
      const output = definition.call(x, w, context);
      const loss = losses.reduce((sum, each) => sum.add(each), zeros([]));
      const scalar = output
        .mul(given.cotangent as Tensor)
        .sum()
        .add(loss);
      const wrt = [...floats.map((i) => x[i] as Tensor), ...trained.map((name) => w[name] as Tensor)];
      const slopes = gradients(scalar, wrt);
      for (const name of Object.keys(updates)) updated.add(name);
      const still = {
        training: false,
        trainable: true,
        key,
        addLoss: () => undefined,
        masks,
        update(name: string) {
          if (!specs[name]?.carried) fail(`${definition.kind} updates ${name} outside of training`);
        },
      };
      const numbers = {
        output,
        loss,
        ...Object.fromEntries(floats.map((i, at) => [`inputGradient${i}`, slopes[at] as Tensor])),
        ...Object.fromEntries(trained.map((name, at) => [`gradient.${name}`, slopes[floats.length + at] as Tensor])),
        ...mapKeys(updates, "update"),
      };
      if (!laws) return numbers;
      const inference = definition.call(x, w, still);
      const firstOnly = x.map((each) => each.slice([0, 1]));
      return {
        ...numbers,
        again: again.call(x, w, { ...context, update: () => undefined, addLoss: () => undefined }),
        // A stateful layer knows no other batch.
        ...(definition.stateful === undefined && {
          first: inference.slice([0, 1]),
          alone: definition.call(firstOnly, w, { ...still, masks: masks?.map((each) => each.slice([0, 1])) }),
        }),
      };
    },
    check(results) {
      const result = (name: string) => results[name] as Computed;
      const numbers: LayerNumbers<Computed> = {
        output: result("output"),
        loss: result("loss"),
        inputGradients: floats.map((i) => result(`inputGradient${i}`)),
        weightGradients: Object.fromEntries(trained.map((name) => [name, result(`gradient.${name}`)])),
        updates: Object.fromEntries([...updated].map((name) => [name, result(`update.${name}`)])),
      };
      expectShape("the output", numbers.output.shape, shape);
      compareNumbers(numbers, expected, given);
      for (const [name, value] of Object.entries(numbers.updates))
        expectShape(name, value.shape, specs[name]?.shape ?? []);
      if (laws)
        compare("the output of the layer made again from its options", result("again"), numbers.output.data, given);
      if (results["alone"]) compare("the first sample by itself", result("alone"), result("first").data, given);
      return numbers;
    },
  };
}

function compareNumbers(
  actual: LayerNumbers<Computed>,
  expected: Partial<LayerNumbers<Numbers | Computed>>,
  tolerance: Tolerance,
): void {
  const check = (what: string, found: Computed | undefined, wanted: Numbers | Computed) => {
    if (!found) fail(`there is no ${what}`);
    compare(what, found, isComputed(wanted) ? wanted.data : wanted, tolerance);
  };
  if (expected.output !== undefined) check("output", actual.output, expected.output);
  if (expected.loss !== undefined) check("loss", actual.loss, expected.loss);
  for (const [i, wanted] of (expected.inputGradients ?? []).entries()) {
    check(`gradient of input ${i}`, actual.inputGradients[i], wanted);
  }
  for (const [name, wanted] of Object.entries(expected.weightGradients ?? {})) {
    check(`gradient of ${name}`, actual.weightGradients[name], wanted);
  }
  for (const [name, wanted] of Object.entries(expected.updates ?? {}))
    check(`new ${name}`, actual.updates[name], wanted);
}

function isComputed(numbers: Numbers | Computed): numbers is Computed {
  return typeof numbers === "object" && "data" in numbers;
}

/** Gradients against difference quotients, in float64. */
async function checkGradients({
  layer: { definition },
  inputs,
  mask,
  weights,
  training = false,
}: LayerCase): Promise<void> {
  const samples = inputs.map(({ shape }) => shape.slice(1));
  const values = weights ?? initial(definition, samples);
  const trained = Object.entries(definition.weights(samples)).flatMap(([name, { trainable }]) =>
    trainable ? [name] : [],
  );
  const nothing = () => undefined;
  const masks = mask && [mask];
  const context = { training, trainable: true, key: randomKey(0), update: nothing, addLoss: nothing, masks };
  const call = (...given: Tensor[]) => {
    const own = Object.fromEntries(trained.map((name, i) => [name, given[inputs.length + i] as Tensor]));
    return definition.call(given.slice(0, inputs.length), { ...values, ...own }, context);
  };
  const { passed, detail } = await gradCheck(call, [...inputs, ...trained.map((name) => values[name] as Tensor)]);
  if (!passed) fail(`the gradient of ${definition.kind} is wrong: ${detail}`, "the difference quotient");
}

/** The layer that a saved model with it makes; a lambda stays itself, as a file can't hold it. */
function remade(layer: Layer, inputs: readonly Tensor[]): LayerDefinition {
  if (layer.definition.kind === "lambda") return layer.definition;
  const symbols = inputs.map(({ shape, dtype }) => inputOf(shape.slice(1), dtype, layer.definition.texts));
  const network = new Network({ inputs: symbols, outputs: [layer(symbols)] });
  const { outputs } = graphOf(JSON.parse(JSON.stringify(network.toConfig())));
  return outputs[0]?.origin.layer ?? fail("a network lost its output");
}

/** The input that data of this shape and type go into; texts are given as their words. */
function inputOf(shape: readonly number[], dtype: DType, texts = false) {
  return texts ? layers.input({ shape: shape.slice(0, -1), dtype: "string" }) : layers.input({ shape, dtype });
}

function initial(definition: LayerDefinition, samples: readonly (readonly number[])[]): Record<string, Tensor> {
  const random = new HostRandom(0);
  return mapValues(definition.weights(samples), ({ shape, initializer }) =>
    tensor(Float32Array.from(initializer.values(shape, random)), { shape }),
  );
}

/** Numbers in [-1, 1), the same at every call. */
export function randomTensor(shape: readonly number[], seed = 1): Tensor {
  const random = new HostRandom(seed);
  const values = Float32Array.from({ length: product(shape) }, () => 2 * random.uniform() - 1);
  return tensor(values, { shape });
}

function mapKeys<T>(record: Readonly<Record<string, T>>, prefix: string): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [`${prefix}.${name}`, value]));
}

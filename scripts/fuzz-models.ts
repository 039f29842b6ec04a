// `npm run fuzz:models -- [SECONDS, by default 120] [SEED]`: trains random models for two steps on every engine that is here and compares their
// weights with the reference engine's. Sizes lie around those at which products are packed, cut and shared out in other ways, which the
// small cases of the tests never reach. What differs is printed as it was made; the exit code is then 1.
import { type FitOptions, type Layer, layers, type Model, sequential } from "descent";
import { availableEngines, type TestEngine } from "../src/testing/index.ts";
import { HostRandom, product } from "../src/util/index.ts";

const [seconds = "120", seed = "1"] = process.argv.slice(2);
const random = new HostRandom(Number(seed));
const pick = <T>(choices: readonly T[]): T => choices[random.integer(choices.length)] as T;
const chance = (share: number) => random.uniform() < share;

const SIZES = [
  1, 2, 3, 5, 7, 8, 13, 16, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129, 200, 255, 256, 257, 300, 512, 513, 1000, 1025,
  2000, 4096,
];
const ACTIVATIONS = ["tanh", "sigmoid", "gelu", "linear", "softplus", "swish"] as const;

/** A layer by its function's name and what that is given: JSON, so that it can be printed and made again. */
type Made = readonly [name: string, ...args: unknown[]];

interface Recipe {
  readonly shape: readonly number[];
  readonly rows: number;
  /** Words of an embedding, which whole numbers look up; 0 for numbers. */
  readonly words: number;
  readonly optimizer: Readonly<Record<string, unknown>>;
  readonly network: readonly Made[];
}

const dense = (units = pick([1, 3, 10, 64, 300])): Made => ["dense", units, { activation: pick(ACTIVATIONS) }];

function perceptron(): Pick<Recipe, "shape" | "network"> {
  const network: Made[] = [];
  const inputs = pick(SIZES);
  let last = inputs;
  for (let i = random.integer(4); i >= 0; i--) {
    let units = pick(SIZES);
    while (last * units > 1_200_000) units >>= 1;
    network.push(dense(units));
    if (chance(0.2)) network.push(["layerNormalization"]);
    last = units;
  }
  return { shape: [inputs], network };
}

function pictures(): Pick<Recipe, "shape" | "network"> {
  const network: Made[] = [];
  for (let i = random.integer(3); i >= 0; i--) {
    const filters = pick([2, 4, 8, 16, 24, 34, 64]);
    const own = { padding: "same" };
    network.push(
      pick<Made>([
        ["conv2d", pick([1, filters]), pick([1, 2, 3, 5]), { ...own, strides: pick([1, 1, 2]) }],
        ["conv2d", filters, pick([1, 3]), { ...own, groups: 2 }],
        ["conv2d", filters, 3, { ...own, dilationRate: 2 }],
        ["separableConv2d", filters, pick([2, 3, 5]), own],
        ["depthwiseConv2d", pick([3, 5]), { ...own, depthMultiplier: 2 }],
        ["conv2dTranspose", filters, pick([2, 3, 4]), { ...own, strides: pick([1, 2]) }],
      ]),
      ["activation", pick(ACTIVATIONS)],
    );
    if ((network.at(-2)?.[1] as number) % 2 === 1) break; // no groups of two after an odd number of channels
  }
  network.push([pick(["flatten", "globalAveragePooling2d"])], dense());
  return { shape: [pick([7, 8, 12, 16]), pick([8, 10, 17]), pick([2, 4, 16])], network };
}

function sequence(): Pick<Recipe, "shape" | "network"> {
  const network: Made[] = [];
  for (let i = random.integer(3); i >= 0; i--) {
    network.push(
      pick<Made>([
        ["conv1d", pick([8, 16, 33, 64]), pick([1, 3, 5]), { padding: pick(["same", "causal"]), activation: "tanh" }],
        ["gru", pick([8, 40]), { returnSequences: true }],
        ["lstm", pick([16, 96]), { returnSequences: true }],
      ]),
    );
  }
  network.push(["globalAveragePooling1d"], dense());
  return { shape: [pick([5, 16, 33, 64]), pick([1, 3, 20])], network };
}

function texts(): Pick<Recipe, "shape" | "network" | "words"> {
  const words = pick([50, 1000, 9000, 40_000]);
  const middle = pick<Made>([["gru", 40], ["lstm", pick([32, 200])], ["globalAveragePooling1d"]]);
  return { shape: [pick([3, 12])], words, network: [["embedding", words, pick([4, 33, 64])], middle, dense()] };
}

function recipe(): Recipe {
  const optimizer = pick([
    { kind: "momentum", learningRate: 0.05 },
    { kind: "rmsprop", learningRate: 0.001, epsilon: 1e-2 }, // an epsilon so large that noise of small gradients counts little
    { kind: "adam", learningRate: 0.01, epsilon: 1e-1 },
  ]);
  return { words: 0, rows: pick([1, 1, 2, 3, 8, 17]), optimizer, ...pick([perceptron, pictures, sequence, texts])() };
}

function modelOf({ shape, network, optimizer }: Recipe, engine: TestEngine): Model {
  const makers = new Map<string, unknown>(Object.entries(layers));
  const made = network.map(([name, ...args], i): Layer => {
    const make = makers.get(name) as ((...given: never[]) => Layer) | undefined;
    if (!make) throw new Error(`no layer ${name}`);
    const takesOptions = typeof args.at(-1) === "object";
    const options = { ...(takesOptions ? (args.at(-1) as object) : {}), ...(i === 0 && { inputShape: shape }) };
    return make(...([...(takesOptions ? args.slice(0, -1) : args), options] as never[]));
  });
  return sequential(made, { seed: 3 }).compile({ optimizer: optimizer as never, loss: "meanSquaredError", engine });
}

/** The weight that is furthest from the reference's, where that is more than rounding. */
async function differenceOf(made: Recipe, engines: readonly TestEngine[]): Promise<string | undefined> {
  const { rows, shape, words } = made;
  const size = [rows, ...shape];
  const x = words
    ? { data: Int32Array.from({ length: product(size) }, () => random.integer(words)), shape: size }
    : { data: Float32Array.from({ length: product(size) }, () => random.uniform() * 2 - 1), shape: size };
  const start = modelOf(made, "reference");
  const outputs = [rows, ...(start.outputs[0]?.shape ?? [])];
  const y = { data: Float32Array.from({ length: product(outputs) }, () => random.uniform()), shape: outputs };
  const options: FitOptions = { epochs: 2, batchSize: rows, verbose: 0 };
  const weightsOn = async (engine: TestEngine) => {
    const model = modelOf(made, engine);
    await model.fit(x, y, options);
    return model.getWeights();
  };
  const before = start.getWeights();
  const wanted = await weightsOn("reference");
  for (const engine of engines) {
    const found = await weightsOn(engine);
    for (const [name, right] of Object.entries(wanted)) {
      let [worst, moved] = [0, 0];
      right.forEach((value, i) => {
        const off = Math.abs(value - (found[name]?.[i] ?? Number.NaN));
        worst = off <= worst ? worst : off; // also for NaN
        moved = Math.max(moved, Math.abs(value - (before[name]?.[i] ?? Number.NaN)));
      });
      if (!(worst <= 2e-3 * moved + 3e-6)) return `${name} on ${engine}: off by ${worst}, moved by ${moved}`;
    }
  }
  return undefined;
}

const engines = (await availableEngines()).filter((engine) => engine !== "reference");
const end = performance.now() + 1000 * Number(seconds);
let [count, wrong] = [0, 0];
while (performance.now() < end) {
  const made = recipe();
  const told = await differenceOf(made, engines).catch((error: Error) => error.message.split("\n")[0]);
  count++;
  if (told === undefined) continue;
  wrong++;
  console.log(`${told}\n  ${JSON.stringify(made)}`);
}
console.log(`${count} models on ${engines.join(" and ")} (seed ${seed}): ${wrong} differ from the reference engine`);
process.exitCode = wrong > 0 ? 1 : 0;

import { readFileSync } from "node:fs";
import { characterTokenizer, decodeText } from "descent/text";
import { type Case, gpt, recurrent } from "../suite/cases.ts";
import { between, product } from "../suite/numbers.ts";
import type { TrainingTask, WeightSpec } from "../suite/task.ts";
import { trainingTask } from "../suite/tasks.ts";

/** nanoGPT's published setting for CPUs: train.py config/train_shakespeare_char.py with 4 layers, 4 heads, 128 wide, context 64, batch 12. */
export const SETTING = {
  context: 64,
  batch: 12,
  learningRate: 1e-3,
  leastRate: 1e-4,
  warmup: 100,
  beta2: 0.99,
  weightDecay: 0.1,
} as const;

/** A text as characters, the first nine tenths to learn, and everything random that a training needs, the same for whoever learns it. */
export interface Setting {
  readonly suite: Case;
  readonly task: TrainingTask;
  readonly vocabulary: number;
  readonly steps: number;
  readonly training: Int32Array<ArrayBuffer>;
  readonly validation: Int32Array<ArrayBuffer>;
  /** Where each window of a batch begins, [steps, batch]. */
  readonly starts: Int32Array<ArrayBuffer>;
  /** The learning rate of each step. */
  readonly rates: Float32Array<ArrayBuffer>;
  /** The first ones: of the GPT as Descent draws them, of the LSTM as PyTorch does. */
  readonly weights: Readonly<Record<string, Float32Array>>;
}

export const NETWORKS: Readonly<Record<string, { readonly title: string; build(vocabulary: number): Case["build"] }>> =
  {
    "gpt-mini": {
      title: "GPT, 4 layers, 4 heads, 128 wide",
      build: (vocabulary) => () => gpt(vocabulary, SETTING.context, 4, 4, 128),
    },
    "lstm-char": {
      title: "LSTM, 256 units",
      build: (vocabulary) => () => recurrent(vocabulary, SETTING.context, 128, 256),
    },
  };

export function settingOf(file: string, name: string, steps: number): Setting {
  const { context, batch, learningRate } = SETTING;
  const text = decodeText(readFileSync(file), file);
  const tokenizer = characterTokenizer(text);
  const tokens = tokenizer.encode(text);
  const cut = Math.floor(tokens.length * 0.9);
  const [training, validation] = [Int32Array.from(tokens.subarray(0, cut)), Int32Array.from(tokens.subarray(cut))];
  if (validation.length <= context) throw new Error(`${file} has ${tokens.length} characters, too few to learn from`);
  const network = NETWORKS[name];
  if (!network) throw new Error(`no network ${name}; known: ${Object.keys(NETWORKS).join(", ")}`);
  const build = network.build(tokenizer.size);
  const suite: Case = { name, batch, steps, loss: "crossEntropy", optimizer: { kind: "adamw", learningRate }, build };
  const task = trainingTask(suite);
  const last = training.length - context - 1;
  return {
    suite,
    task,
    vocabulary: tokenizer.size,
    steps,
    training,
    validation,
    starts: Int32Array.from(between(7, steps * batch, 0, last + 1), (start) => Math.min(last, Math.floor(start))),
    rates: Float32Array.from({ length: steps }, (_, step) => rateOf(step, steps)),
    weights: name === "lstm-char" ? recurrentValues(task.weights) : build().getWeights(),
  };
}

/** nanoGPT's: linear warm-up, then half a cosine down to the least rate. */
export function rateOf(step: number, steps: number): number {
  const { learningRate, leastRate, warmup } = SETTING;
  if (step < warmup) return (learningRate * (step + 1)) / (warmup + 1);
  const done = (step - warmup) / Math.max(1, steps - warmup);
  return leastRate + 0.5 * (1 + Math.cos(Math.PI * done)) * (learningRate - leastRate);
}

/** Embeddings normal, kernels uniform up to 1 / sqrt(units), as PyTorch's defaults. Biases, uniform there, begin at 0. */
function recurrentValues(weights: readonly WeightSpec[]): Record<string, Float32Array> {
  return Object.fromEntries(
    weights.map(({ path, shape }, seed) => {
      const size = product(shape);
      if (shape.length < 2) return [path, new Float32Array(size)];
      if (!path.endsWith("/embeddings")) return [path, between(100 + seed, size, -1 / 16, 1 / 16)];
      const [radius, angle] = [between(100, size, 1e-7, 1), between(200, size, 0, 2 * Math.PI)];
      return [path, radius.map((u, i) => Math.sqrt(-2 * Math.log(u)) * Math.cos(angle[i] as number))];
    }),
  );
}

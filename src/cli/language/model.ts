import { layers } from "../../nn/index.ts";
import { type CompileOptions, type Model, sequential } from "../../train/index.ts";
import { checkOptions, fail, unknownName } from "../../util/index.ts";

/** What a language model is made for. */
export interface TextRequest {
  readonly context: number;
  readonly vocabulary: number;
  readonly seed: number;
}

/** A language model as a config names it: { kind: "gpt" } or { kind: "lstm" }, with sizes. */
export type LanguageModelConfig =
  | { kind: "gpt"; blocks?: number; heads?: number; width?: number; dropout?: number }
  | { kind: "lstm"; units?: number; width?: number; layers?: number; dropout?: number };

/** Scores from logits, and AdamW. */
export const LANGUAGE_COMPILE: CompileOptions = {
  optimizer: { kind: "adamw", learningRate: 1e-3 },
  loss: { kind: "sparseCategoricalCrossentropy", fromLogits: true },
};

const MODELS: Readonly<Record<string, (options: Record<string, unknown>, request: TextRequest) => Model>> = {
  /** nanoGPT's shape; the sizes of its published setting for CPUs. */
  gpt(options, { context, vocabulary, seed }) {
    checkOptions("model gpt", options, ["blocks", "heads", "width", "dropout"]);
    const { blocks, heads, width, dropout } = numbersOf(options, { blocks: 4, heads: 4, width: 128, dropout: 0 });
    const block = () =>
      layers.transformerDecoder(4 * width, heads, { activation: "gelu", normalizeFirst: true, dropout });
    return sequential(
      [
        layers.embedding(vocabulary, width, { inputShape: [context] }),
        layers.positionEmbedding(context),
        ...Array.from({ length: blocks }, block),
        layers.layerNormalization({ epsilon: 1e-5 }),
        layers.dense(vocabulary),
      ],
      { seed },
    );
  },
  lstm(options, { context, vocabulary, seed }) {
    checkOptions("model lstm", options, ["units", "width", "layers", "dropout"]);
    const defaults = { units: 256, width: 128, layers: 1, dropout: 0 };
    const { units, width, layers: count, dropout } = numbersOf(options, defaults);
    return sequential(
      [
        layers.embedding(vocabulary, width, { inputShape: [context] }),
        ...Array.from({ length: count }, () => layers.lstm(units, { returnSequences: true, dropout })),
        layers.dense(vocabulary),
      ],
      { seed },
    );
  },
};

/** True of { kind: "gpt" } and its like. */
export function isLanguageModel(value: unknown): value is LanguageModelConfig {
  return typeof value === "object" && value !== null && !Array.isArray(value) && "kind" in value;
}

export function languageModel({ kind, ...options }: LanguageModelConfig, request: TextRequest): Model {
  const make = Object.hasOwn(MODELS, kind) ? MODELS[kind] : undefined;
  return make ? make(options, request) : unknownName("language model", kind, Object.keys(MODELS));
}

function numbersOf<T extends Record<string, number>>(options: Record<string, unknown>, defaults: T): T {
  const all = { ...defaults, ...options };
  for (const [name, value] of Object.entries(all)) {
    if (typeof value !== "number" || !(value >= 0)) fail(`model has ${name} = ${String(value)}`, "a number");
  }
  return all;
}

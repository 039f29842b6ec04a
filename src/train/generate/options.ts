import { checkOptions, fail, show } from "../../util/index.ts";
import type { GivenInputs } from "./language.ts";
import type { Sampling } from "./sample.ts";

/** Options of `generate`. */
export interface GenerateOptions {
  /** Tokens to make; default 100. */
  length?: number | undefined;
  /** Logits are divided by it: below 1 likelier tokens, above 1 more surprising ones; 0 always takes the likeliest. Default 1. */
  temperature?: number | undefined;
  /** Draw from the so many likeliest tokens only; default from all. */
  topK?: number | undefined;
  /** Draw from the likeliest tokens that have this probability together only (Holtzman et al., 2020); default 1, all. */
  topP?: number | undefined;
  /** Logits of tokens that occurred are divided by it, negative ones multiplied (Keskar et al., 2019); default 1, nothing. */
  repetitionPenalty?: number | undefined;
  /** Ends before `length` when one of these comes, which is still given; default none. */
  stop?: readonly number[] | undefined;
  /** The same seed draws the same tokens; default 0. */
  seed?: number | undefined;
  /**
   * Keep keys and values of attention and states of recurrent layers instead of computing all places again; default true. The tokens are
   * the same.
   */
  cache?: boolean | undefined;
  /** Of a model with several inputs, one sample for each but the one that grows, by name, such as the text to translate. */
  inputs?: GivenInputs | undefined;
}

/** Options of `beamSearch`. */
export interface BeamSearchOptions {
  /** Tokens to make; default 20. */
  length?: number | undefined;
  /** Sequences that are kept; default 4. */
  beams?: number | undefined;
  /** Sums of log-probabilities are divided by length ^ this to be compared; default 1 (Hugging Face). */
  lengthPenalty?: number | undefined;
  /** A sequence ends with one of these; default none. */
  stop?: readonly number[] | undefined;
  /** As for `generate`; default true. */
  cache?: boolean | undefined;
  /** As for `generate`. */
  inputs?: GivenInputs | undefined;
}

/** The same with defaults filled in. */
export interface GenerateSettings extends Sampling {
  readonly length: number;
  readonly stop: ReadonlySet<number>;
  readonly seed: number;
  readonly cache: boolean;
}

/** @throws DescentError for unknown options, and numbers out of range. */
export function generateSettings(options: GenerateOptions): GenerateSettings {
  const names = ["length", "temperature", "topK", "topP", "repetitionPenalty", "stop", "seed", "cache", "inputs"];
  checkOptions("generate", options, names);
  const { temperature = 1, topK, topP, repetitionPenalty = 1, seed = 0, cache = true } = options;
  const within = (name: string, value: number, low: number, high: number, what: string) => {
    if (!(value >= low && value <= high)) fail(`generate got ${name} = ${show(value)}`, what);
  };
  within("temperature", temperature, 0, 1e6, "a number from 0");
  if (topK !== undefined) positive("generate", "topK", topK);
  if (topP !== undefined) within("topP", topP, Number.MIN_VALUE, 1, "a number above 0, up to 1");
  within("repetitionPenalty", repetitionPenalty, Number.MIN_VALUE, 1e6, "a positive number");
  if (!Number.isSafeInteger(seed)) fail(`generate got seed = ${show(seed)}`, "an integer");
  const length = positive("generate", "length", options.length ?? 100);
  return { length, temperature, topK, topP, repetitionPenalty, seed, cache, stop: stopOf("generate", options.stop) };
}

/** A positive integer. */
export function positive(where: string, name: string, value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) > 0) return value as number;
  fail(`${where} got ${name} = ${show(value)}`, "a positive integer");
}

/** Tokens at which a sequence ends. */
export function stopOf(where: string, stop: unknown = []): ReadonlySet<number> {
  if (Array.isArray(stop) && stop.every(Number.isInteger)) return new Set(stop as number[]);
  fail(`${where} got stop = ${show(stop)}`, "a list of tokens");
}

import en from "zod/v4/locales/en.js";
import * as z from "zod/v4/mini";
import type { NetworkConfig } from "../../nn/index.ts";
import { DescentError, fail } from "../../util/index.ts";

/** The version of Descent that writes the file; the same as in package.json. */
export const libraryVersion = "0.1.0";

/** Changes when an older Descent could no longer read what is written. */
export const formatVersion = 1;

/** The files of a model folder. */
export const MODEL = "model.json";
export const WEIGHTS = "weights.safetensors";
export const OPTIMIZER = "optimizer.safetensors";

/** A name and options, as the registries take them. */
const named = z.looseObject({ kind: z.string() });

const count = z.int().check(z.nonnegative());

const fileFacts = z.strictObject({
  bytes: count,
  sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
});

const tensorFacts = z.strictObject({
  name: z.string(),
  /** Without the batch. */
  shape: z.array(z.int().check(z.positive())),
  dtype: z.string(),
});

const training = z.strictObject({
  optimizer: named,
  /** One per output, null where it is not trained; so are the rest. */
  losses: z.array(z.nullable(named)),
  lossWeights: z.array(z.nullable(z.number())),
  metrics: z.array(z.array(named)),
  weightedMetrics: z.array(z.array(named)),
  /** Updates done. */
  step: count,
  learningRateFactor: z.number().check(z.positive()),
  /** Left out for float32. */
  precision: z.optional(z.literal("bfloat16")),
});

/** What model.json holds. */
const modelFile = z.strictObject({
  format: z.literal("descent-model"),
  formatVersion: z.literal(formatVersion),
  library: z.strictObject({ name: z.literal("descent"), version: z.string() }),
  /** Checked by graphOf, layer by layer. */
  network: z.custom<NetworkConfig>((value) => typeof value === "object" && value !== null),
  inputs: z.array(tensorFacts).check(z.minLength(1)),
  outputs: z.array(tensorFacts).check(z.minLength(1)),
  parameters: z.strictObject({ trainable: count, moving: count }),
  training: z.nullable(training),
  /** What was done to the data before the model saw it: anything the application wants back. */
  preprocessing: z.json(),
  /** What the classes mean, in order. */
  labels: z.nullable(z.array(z.string())),
  weights: fileFacts,
  optimizer: z.nullable(fileFacts),
});

/** Contents of model.json. */
export type ModelFile = z.infer<typeof modelFile>;

/**
 * Reads model.json.
 *
 * @param path in errors.
 * @throws DescentError for anything else than a model file of this version.
 */
export function parseModelFile(text: string, path: string): ModelFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const cause = (error instanceof Error ? error.message : String(error)).replaceAll(/[\s\p{Cc}]+/gu, " ");
    fail(`${path} is not JSON: ${cause}`, "a model saved by Descent", "save the model again");
  }
  const { format, formatVersion: version, library } = (json ?? {}) as Record<string, unknown>;
  if (format !== "descent-model") fail(`${path} is not a model file`, 'JSON with "format": "descent-model"');
  if (version !== formatVersion) {
    const writer = (library as { version?: unknown } | undefined)?.version;
    const by = typeof writer === "string" ? `, written by Descent ${writer}` : "";
    fail(
      `${path} has format version ${String(version)}${by}`,
      `version ${formatVersion}`,
      `load it with that Descent, or save it again`,
    );
  }
  const checked = checkModelFile(json);
  if ("file" in checked) return checked.file;
  throw new DescentError(`${path} is damaged ${checked.complaint}. Fix: save the model again.`);
}

/** The contents of a model.json, or what is wrong with them: "at weights.bytes: Invalid input...". */
export function checkModelFile(json: unknown): { file: ModelFile } | { complaint: string } {
  const parsed = modelFile.safeParse(json, { error: en().localeError });
  if (parsed.success) return { file: parsed.data };
  const [issue] = parsed.error.issues;
  const where = issue?.path.length ? `at ${issue.path.join(".")}: ` : "";
  return { complaint: `${where}${issue?.message}` };
}

import { z } from "zod";
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

const fileFacts = z.strictObject({
  bytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const tensorFacts = z.strictObject({
  name: z.string(),
  /** Without the batch. */
  shape: z.array(z.int().positive()),
  dtype: z.string(),
});

const training = z.strictObject({
  optimizer: named,
  /** One per output; so are the rest. */
  losses: z.array(named),
  lossWeights: z.array(z.number()),
  metrics: z.array(z.array(named)),
  weightedMetrics: z.array(z.array(named)),
  /** Updates done. */
  step: z.int().nonnegative(),
  learningRateFactor: z.number().positive(),
});

/** What model.json holds. */
export const modelFile = z.strictObject({
  format: z.literal("descent-model"),
  formatVersion: z.literal(formatVersion),
  library: z.strictObject({ name: z.literal("descent"), version: z.string() }),
  /** Checked by graphOf, layer by layer. */
  network: z.custom<NetworkConfig>((value) => typeof value === "object" && value !== null),
  inputs: z.array(tensorFacts).min(1),
  outputs: z.array(tensorFacts).min(1),
  parameters: z.strictObject({ trainable: z.int().nonnegative(), moving: z.int().nonnegative() }),
  training: training.nullable(),
  /** What was done to the data before the model saw it: anything the application wants back. */
  preprocessing: z.json(),
  /** What the classes mean, in order. */
  labels: z.array(z.string()).nullable(),
  weights: fileFacts,
  optimizer: fileFacts.nullable(),
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
    const cause = error instanceof Error ? error.message : String(error);
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
  const parsed = modelFile.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.length ? `at ${issue.path.join(".")}: ` : "";
  throw new DescentError(`${path} is damaged ${where}${issue?.message}. Fix: save the model again.`);
}

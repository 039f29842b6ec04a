import * as z from "zod/v4/mini";
import { sha256 } from "../save/checksum.ts";
import { parse, stringify } from "./json.ts";

const count = z.int().check(z.nonnegative());
const value = z.union([z.number(), z.array(z.number()), z.array(z.array(z.number()))]);

/** What must be the same for a training to go on as if it had never ended. */
const settings = z.strictObject({
  seed: z.int(),
  shuffle: z.boolean(),
  batchSize: count,
  samples: count,
  validationSamples: count,
  /** Of the training data: see `digestOf`. */
  data: z.string(),
  optimizer: z.string(),
  metrics: z.array(z.string()),
});

const record = z.strictObject({
  format: z.literal("descent-checkpoint"),
  formatVersion: z.literal(1),
  library: z.string(),
  engine: z.string(),
  settings,
  /** The epoch to go on with, and its steps that are done. */
  epoch: count,
  stepInEpoch: count,
  /** Updates done. */
  step: count,
  /** Where a stream's next batch begins, within an epoch; null at its beginning, and for arrays. */
  position: z.optional(z.unknown()),
  learningRateFactor: z.number(),
  /** Why the training ended; null while it may go on. */
  reason: z.nullable(z.string()),
  /** Sums over the epoch's steps so far. */
  totals: z.strictObject({ losses: z.array(z.number()), statistics: z.array(z.array(z.number())) }),
  history: z.strictObject({ epochs: z.array(count), values: z.record(z.string(), z.array(value)) }),
  /** The monitored value of the last epoch; null before the first one, or in the middle of an epoch. */
  score: z.nullable(z.number()),
  /** What callbacks remember; their arrays lie in a file of their own. */
  callbacks: z.array(z.strictObject({ name: z.string(), values: z.unknown() })),
  /** Every other file of the checkpoint. */
  files: z.record(z.string(), z.strictObject({ bytes: count, sha256: z.string() })),
});

/** Where a training stands, beside weights and optimizer: what run.json holds. */
export type CheckpointRecord = z.infer<typeof record>;

export type RunSettings = z.infer<typeof settings>;

/** run.json: the record after its checksum. */
export async function encodeRecord(content: CheckpointRecord): Promise<string> {
  const text = stringify(content);
  return `${await checksum(text)}\n${text}\n`;
}

/** The record of a run.json, or what is wrong with it. */
export async function decodeRecord(file: string): Promise<CheckpointRecord | string> {
  const [sum, text = ""] = file.split("\n");
  if (sum !== (await checksum(text))) return "its checksum is wrong";
  const checked = record.safeParse(parse(text));
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  return `${issue?.path.join(".")} is not what this version of Descent writes`;
}

const checksum = (text: string) => sha256([new TextEncoder().encode(text)]);

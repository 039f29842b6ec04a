import { checkOptions, fail, show } from "../../util/index.ts";
import type { MonitorMode } from "../monitor.ts";

/** How often a checkpoint is written; whichever comes first. */
export interface CheckpointPace {
  /** Updates. */
  readonly steps?: number | undefined;
  /** Minutes of the clock; fractions are allowed. */
  readonly minutes?: number | undefined;
  readonly epochs?: number | undefined;
}

/** Checkpoints of a training: what `fit({ checkpoint })` takes besides a folder's name. */
export interface CheckpointOptions {
  /** The folder that keeps them; made when it is missing. A training has one of its own. */
  readonly folder: string;
  /** Default { epochs: 1 } (Keras's ModelCheckpoint). */
  readonly every?: CheckpointPace | undefined;
  /** How many stay: the `last` ones, default 3, and the `best` by `monitor`, default 1. All others are removed. */
  readonly keep?: { readonly last?: number | undefined; readonly best?: number | undefined } | undefined;
  /** The value by which one is better; default "valLoss" with validation data, else "loss". */
  readonly monitor?: string | undefined;
  /** Whether more of it is better; default "auto": by the name. */
  readonly mode?: MonitorMode | undefined;
  /** Go on from the newest whole checkpoint in the folder, or begin when there is none; default false: the folder must have none. */
  readonly resume?: boolean | undefined;
}

/** The same with defaults filled in. */
export interface CheckpointSettings {
  readonly folder: string;
  readonly every: CheckpointPace;
  readonly last: number;
  readonly best: number;
  readonly monitor: string | undefined;
  readonly mode: MonitorMode;
  readonly resume: boolean;
}

/** @throws DescentError for unknown options and values out of range. */
export function checkpointSettings(given: string | CheckpointOptions | undefined): CheckpointSettings | undefined {
  if (given === undefined) return undefined;
  const options = typeof given === "string" ? { folder: given } : given;
  if (typeof options !== "object" || options === null) {
    fail(`fit: checkpoint is ${show(given)}`, 'a folder, or { folder: "runs/first", every: { minutes: 5 } }');
  }
  checkOptions("checkpoint", options, ["folder", "every", "keep", "monitor", "mode", "resume"]);
  const { folder, every = { epochs: 1 }, keep = {}, monitor, mode = "auto", resume = false } = options;
  if (typeof folder !== "string" || folder === "") fail(`checkpoint: folder is ${show(folder)}`, "a folder's name");
  checkOptions("checkpoint.every", every, ["steps", "minutes", "epochs"]);
  const paces = Object.entries(every).filter(([, value]) => value !== undefined);
  if (paces.length === 0) fail("checkpoint: every is empty", "steps, minutes or epochs, such as { minutes: 5 }");
  for (const [name, value] of paces) {
    const fits = name === "minutes" ? Number.isFinite(value) && Number(value) > 0 : isCount(value, 1);
    if (!fits)
      fail(`checkpoint: every.${name} is ${show(value)}`, name === "minutes" ? "a number above 0" : "1 or more");
  }
  checkOptions("checkpoint.keep", keep, ["last", "best"]);
  const { last = 3, best = 1 } = keep;
  if (!isCount(last, 1)) fail(`checkpoint: keep.last is ${show(last)}`, "a whole number of at least 1");
  if (!isCount(best, 0)) fail(`checkpoint: keep.best is ${show(best)}`, "a whole number, 0 or more");
  if (!["min", "max", "auto"].includes(mode)) fail(`checkpoint: mode is ${show(mode)}`, '"min", "max" or "auto"');
  if (typeof resume !== "boolean") fail(`checkpoint: resume is ${show(resume)}`, "true or false");
  return { folder, every, last, best, monitor, mode, resume };
}

function isCount(value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least;
}

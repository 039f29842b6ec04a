import { join, parse } from "node:path";
import type { Precision } from "../../tensor/index.ts";
import type { Callback } from "../../train/index.ts";
import { fail } from "../../util/index.ts";
import { fromFolder } from "../data/samples.ts";
import { gitState } from "../runs/environment.ts";

/** What a training leaves behind for people while it lasts; a config's `records`, or options of the command. */
export interface RecordOptions {
  /** A folder of events for TensorBoard. */
  tensorBoard?: string | undefined;
  /** A file with a row for every epoch. */
  csv?: string | undefined;
  /** A file with a line of JSON for every epoch. */
  jsonLines?: string | undefined;
  /** The address of an MLflow tracking server, or also the experiment's and the run's name. */
  mlflow?: string | { url?: string | undefined; experiment?: string | undefined; run?: string | undefined } | undefined;
}

/** The options of the command that say the same. */
export interface RecordArguments {
  tensorboard?: string;
  csv?: string;
  jsonl?: string;
  mlflow?: string;
  experiment?: string;
}

/** Options of every form of `descent train`. */
export interface TrainingArguments extends RecordArguments {
  output?: string;
  epochs?: number;
  seed?: number;
  quiet?: boolean;
  resume?: boolean;
  precision?: Precision;
}

/** Options of the command go before a config's. */
export function recordOptions(
  { tensorboard, csv, jsonl, mlflow, experiment }: RecordArguments,
  given: RecordOptions = {},
  folder: string = process.cwd(),
): RecordOptions {
  const path = (name: string | undefined) => (name === undefined ? undefined : fromFolder(folder, name));
  const server = typeof given.mlflow === "string" ? { url: given.mlflow } : given.mlflow;
  const asked = mlflow !== undefined || experiment !== undefined || server !== undefined;
  return {
    tensorBoard: tensorboard ?? path(given.tensorBoard),
    csv: csv ?? path(given.csv),
    jsonLines: jsonl ?? path(given.jsonLines),
    ...(asked && {
      mlflow: {
        ...server,
        ...(mlflow !== undefined && { url: mlflow }),
        ...(experiment !== undefined && { experiment }),
      },
    }),
  };
}

/** What is recorded of one of several networks: files, folders and a run of its own. */
export function recordOptionsOf(options: RecordOptions, network: number, run: string): RecordOptions {
  const { tensorBoard, csv, jsonLines, mlflow } = options;
  const label = `network-${network}`;
  const beside = (path: string) => {
    const { dir, name, ext } = parse(path);
    return join(dir, `${name}-${label}${ext}`);
  };
  const server = typeof mlflow === "string" ? { url: mlflow } : mlflow;
  return {
    tensorBoard: tensorBoard && join(tensorBoard, label),
    csv: csv && beside(csv),
    jsonLines: jsonLines && beside(jsonLines),
    ...(server && { mlflow: { ...server, run: `${server.run ?? run}-${label}` } }),
  };
}

/** What is told of a run besides its losses. */
export interface RecordedRun {
  readonly name: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** Callbacks that write the records; a training that asks for none loads nothing. */
export async function recordCallbacks(options: RecordOptions, { name, parameters }: RecordedRun): Promise<Callback[]> {
  const { tensorBoard: folder, csv, jsonLines: lines, mlflow: server } = options;
  if (folder === undefined && csv === undefined && lines === undefined && server === undefined) return [];
  const { csvLog, jsonLines, mlflow, tensorBoard } = await import("../../records/index.ts");
  const flat = flatten(parameters);
  const made: Callback[] = [];
  if (folder !== undefined) made.push(tensorBoard(folder, { hyperparameters: flat, histogramEvery: 1 }));
  if (csv !== undefined) made.push(csvLog(csv));
  if (lines !== undefined) made.push(jsonLines(lines));
  if (server !== undefined) {
    const { url, experiment, run = name } = typeof server === "string" ? { url: server } : server;
    if (url === undefined && !process.env["MLFLOW_TRACKING_URI"]) {
      fail("an experiment was named and no server", "--mlflow URL, or the variable MLFLOW_TRACKING_URI");
    }
    const git = await gitState(process.cwd());
    const tags = git ? { "mlflow.source.git.commit": git.commit } : undefined;
    made.push(mlflow({ url, experiment, run, parameters: flat, tags }));
  }
  return made;
}

/** Settings as one level of names and plain values: "fit.epochs". */
export function flatten(
  values: Readonly<Record<string, unknown>>,
  before = "",
): Record<string, string | number | boolean> {
  const flat: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(values)) {
    const path = before === "" ? name : `${before}.${name}`;
    if (typeof value === "number" || typeof value === "boolean" || typeof value === "string") flat[path] = value;
    else if (Array.isArray(value)) flat[path] = JSON.stringify(value);
    else if (typeof value === "object" && value !== null)
      Object.assign(flat, flatten(value as Record<string, unknown>, path));
  }
  return flat;
}

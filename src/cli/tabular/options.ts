import { type PrepareOptions, TABLE_TASKS, type TableTask } from "../../tabular/index.ts";
import { EXIT, refuse } from "../exit.ts";
import type { TrainingArguments } from "../training/records.ts";

/** Options of `descent train FILE --target COLUMN`. */
export interface TrainTableArguments extends TrainingArguments {
  target?: string[];
  task?: string;
  ignore?: string[];
  type?: string[];
  timeColumn?: string;
  header?: boolean;
  delimiter?: string;
  charset?: string;
  sql?: string;
  table?: string;
  scale?: string[];
  encode?: string[];
  fill?: string[];
  outliers?: string;
  indicators?: boolean;
  unknown?: string[];
  resample?: string;
  testSize?: number;
  keepDuplicates?: boolean;
  pieces?: number;
  networks?: number;
  balance?: boolean;
  memory?: number;
}

/** The task that --task names. */
export function taskNamed(task: string | undefined): TableTask | undefined {
  if (task === undefined) return undefined;
  return TABLE_TASKS.find((each) => each === task) ?? refuse(EXIT.usage, `--task is ${task}`, TABLE_TASKS.join(", "));
}

/** What the command's options say of the preparation. */
export function prepareOptions(options: TrainTableArguments, seed: number): PrepareOptions {
  const { target, task, ignore, type, timeColumn, header, delimiter, sql, table, testSize, keepDuplicates, memory } =
    options;
  if (target === undefined || target.length === 0)
    refuse(EXIT.usage, "no target was named", "--target COLUMN: what is to be predicted");
  const types = (type ?? []).map((pair) => {
    const at = pair.lastIndexOf("=");
    return at > 0
      ? [pair.slice(0, at), pair.slice(at + 1)]
      : refuse(EXIT.usage, `--type is ${pair}`, "NAME=TYPE, such as zip=categorical");
  });
  const given: Record<string, unknown> = {
    target: target.length === 1 ? target[0] : target,
    task: taskNamed(task),
    ignore,
    timeColumn,
    delimiter,
    charset: options.charset,
    sql,
    table,
    testSize,
    keepDuplicates,
    memory,
    seed,
  };
  for (const [option, values] of Object.entries({
    scaling: options.scale,
    encoding: options.encode,
    fill: options.fill,
  })) {
    if (values) given[option] = wayOption(option, values);
  }
  if (options.unknown) given["unknown"] = unknownNumbers(options.unknown);
  if (options.pieces !== undefined) given["pieces"] = checkedPieces(options.pieces);
  if (options.resample !== undefined) given["resample"] = options.resample;
  if (options.outliers !== undefined) given["outliers"] = options.outliers;
  if (options.indicators === false) given["indicators"] = false;
  if (types.length > 0) given["types"] = Object.fromEntries(types);
  if (header === false) given["header"] = false;
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as unknown as PrepareOptions;
}

function checkedPieces(pieces: number): number {
  const fits = pieces === 0 || (pieces >= 2 && pieces <= 64);
  return fits ? pieces : refuse(EXIT.usage, `--pieces is ${pieces}`, "a whole number from 2 to 64, or 0 for none");
}

/** "age=999" and "age=-1" as { age: [999, -1] }. */
function unknownNumbers(pairs: readonly string[]): Record<string, number[]> {
  const found: Record<string, number[]> = Object.create(null);
  for (const pair of pairs) {
    const at = pair.lastIndexOf("=");
    const value = Number(pair.slice(at + 1));
    if (at < 1 || at + 1 === pair.length || !Number.isFinite(value))
      refuse(EXIT.usage, `--unknown is ${pair}`, "NAME=NUMBER, such as age=999");
    const name = pair.slice(0, at);
    found[name] = [...(found[name] ?? []), value];
  }
  return { ...found };
}

/** "robust", or "area=robust" of several columns; "size=S,M,L" is an order of words. */
function wayOption(option: string, values: readonly string[]): unknown {
  const [first = ""] = values;
  if (!values.some((value) => value.includes("="))) {
    return values.length === 1
      ? first
      : refuse(EXIT.usage, `${values.length} ways of ${option}`, "one, or NAME=WAY for each");
  }
  return Object.fromEntries(
    values.map((value) => {
      const at = value.lastIndexOf("=");
      if (at < 1) refuse(EXIT.usage, `${value} beside ${option} of columns`, "NAME=WAY for each");
      const way = value.slice(at + 1);
      return [value.slice(0, at), way.includes(",") ? way.split(",").map((word) => word.trim()) : way];
    }),
  );
}

import { appendFile, mkdir, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Callback, EpochEndEvent } from "../train/index.ts";
import { checkOptions, fail } from "../util/index.ts";

/** Options of {@link csvLog} and {@link jsonLines}. */
export interface LinesOptions {
  /** Keep the lines that are there and add to them; default false: begin anew (Keras's CSVLogger). */
  append?: boolean | undefined;
}

/** What an epoch came to, in the order of columns. */
function recordOf({ training, epoch, logs, seconds }: EpochEndEvent): Record<string, unknown> {
  return { epoch: epoch + 1, step: training.step, seconds, learningRate: training.learningRate, ...logs };
}

/** Writes a line per epoch; `lines` makes them, a heading first where one is needed. */
function logger(
  name: string,
  path: string,
  options: LinesOptions,
  lines: (record: Record<string, unknown>, isFirst: boolean) => string,
): Callback {
  checkOptions(name, options, ["append"]);
  const { append = false } = options;
  let isFirst = true;
  const written = async (work: () => Promise<unknown>) => {
    await work().catch((error: Error) =>
      fail(`${path} could not be written: ${error.message}`, "a folder that can be written"),
    );
  };
  return {
    async onTrainBegin() {
      await written(async () => {
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, "", { flag: append ? "a" : "w" });
        isFirst = (await stat(path)).size === 0;
      });
    },
    async onEpochEnd(event) {
      await written(() => appendFile(path, lines(recordOf(event), isFirst)));
      isFirst = false;
    },
  };
}

/**
 * A line of JSON for every epoch: epoch (from 1), step, seconds, learningRate, and all losses and metrics.
 *
 * @throws DescentError when the file can't be written.
 * @example
 * await model.fit(x, y, { epochs: 3, callbacks: [jsonLines("run.jsonl")] });
 */
export function jsonLines(path: string, options: LinesOptions = {}): Callback {
  return logger("jsonLines", path, options, (record) => `${JSON.stringify(record)}\n`);
}

/**
 * A CSV file with a row for every epoch (Keras's CSVLogger): epoch (from 1), step, seconds, learningRate, and all losses and metrics that are
 * numbers, under the names of the first epoch.
 *
 * @throws DescentError when the file can't be written.
 * @example
 * await model.fit(x, y, { epochs: 3, callbacks: [csvLog("run.csv")] });
 */
export function csvLog(path: string, options: LinesOptions = {}): Callback {
  let columns: readonly string[] | undefined;
  return logger("csvLog", path, options, (record, isFirst) => {
    columns ??= Object.keys(record).filter((name) => typeof record[name] === "number");
    const row = columns.map((name) => String(record[name] ?? "")).join(",");
    return isFirst ? `${columns.map(quoted).join(",")}\n${row}\n` : `${row}\n`;
  });
}

function quoted(name: string): string {
  return /[",\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}

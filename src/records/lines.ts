import { appendFile, mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Callback, EpochEndEvent } from "../train/index.ts";
import { checkOptions, fail } from "../util/index.ts";
import { writeFileAtomic } from "../util/node.ts";

/** Options of {@link csvLog} and {@link jsonLines}. */
export interface LinesOptions {
  /**
   * Keep the lines that are there and add to them; default false: begin anew (Keras's CSVLogger). A training that goes on from a checkpoint always
   * goes on with its file.
   */
  append?: boolean | undefined;
}

/** What an epoch came to, in the order of columns. */
function recordOf({ training, epoch, logs, seconds }: EpochEndEvent): Record<string, unknown> {
  return { epoch: epoch + 1, step: training.step, seconds, learningRate: training.learningRate, ...logs };
}

/** Without a last line that was cut off while it was written. */
function wholeLines(text: string): string {
  return text.slice(0, text.lastIndexOf("\n") + 1);
}

/** What a training that goes on after so many epochs keeps: lines of later ones, which come again, are taken from the end. */
function upTo(text: string, epochs: number): string {
  const lines = wholeLines(text).split("\n").slice(0, -1);
  const epochOf = (line: string) => Number(/^(?:\{"epoch":)?(\d+)[,}]/.exec(line)?.[1] ?? 0);
  while (lines.length > 0 && epochOf(lines.at(-1) as string) > epochs) lines.pop();
  return lines.map((line) => `${line}\n`).join("");
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
  let isReady = false;
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
        await appendFile(path, "");
      });
    },
    async onEpochBegin({ training, epoch }) {
      if (isReady) return;
      isReady = true;
      await written(async () => {
        const before = await readFile(path, "utf8");
        const kept = training.resumed ? upTo(before, epoch) : append ? wholeLines(before) : "";
        if (kept !== before) await writeFileAtomic(path, kept);
        isFirst = kept === "";
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

import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { CONTESTANTS, node, OF_PRECISION } from "../contest/contestants.ts";
import { toJson } from "../contest/json.ts";
import {
  formatErrors,
  formatPeaks,
  formatVectorPeaks,
  geometricMeans,
  HEADER,
  rowsOf,
  WIDTHS,
} from "../contest/report.ts";
import { type Host, startRival } from "../contest/rival.ts";
import { type Competitor, measure, type Result } from "../contest/rounds.ts";
import { digits, formatTable } from "../format.ts";
import { betterPeaks, measurePeak, type Peaks } from "../machine/peak.ts";
import { type CompareOptions, chosen } from "../options.ts";
import { installPeers } from "../peers/install.ts";
import type { Task } from "../suite/task.ts";

/** The contestants asked for, of those that can do anything here; Descent first. */
function entering(options: CompareOptions, able: readonly string[]): string[] {
  const peers = able.filter((key) => key !== able[0]);
  const names = options.with?.filter((name) => name !== "" && name !== able[0]);
  return [...able.slice(0, 1), ...chosen(names, peers, (key) => key)];
}

async function start(host: Host, keys: readonly string[], threads: number): Promise<Competitor[]> {
  const needs = keys.some((key) => CONTESTANTS[key]?.installed);
  const missing = needs ? installPeers() : undefined;
  const competitors: Competitor[] = [];
  for (const key of keys) {
    const entrant = CONTESTANTS[key];
    if (!entrant) throw new Error(`no contestant ${key}`);
    const { title, limits, installed } = entrant;
    const rounded = OF_PRECISION["bfloat16"]?.includes(key) ?? false;
    const rival =
      installed && missing
        ? { reason: missing }
        : await startRival(() => host.open(key, threads), limits).catch((error: Error) => ({ reason: error.message }));
    competitors.push({ key, title, rounded, rival });
  }
  return competitors;
}

const wordsOf = ({ rival }: Competitor) =>
  "reason" in rival
    ? `left out: ${rival.reason}`
    : `${rival.hello.version}, ${rival.hello.threads} thread${rival.hello.threads > 1 ? "s" : ""}: ${rival.hello.note}`;

/** Contestants side by side in some tasks, with what the machine can do measured before and after. */
export async function compare(
  tasks: readonly Task[],
  able: readonly string[],
  options: CompareOptions,
  host: Host = node,
): Promise<Result[]> {
  const { threads, blocks } = options;
  const wanted = chosen(options.case, tasks, ({ name }) => name);
  const keys = entering(options, able);
  console.log(
    `${cpus()[0]?.model ?? "unknown processor"}, ${cpus().length} cores, ${host.name}; load before: ${(loadavg()[0] ?? 0).toFixed(1)}`,
  );
  const before = measurePeak(threads);
  const competitors = await start(host, keys, threads);
  const results: Result[] = [];
  try {
    for (const each of competitors) console.log(`${each.title}: ${wordsOf(each)}`);
    console.log(
      `Median (least-most) of ${blocks} blocks, in turns; "takes": that many times as long as Descent in the same round\n`,
    );
    const patience = options.wait ? {} : { waitMs: 0, repeats: 1 };
    const peak = typeof before === "string" ? undefined : before.all;
    console.log(formatTable([HEADER], WIDTHS));
    for (const task of wanted) {
      const progress = (words: string) => {
        if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${words}`);
      };
      const said = (title: string) => progress(`${task.name}: ${title}...`);
      const result = await measure(task, competitors, blocks, { ...patience, said });
      progress("");
      results.push(result);
      const rows = rowsOf(result, peak);
      if (rows.length > 0) console.log(formatTable(rows, WIDTHS));
    }
  } finally {
    for (const { rival } of competitors) if (!("reason" in rival)) await rival.stop();
  }
  const after = typeof before === "string" ? before : measurePeak(threads);
  const peaks: Peaks | string =
    typeof before === "string" || typeof after === "string" ? String(before) : betterPeaks(before, after);
  const whole = typeof peaks === "string" ? undefined : peaks;
  const means = geometricMeans(results);
  if (means.length > 0) {
    const said = means.map(({ title, mean }) => `${title} ${digits(mean)}x`).join(", ");
    console.log(`\nGeometric mean without mlp-tiny: ${said}`);
  }
  const vectors = keys.includes("descent-wasm") ? await host.vectorPeaks(threads) : undefined;
  if (vectors) console.log(`\n${formatVectorPeaks(vectors.all, threads, results)}`);
  const errors = formatErrors(results);
  if (errors.length > 0) console.log(`\n${errors.join("\n")}`);
  console.log(`\n${whole ? formatPeaks(whole).join("\n") : peaks}`);
  if (options.json) {
    const contestants = Object.fromEntries(competitors.map((each) => [each.key, wordsOf(each)]));
    const json = toJson({ host: host.name, threads, peaks, contestants, results });
    writeFileSync(options.json, `${JSON.stringify(json, null, 2)}\n`);
  }
  return results;
}

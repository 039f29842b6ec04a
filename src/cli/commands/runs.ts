import { stat } from "node:fs/promises";
import { unknownName } from "../../util/index.ts";
import { EXIT, type ExitCode, part, refuse } from "../exit.ts";
import { formatMetric, formatSeconds, metricTitle } from "../format.ts";
import { type FoundRun, runAt, runsIn } from "../runs/list.ts";
import { paint, table } from "../terminal/index.ts";
import { flatten } from "../training/records.ts";

export interface RunsOptions {
  sort?: string;
  json?: boolean;
}

/** Metrics of which less is better. */
const FALLS = /loss|error|brier|perplexity|seconds/i;
/** Columns of figures; more do not fit beside each other. */
const MOST_METRICS = 5;

/** `descent runs`: the runs of a folder, one a line, the best or the last one first. */
export async function runsCommand(folder: string, { sort, json }: RunsOptions): Promise<ExitCode> {
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory()) refuse(EXIT.data, `there is no folder ${folder}`, "a folder of runs, such as runs");
  const runs = await runsIn(folder);
  if (runs.length === 0) refuse(EXIT.data, `${folder} holds no runs`, "folders that descent train wrote");
  const names = metricNames(runs);
  const sorted = sort === undefined ? runs : await sortedBy(runs, sort, names);
  if (json) {
    console.log(JSON.stringify(sorted.map(asJson), null, 2));
    return EXIT.ok;
  }
  const shown = names
    .filter((name) => name !== sort)
    .slice(0, sort !== undefined && names.includes(sort) ? MOST_METRICS - 1 : MOST_METRICS);
  if (sort !== undefined && names.includes(sort)) shown.unshift(sort);
  const rows = sorted.map((run) => [
    run.name,
    run.record.started.slice(0, 16).replace("T", " "),
    run.status === "finished" ? run.status : paint(run.status, "yellow"),
    run.record.source,
    ...shown.map((name) => (name in run.metrics ? formatMetric(name, run.metrics[name] as number) : "")),
    run.seconds === undefined ? "" : formatSeconds(run.seconds),
    run.record.seed,
  ]);
  const left = (title: string) => ({ title, align: "left" as const });
  const columns = [
    left("run"),
    left("began (UTC)"),
    left("status"),
    left("trained on"),
    ...shown.map((name) => ({ title: metricTitle(name) })),
    { title: "time" },
    { title: "seed" },
  ];
  console.log(table({ columns, rows }));
  return EXIT.ok;
}

/** `descent runs compare`: what differs between runs, settings first, then what they came to. */
export async function compareCommand(folders: readonly string[], { json }: RunsOptions): Promise<ExitCode> {
  if (folders.length < 2) refuse(EXIT.usage, "one run was named", "two or more folders of runs");
  const runs = await Promise.all(
    folders.map(async (folder) => {
      const run = (await runAt(folder, folder)) ?? (await runAt(`runs/${folder}`, folder));
      return run ?? refuse(EXIT.data, `${folder} holds no run`, "a folder that descent train wrote");
    }),
  );
  const settings = runs.map(({ record }) => {
    const { kind, source, seed, environment, git } = record;
    return flatten({ kind, source, seed, ...record.settings, environment, git });
  });
  const differing = names(settings).filter((name) => new Set(settings.map((each) => each[name])).size > 1);
  const metrics = metricNames(runs);
  if (json) {
    const of = (values: readonly Record<string, unknown>[], list: readonly string[]) =>
      Object.fromEntries(list.map((name) => [name, values.map((each) => each[name] ?? null)]));
    const figures = of(
      runs.map((run) => run.metrics),
      metrics,
    );
    console.log(JSON.stringify({ runs: folders, differing: of(settings, differing), metrics: figures }, null, 2));
    return EXIT.ok;
  }
  const columns = [{ title: "", align: "left" as const }, ...runs.map(({ name }) => ({ title: name }))];
  const cell = (value: unknown) => (value === undefined ? "-" : String(value));
  const settingRows = differing.map((name) => [name, ...settings.map((each) => cell(each[name]))]);
  console.log(settingRows.length > 0 ? table({ columns, rows: settingRows }) : "All settings are the same.");
  const metricRows = metrics.map((name) => [metricTitle(name), ...bestMarked(name, runs)]);
  const rest = [
    ["status", ...runs.map(({ status }) => status)],
    ["training time", ...runs.map(({ seconds }) => (seconds === undefined ? "-" : formatSeconds(seconds)))],
  ];
  console.log(`\n${table({ columns, rows: [...metricRows, ...rest] })}`);
  return EXIT.ok;
}

/** The figures of a metric, the best one in bold; where the terminal has no bold, with a star. */
function bestMarked(name: string, runs: readonly FoundRun[]): string[] {
  const values = runs.map(({ metrics }) => metrics[name]);
  const known = values.filter((value): value is number => value !== undefined);
  const best = FALLS.test(name) ? Math.min(...known) : Math.max(...known);
  const isTie = known.every((value) => value === best);
  return values.map((value) => {
    if (value === undefined) return "-";
    const text = formatMetric(name, value);
    return value === best && !isTie ? paint(`* ${text}`, "bold") : text;
  });
}

async function sortedBy(runs: readonly FoundRun[], sort: string, known: readonly string[]): Promise<FoundRun[]> {
  const all = [...known, "started", "seconds", "name"];
  if (!all.includes(sort)) await part(EXIT.usage, () => unknownName("metric to sort by:", sort, all));
  if (sort === "name") return [...runs].sort((a, b) => a.name.localeCompare(b.name));
  if (sort === "started") return [...runs];
  const figureOf = (run: FoundRun) => (sort === "seconds" ? run.seconds : run.metrics[sort]);
  const direction = FALLS.test(sort) ? 1 : -1;
  const last = Number.POSITIVE_INFINITY; // runs without the figure come after all others
  const key = (run: FoundRun) => direction * (figureOf(run) ?? direction * last);
  return [...runs].sort((a, b) => key(a) - key(b) || 0);
}

function metricNames(runs: readonly FoundRun[]): string[] {
  return names(runs.map(({ metrics }) => metrics));
}

function names(records: readonly Readonly<Record<string, unknown>>[]): string[] {
  return [...new Set(records.flatMap((record) => Object.keys(record)))];
}

function asJson({ name, folder, status, metrics, seconds, record }: FoundRun): object {
  return { name, folder, status, metrics, seconds: seconds ?? null, ...recordOf(record) };
}

function recordOf({ kind, source, seed, settings, started, ended, environment, git }: FoundRun["record"]): object {
  return { kind, source, seed, settings, started, ended, environment, git };
}

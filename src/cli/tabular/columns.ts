import type { ColumnProfile, PreparedTable } from "../../tabular/index.ts";
import { groupDigits, percent } from "../format.ts";
import { table } from "../terminal/index.ts";
import { targetNames } from "./report.ts";

/** Columns from which on neighbours of one type share a line. */
const MANY = 40;

/** Lines of columns that are shown; of those beyond, how many there are of each type. */
const LINES = 60;

/** What every column was understood as; of many, neighbours of one type in a line, and only the first lines and the target. */
export function columnsTable({ profiles, recipe }: Pick<PreparedTable, "profiles" | "recipe">): string {
  const targets = targetNames(recipe);
  const typeOf = ({ name, type }: ColumnProfile) =>
    targets.includes(name) ? (targets.length > 1 ? "a target" : "the target") : type;
  const runs: ColumnProfile[][] = [];
  for (const profile of profiles) {
    const run = runs.at(-1);
    if (profiles.length >= MANY && run?.[0] && typeOf(run[0]) === typeOf(profile)) run.push(profile);
    else runs.push([profile]);
  }
  const isTarget = (run: readonly ColumnProfile[]) => targets.includes(run[0]?.name ?? "");
  const shown = runs.filter((run, i) => runs.length <= LINES || i < MANY || isTarget(run));
  const rows = shown.map((run) => {
    const [first, last] = [run[0] as ColumnProfile, run.at(-1) as ColumnProfile];
    const missing = run.reduce((sum, each) => sum + each.missing, 0);
    const all = missing + run.reduce((sum, each) => sum + each.present, 0);
    const reasons = [...new Set(run.map(({ reason }) => reason))];
    return [
      run.length > 1 ? `${first.name} to ${last.name}` : first.name,
      run.length > 1 ? `${groupDigits(run.length)} ${typeOf(first)}` : typeOf(first),
      missing > 0 ? percent(missing / all, 1) : "",
      reasons.length > 2 ? `${reasons[0]}, ${reasons[1]}, ...` : reasons.join(", "),
    ];
  });
  const columns = [
    { title: "column", align: "left" as const },
    { title: "type", align: "left" as const },
    { title: "missing" },
    { title: "because", align: "left" as const },
  ];
  const others = runs.filter((run) => !shown.includes(run)).flat();
  if (others.length === 0) return table({ columns, rows });
  return `${table({ columns, rows })}\nand ${groupDigits(others.length)} other columns: ${typesOf(others)}; all are in the report`;
}

/** How many columns are of each type, such as "80 numeric, 20 categorical". */
function typesOf(profiles: readonly ColumnProfile[]): string {
  const counts = new Map<string, number>();
  for (const { type } of profiles) counts.set(type, (counts.get(type) ?? 0) + 1);
  const frequent = [...counts].sort(([, a], [, b]) => b - a);
  return frequent.map(([type, count]) => `${groupDigits(count)} ${type}`).join(", ");
}

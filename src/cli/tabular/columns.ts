import type { ColumnProfile, PreparedTable } from "../../tabular/index.ts";
import { groupDigits, percent } from "../format.ts";
import { table } from "../terminal/index.ts";
import { targetNames } from "./report.ts";

/** Columns from which on neighbours of one type share a line. */
const MANY = 40;

/** What every column was understood as; of many, neighbours of one type in a line. */
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
  const rows = runs.map((run) => {
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
  return table({ columns, rows });
}

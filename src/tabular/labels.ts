import type { DataTable } from "../data/index.ts";
import { fail } from "../util/index.ts";
import type { KeptTable } from "./open.ts";
import { readSql, sqlText } from "./sql.ts";
import type { ColumnProfile, KeptColumn, LabelSource, TableTask } from "./types.ts";

/** What stands between two labels of a row in y: the sign that ASCII has for it. */
export const BETWEEN = "\u001f";

/** Signs that separate words, in the order in which they are tried. */
const SEPARATORS = [";", "|", ","] as const;

/** More labels are refused. */
const MOST_LABELS = 200;

/** Labels that occur less often in the training part are not learned. */
const LEAST_ROWS = 5;

/** A column's texts as several labels each, when they are: lists, or words with a separator. */
export interface LabelsFound {
  readonly source: LabelSource;
  readonly reason: string;
}

/**
 * Whether the texts of a column are labels: JSON lists in 95 % of the rows; or a separator in a tenth of them, the parts between which are at most
 * 200, fewer than their combinations, and occur 5 times on average. Asked for, the separator that occurs most often will do.
 */
export async function findLabels(
  kept: DataTable,
  { id, isText }: KeptColumn,
  isAsked: boolean,
): Promise<LabelsFound | undefined> {
  if (!isText) return undefined;
  const holds = SEPARATORS.map((sign, i) => `count(*) FILTER (contains(${id}, '${sign}'))::DOUBLE AS s${i}`);
  const [row = {}] = await kept.query(`
    SELECT count(${id})::DOUBLE AS present, count(*) FILTER (starts_with(${id}, '[') AND json_valid(${id}))::DOUBLE AS lists,
      ${holds.join(", ")} FROM kept`);
  const { present = 0, lists = 0 } = row as Record<string, number>;
  if (present > 0 && lists >= 0.95 * present) return { source: { by: "list" }, reason: "lists of labels" };
  const counts = SEPARATORS.map((separator, i) => ({ separator, n: Number(row[`s${i}`]) }));
  const found = (separator: string): LabelsFound => ({
    source: { by: "words", separator },
    reason: `labels with "${separator}" between`,
  });
  for (const { separator, n } of counts) {
    if (n < 0.1 * present) continue;
    const [parts = {}] = await kept.query(`
      SELECT count(*)::DOUBLE AS n, count(DISTINCT label)::DOUBLE AS labels FROM
        (SELECT trim(unnest(string_split(${id}, '${separator}'))) AS label FROM kept) WHERE label <> ''`);
    const [sets = {}] = await kept.query(`SELECT count(DISTINCT ${id})::DOUBLE AS n FROM kept`);
    const labels = Number(parts["labels"]);
    if (labels <= MOST_LABELS && labels < Number(sets["n"]) && Number(parts["n"]) >= 5 * labels)
      return found(separator);
  }
  if (!isAsked) return undefined;
  const most = counts.reduce((a, b) => (b.n > a.n ? b : a));
  return most.n > 0 ? found(most.separator) : undefined;
}

/**
 * Several columns of yes and no as labels by the columns' names.
 *
 * @throws DescentError for columns of more than two values, or of two words of which nobody knows which one means yes.
 */
export function labelColumns(
  columns: readonly { readonly profile: ColumnProfile; readonly place: number }[],
  file: string,
): LabelsFound {
  const labels = columns.map(({ profile: { name, type, reading, distinct, examples }, place }) => {
    const wanted = "columns of yes and no, true and false, or 0 and 1";
    if (reading.as === "words" && distinct === 2) return { name, place, reading };
    const isBoolean = type === "boolean" && examples.every((value) => Number(value) === 0 || Number(value) === 1);
    if (isBoolean) return { name, place, reading };
    return fail(`${file}: the target "${name}" is one of several, and ${type} of ${distinct} values`, wanted);
  });
  return { source: { by: "columns", columns: labels }, reason: `${labels.length} columns of yes and no` };
}

/** The target's labels, where it has some: of several columns, or of one that reads as such. */
export async function labelsOf(
  { table }: Pick<KeptTable, "table">,
  targets: readonly KeptColumn[],
  profiles: readonly ColumnProfile[],
  task: TableTask | undefined,
  file: string,
): Promise<LabelsFound | undefined> {
  const [target] = targets as [KeptColumn];
  const placeOf = ({ id }: KeptColumn) => Number(id.slice(1));
  if (targets.length > 1) {
    if (task !== undefined && task !== "multi-label") fail(`prepareTable: ${task} of several columns`, "one target");
    const columns = targets.map((column) => ({
      profile: profiles[placeOf(column)] as ColumnProfile,
      place: placeOf(column),
    }));
    return labelColumns(columns, file);
  }
  return task === undefined || task === "multi-label" ? findLabels(table, target, task !== undefined) : undefined;
}

/** A row's labels as one text, {@link BETWEEN} between them; NULL where nothing is known: an empty list is none of the labels. */
export function labelsSql(source: LabelSource, columnOf: (place: number) => KeptColumn, place: number): string {
  const between = "chr(31)";
  if (source.by === "columns") {
    const values = source.columns.map((column) => readSql(columnOf(column.place), column.reading));
    const words = source.columns.map(({ name }, i) => `CASE WHEN ${values[i]} = 1 THEN ${sqlText(name)} END`);
    const unknown = values.map((value) => `(${value}) IS NULL`).join(" OR ");
    return `CASE WHEN NOT (${unknown}) THEN concat_ws(${between}, ${words.join(", ")}) END`;
  }
  const { id } = columnOf(place);
  if (source.by === "words" && !SEPARATORS.some((sign) => sign === source.separator))
    fail(`labels are separated by ${JSON.stringify(source.separator)}`, SEPARATORS.join(" or ")); // of a damaged model
  if (source.by === "list") {
    const list = `from_json(${id}, '["VARCHAR"]')`;
    return `CASE WHEN starts_with(${id}, '[') AND json_valid(${id}) THEN coalesce(array_to_string(${list}, ${between}), '') END`;
  }
  return `regexp_replace(trim(${id}, '${source.separator} '), '\\s*[${source.separator}]\\s*', ${between}, 'g')`;
}

/** Each row's labels, a row each. */
const UNNESTED = `SELECT "#", unnest(string_split(y, chr(31))) AS label`;

/** SQL of a table "#", stratum: each row with the rarest of its labels, so that holding out by stratum holds out of every label. */
export function strataSql(): string {
  return `
    WITH each AS (SELECT * FROM (${UNNESTED} FROM typed) WHERE label <> ''),
      counts AS (SELECT label, count(*) AS n FROM each GROUP BY label)
    SELECT "#", arg_min(label, (n, label)) AS stratum FROM each JOIN counts USING (label) GROUP BY "#"`;
}

/**
 * Each row by the rarest of its labels, as strata for `splitIndices`: what is held out by them is held out of every label. Rows without a label,
 * and those of strata too small to hold one row out, are together.
 *
 * @param y 1 and 0, [rows, labels].
 * @param testSize the share that is held out.
 * @returns a stratum's number of each row.
 * @example
 * rarestLabels([1, 0, 1, 1, 1, 0, 1, 1], 2, 0.5); // [0, 1, 0, 1]: the second label is the rarer one
 */
export function rarestLabels(y: ArrayLike<number>, labels: number, testSize: number): number[] {
  const rows = y.length / labels;
  const counts = new Array<number>(labels).fill(0);
  for (let i = 0; i < y.length; i++) counts[i % labels] = (counts[i % labels] as number) + (y[i] as number);
  const rarest = Array.from({ length: rows }, (_, row) => {
    let best = labels;
    for (let i = 0; i < labels; i++) {
      if (y[row * labels + i] === 1 && (counts[i] as number) < (counts[best] ?? Number.POSITIVE_INFINITY)) best = i;
    }
    return best;
  });
  const sizesOf = (strata: readonly number[]) => {
    const sizes = new Array<number>(labels + 1).fill(0);
    for (const stratum of strata) sizes[stratum] = (sizes[stratum] as number) + 1;
    return sizes;
  };
  const least = Math.max(2, Math.ceil(1 / testSize));
  const sizes = sizesOf(rarest);
  const merged = rarest.map((stratum) => ((sizes[stratum] as number) < least ? labels : stratum));
  const now = sizesOf(merged);
  if ((now[labels] as number) >= least) return merged;
  const largest = now.indexOf(Math.max(...now));
  return merged.map((stratum) => (stratum === labels ? largest : stratum));
}

/** The labels to learn, those of columns in their order, else by letters; and those that are too rare. Reads the table `rows`. */
export async function labelNames(
  table: DataTable,
  source: LabelSource,
  target: string,
): Promise<{ classes: string[]; rare: string[] }> {
  const counted = await table.query(`
    SELECT label, count(DISTINCT "#")::DOUBLE AS n FROM (${UNNESTED} FROM rows WHERE part = 0) WHERE label <> '' GROUP BY label ORDER BY label`);
  const often = counted.filter(({ n }) => Number(n) >= LEAST_ROWS).map(({ label }) => String(label));
  const rare = counted.filter(({ n }) => Number(n) < LEAST_ROWS).map(({ label }) => String(label));
  const all = source.by === "columns" ? source.columns.map(({ name }) => name) : undefined;
  const classes = all?.filter((name) => often.includes(name)) ?? often;
  if (classes.length === 0) fail(`no label of ${target} occurs ${LEAST_ROWS} times`, "labels to learn from");
  if (classes.length > MOST_LABELS) fail(`${target} has ${classes.length} labels`, `at most ${MOST_LABELS}`);
  return { classes, rare: all ? all.filter((name) => !often.includes(name)) : rare };
}

/** Texts of labels as 1 and 0 for each of the classes, [rows, classes]; NaN where a row's are unknown. */
export function encodeLabels(values: readonly (string | null)[], classes: readonly string[]): Float32Array {
  const places = new Map(classes.map((name, i) => [name, i]));
  const y = new Float32Array(values.length * classes.length);
  values.forEach((value, row) => {
    const start = row * classes.length;
    if (value === null) y.fill(Number.NaN, start, start + classes.length);
    for (const label of value?.split(BETWEEN) ?? []) {
      const place = places.get(label);
      if (place !== undefined) y[start + place] = 1;
    }
  });
  return y;
}

/** How a source's answers are written: as it writes its own. */
export function joinLabels(source: LabelSource | undefined, labels: readonly string[]): string {
  if (source?.by === "list") return JSON.stringify(labels);
  return labels.join(source?.by === "words" && source.separator !== "," ? source.separator : "; ");
}

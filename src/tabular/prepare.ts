import { checkOptions, fail, show } from "../util/index.ts";
import { type Budget, budgetOf, explainMemory } from "./budget.ts";
import { drop, misfitsOf } from "./cleaning.ts";
import { Figures } from "./figures.ts";
import { fitColumns, fittedBefore, type TypedRows } from "./fit-columns.ts";
import { labelsOf } from "./labels.ts";
import { columnOf, type KeptTable, keepTable, type SourceOptions, takeSample } from "./open.ts";
import { findOrder } from "./order.ts";
import { PreparedTable, type TableFacts } from "./prepared.ts";
import { profileColumn } from "./profile.ts";
import type { Recipe } from "./recipe.ts";
import { resample } from "./resample.ts";
import { splitSql } from "./split.ts";
import { readSql } from "./sql.ts";
import { checkTask, type Target, targetSql, taskOf } from "./target.ts";
import {
  COLUMN_TYPES,
  type ColumnProfile,
  type ColumnType,
  type Finding,
  type KeptColumn,
  type Reading,
  type TableTask,
} from "./types.ts";

import { WAY_OPTIONS, type WayOptions, waysOf } from "./ways.ts";

/** How a table is made ready for a training. */
export interface PrepareOptions extends SourceOptions, WayOptions {
  /** The column to predict: its name, or its number from 1 on, -1 being the last; or several of yes and no, which are labels. */
  readonly target: string | number | readonly (string | number)[];
  /** Default: by the target's values ({@link TableTask}). */
  readonly task?: TableTask | undefined;
  /** Types of columns where the inferred ones are wrong. */
  readonly types?: Readonly<Record<string, ColumnType>> | undefined;
  /** Columns that the model shall not look at. */
  readonly ignore?: readonly string[] | undefined;
  /** A column of dates or numbers: the last rows by it are held out, not some by chance. */
  readonly timeColumn?: string | undefined;
  /** Share of the rows that is held out to test; default 0.2, at most 200,000 rows. */
  readonly testSize?: number | undefined;
  /** Share of the rows that training is watched by; default 0.15, at most 50,000 rows. */
  readonly validationSize?: number | undefined;
  /** Keep rows that are equal in every column; default false: one of them stays, so that none is in two parts. */
  readonly keepDuplicates?: boolean | undefined;
  /** Numbers of columns that mean "unknown": { age: [999] }. */
  readonly unknown?: Readonly<Record<string, readonly number[]>> | undefined;
  /**
   * "over": rows of rarer classes stand in the training part as often as makes all classes equally many; "under": as many rows of each class
   * as the rarest has. Default: neither. Parts to watch and to test stay as they are.
   */
  readonly resample?: "over" | "under" | undefined;
  /** Into how many pieces a network gets the columns of numbers and dates besides, from 2 to 64; 0 for none. Default: by the rules ({@link piecesFor}). */
  readonly pieces?: number | undefined;
  /** Default 0. */
  readonly seed?: number | undefined;
}

const NAMES = [
  "header",
  "delimiter",
  "charset",
  "sql",
  "table",
  "memory",
  "target",
  "task",
  "types",
  "ignore",
  "timeColumn",
  "testSize",
  "validationSize",
  "keepDuplicates",
  "unknown",
  "resample",
  "pieces",
  "seed",
  ...WAY_OPTIONS,
];

/**
 * Makes a table ready for a training: infers what its columns are, cleans them, holds rows out, and fits on the training part alone what turns
 * the columns into features. Everything is computed by DuckDB, so a table may be larger than memory; quantiles, most frequent values and types
 * are those of a sample where there are more than a million rows.
 *
 * @param source a file of CSV, TSV, JSON, JSON lines or Parquet, a DuckDB database, or a query that names its files (`openTable` of `descent/data`).
 * @param known `facts` of an earlier preparation of the same table with the same options: nothing is fitted again, so that a training goes on
 * with the very same numbers (sums of a large table may differ in their last bit, as threads share them).
 * @throws DescentError for columns that are not there (naming the nearest), and targets that can't be predicted.
 * @example
 * const rows = Array.from({ length: 40 }, (_, i) => `${["Rome", "Oslo"][i % 2]},${i}.5,${20 * i}\n`);
 * writeFileSync("rents.csv", `city,area,rent\n${rows.join("")}`);
 * const table = await prepareTable("rents.csv", { target: "rent" });
 * table.profiles.map(({ name, type }) => `${name}: ${type}`); // ["city: categorical", "area: numeric", "rent: numeric"]
 * await table.close();
 */
export async function prepareTable(
  source: string,
  options: PrepareOptions,
  known?: TableFacts,
): Promise<PreparedTable> {
  checkOptions("prepareTable", options, NAMES);
  const { testSize = 0.2, validationSize = 0.15, seed = 0 } = options;
  for (const [name, share] of Object.entries({ testSize, validationSize })) {
    if (!(share > 0 && share < 1)) fail(`prepareTable: ${name} is ${show(share)}`, "a share between 0 and 1");
  }
  if (testSize + validationSize >= 0.9)
    fail("prepareTable: testSize and validationSize leave little to train on", "less than 0.9 together");
  checkTask(options.task);
  if (!Number.isSafeInteger(seed)) fail(`prepareTable: seed is ${show(seed)}`, "an integer");
  const { pieces } = options;
  if (pieces !== undefined && !(Number.isInteger(pieces) && (pieces === 0 || (pieces >= 2 && pieces <= 64))))
    fail(`prepareTable: pieces is ${show(pieces)}`, "a whole number from 2 to 64, or 0");
  const budget = await budgetOf("prepareTable", options.memory ?? known?.memory);
  const { database, threads } = budget;
  const tooLittle = (error: unknown) => explainMemory(error, source, budget);
  const kept = await keepTable(source, { ...options, memory: database, threads }).catch(tooLittle);
  try {
    return await prepare(kept, source, { ...options, testSize, validationSize, seed }, budget, known);
  } catch (error) {
    await kept.table.close();
    return tooLittle(error);
  }
}

async function prepare(
  kept: KeptTable,
  file: string,
  options: PrepareOptions & { testSize: number; validationSize: number; seed: number },
  budget: Budget,
  known: TableFacts | undefined,
) {
  const { table, columns, header } = kept;
  const findings: Finding[] = [];
  if (options.charset === undefined && table.charsets.includes("windows-1252")) {
    const text =
      "the file is not UTF-8: its letters are taken for windows-1252; --charset names another way, such as shift_jis";
    findings.push({ kind: "hint", text });
  }
  const targets = [options.target].flat().map((name) => columnOf(columns, String(name), "column", file));
  const target = targets[0] ?? fail("prepareTable: target is an empty list", "a column, or several");
  const ignored = (options.ignore ?? []).map((name) => columnOf(columns, name, "column", file));
  const time =
    options.timeColumn === undefined ? undefined : columnOf(columns, options.timeColumn, "time column", file);
  const place = columns.indexOf(target);
  const name = targets.map((column) => column.name).join(", ");
  if (known && known.profiles.length !== columns.length) changed(file);
  const { profiles, chosen } = known
    ? { profiles: known.profiles, chosen: { ...known.recipe.target, reason: known.taskReason } }
    : await look(kept, file, targets, options, findings);
  const ways = waysOf(options, columns, profiles, file);

  const learned = columns.flatMap((column, place) => {
    const profile = profiles[place] as ColumnProfile;
    const useless = profile.type === "constant" || profile.type === "identifier";
    return targets.includes(column) || ignored.includes(column) || useless ? [] : [{ column, profile, place }];
  });
  if (learned.length === 0) {
    refuseColumns(
      profiles.filter(
        (_, i) => !targets.includes(columns[i] as KeptColumn) && !ignored.includes(columns[i] as KeptColumn),
      ),
      name,
      file,
    );
  }
  await makeTyped(
    kept,
    learned,
    targetSql({ ...chosen, place }, (at) => columns[at] as KeptColumn),
    time,
    profiles,
  );
  await table.query("DROP TABLE kept");
  findings.push(...(await drop(table, learned.length, name, options.keepDuplicates ?? false)));
  const [{ n: total } = { n: 0 }] = await table.query("SELECT count(*)::DOUBLE AS n FROM typed");
  const stratify = chosen.task === "regression" ? undefined : chosen.task === "multi-label" ? "stratum" : "y";
  for (const sql of splitSql({ ...options, stratify, time: time && "t" }, Number(total))) await table.query(sql);
  const counts = await table.query("SELECT part, count(*)::DOUBLE AS n FROM rows GROUP BY part");
  const sizes = [0, 1, 2].map((part) => Number(counts.find((row) => Number(row["part"]) === part)?.["n"] ?? 0)) as [
    number,
    number,
    number,
  ];
  if (sizes.some((size) => size < 1) || sizes[0] < 10) {
    fail(`${file} has ${total} rows with a target`, "at least 20, to train, watch and test");
  }
  if (known && sizes.some((size, part) => size !== known.sizes[part])) changed(file);
  const { seed, pieces } = options;
  const isByTime = time !== undefined;
  const rows: TypedRows = {
    table,
    learned,
    chosen,
    ways,
    name,
    target,
    trainRows: sizes[0],
    seed,
    pieces,
    isByTime,
  };
  const { fitted, classes, moments } = known ? await fittedBefore(rows, known) : await fitColumns(rows, file, findings);
  const ids = fitted.map((column) => learned.findIndex(({ place }) => place === column.place));
  if (options.resample !== undefined) {
    if (chosen.task !== "binary" && chosen.task !== "multi-class")
      fail(`prepareTable: resample for ${chosen.task}`, "two or several classes, of which each row has one");
    findings.push(...(await resample(table, options.resample, options.seed)));
  }
  const recipe: Recipe = {
    format: "descent-table",
    version: 1,
    header,
    sql: options.sql ?? null,
    ...(options.charset !== undefined && { charset: options.charset }),
    columns: fitted,
    target: {
      name,
      place,
      reading: chosen.reading,
      task: chosen.task,
      classes,
      ...(chosen.labels && { labels: chosen.labels }),
      ...moments,
    },
  };
  const isResampled = options.resample !== undefined;
  const copies = "SELECT sum(copies)::DOUBLE AS n FROM rows WHERE part = 0";
  const trainRows = isResampled ? Number((await table.query(copies))[0]?.["n"]) : sizes[0];
  const facts = known ?? {
    recipe,
    profiles,
    findings,
    sizes,
    trainRows,
    file,
    taskReason: chosen.reason,
    ignored: ignored.map(({ name }) => name),
    memory: budget.total,
  };
  return new PreparedTable(table, facts, {
    ids,
    isResampled,
    isByTime,
    seed: options.seed,
    budget,
  });
}

function changed(file: string): never {
  fail(`${file} has changed since it was prepared`, "the same table", "begin anew");
}

/** What the columns are, and what there is to do. */
async function look(
  kept: KeptTable,
  file: string,
  targets: readonly KeptColumn[],
  options: PrepareOptions,
  findings: Finding[],
): Promise<{ profiles: readonly ColumnProfile[]; chosen: Target }> {
  const { table, columns } = kept;
  const { rows, sample } = await takeSample(table);
  const by = { table, sample, figures: new Figures(table, rows) };
  const profiles = await Promise.all(columns.map((column) => profileColumn(by, column, targets.includes(column))));
  const targetProfile = profiles[columns.indexOf(targets[0] as KeptColumn)] as ColumnProfile;
  const labels = await labelsOf(kept, targets, profiles, options.task, file);
  const chosen = taskOf(targetProfile, options.task, labels, file);
  if (chosen.task === "regression" && targetProfile.type === "ordinal" && options.task === undefined) {
    const text = `${targetProfile.reason}, taken as a number to predict: if they are names of classes, --task multi-class`;
    findings.push({ kind: "hint", column: targetProfile.name, text });
  }
  await overrule(profiles, columns, options.types ?? {}, file);
  takeUnknown(profiles, columns, options.unknown ?? {}, file);
  const misfits = profiles.map((profile, i) =>
    misfitsOf(by, profile, columns[i] as KeptColumn, targets.includes(columns[i] as KeptColumn)),
  );
  findings.push(...(await Promise.all(misfits)).flat());
  if (options.timeColumn === undefined) {
    const ignored = (options.ignore ?? []).map((name) => columnOf(columns, name, "column", file));
    const looked = columns.map((column, i) => ({ column, profile: profiles[i] as ColumnProfile }));
    const rest = looked.filter(({ column }) => !targets.includes(column) && !ignored.includes(column));
    findings.push(...(await findOrder(kept, sample, rest)));
  }
  if (sample === "peek") await table.query("DROP TABLE peek");
  return { profiles, chosen };
}

/** Says why no column is left to learn from. */
function refuseColumns(useless: readonly ColumnProfile[], target: string, file: string): never {
  const words = useless
    .slice(0, 5)
    .map(
      ({ name, type, reason }) =>
        `${name} is taken for ${type === "constant" ? "a constant" : "an identifier"} (${reason})`,
    );
  const other = useless.find(({ type }) => type === "identifier");
  return fail(
    `${file} has no column to predict "${target}" from${words.length > 0 ? `: ${words.join(", ")}` : ""}`,
    "at least one that varies, and means more than which row it is",
    other &&
      `if ${other.name} does, say what it is: --type ${other.name}=${other.reading.as === "text" ? "categorical" : "numeric"}`,
  );
}

/** Takes numbers for unknown. */
function takeUnknown(
  profiles: ColumnProfile[],
  columns: readonly KeptColumn[],
  unknown: Readonly<Record<string, readonly number[]>>,
  file: string,
): void {
  for (const [name, numbers] of Object.entries(unknown)) {
    const place = columns.indexOf(columnOf(columns, name, "column", file));
    const profile = profiles[place] as ColumnProfile;
    const { reading } = profile;
    if (reading.as !== "number" && reading.as !== "amount")
      fail(`prepareTable: unknown numbers of ${profile.name}, which is ${profile.type}`, "a column of numbers");
    if (!Array.isArray(numbers) || !numbers.every(Number.isFinite))
      fail(`prepareTable: unknown of ${name} is ${show(numbers)}`, "a list of numbers");
    profiles[place] = { ...profile, reading: { ...reading, unknown: numbers } };
  }
}

/** Takes the types that the user names. */
async function overrule(
  profiles: ColumnProfile[],
  columns: readonly KeptColumn[],
  types: Readonly<Record<string, ColumnType>>,
  file: string,
) {
  for (const [name, type] of Object.entries(types)) {
    const place = columns.indexOf(columnOf(columns, name, "column", file));
    if (!COLUMN_TYPES.includes(type))
      fail(`prepareTable: the type of ${name} is ${show(type)}`, COLUMN_TYPES.join(", "));
    const profile = profiles[place] as ColumnProfile;
    const isNumber =
      profile.reading.as === "number" || profile.reading.as === "amount" || profile.reading.as === "words";
    const needsNumber = type === "numeric" || type === "ordinal" || type === "boolean";
    if (type === "date" && profile.reading.as !== "date")
      fail(`prepareTable: no format of dates fits ${name}`, "dates");
    const column = columns[place] as KeptColumn;
    if (needsNumber && !isNumber && column.isDate)
      fail(`prepareTable: ${name} holds dates`, "another type than numbers");
    const asText = type === "categorical" || type === "text";
    const reading: Reading = asText ? { as: "text" } : needsNumber && !isNumber ? { as: "amount" } : profile.reading;
    profiles[place] = { ...profile, type, reading, reason: "as asked" };
  }
}

/** The table `typed`: x0, x1, ... as they are read, y, and t for the time. */
async function makeTyped(
  { table, columns }: KeptTable,
  learned: readonly { column: KeptColumn; profile: ColumnProfile }[],
  target: string,
  time: KeptColumn | undefined,
  profiles: readonly ColumnProfile[],
): Promise<void> {
  const features = learned.map(({ column, profile }, i) => `${readSql(column, profile.reading)} AS x${i}`);
  const timeReading = time && (profiles[columns.indexOf(time)] as ColumnProfile).reading;
  await table.query(`
    CREATE TABLE typed AS SELECT "#", ${[...features, `${target} AS y`].join(", ")}
    ${time && timeReading ? `, ${readSql(time, timeReading)} AS t` : ""} FROM kept`);
}

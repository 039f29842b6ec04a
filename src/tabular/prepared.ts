import type { Batch, Dataset, DataTable } from "../data/index.ts";
import { encodeRows, type Inputs, joinInputs } from "./encode.ts";
import { type FeatureLayers, featureLayers } from "./network.ts";
import type { Recipe } from "./recipe.ts";
import { encodeTarget, targetWidth } from "./target.ts";
import type { ColumnProfile, Finding } from "./types.ts";

/** A part of a table, ready for `fit`, `evaluate` and `predict`. */
export interface TablePart {
  readonly x: Inputs;
  /** Numbers, the numbers of the classes, or labels as 1 and 0 [rows, labels]. */
  readonly y: Float32Array;
  /** The same as `fit` takes it. */
  readonly targets: { data: Float32Array; shape: number[] };
  /** Numbers of its rows in the file, counted from 1. */
  readonly rows: Float64Array;
}

/** What is known of a prepared table. */
export interface TableFacts {
  readonly recipe: Recipe;
  /** What every column of the file is. */
  readonly profiles: readonly ColumnProfile[];
  /** What was cleaned, and what to beware of. */
  readonly findings: readonly Finding[];
  /** Rows to train, to watch and to test. */
  readonly sizes: readonly [number, number, number];
  readonly file: string;
  readonly taskReason: string;
  readonly ignored: readonly string[];
}

export type PartName = "train" | "validation" | "test";

const PARTS: readonly PartName[] = ["train", "validation", "test"];

/** A table that is ready for a training: see {@link prepareTable}. */
export class PreparedTable implements TableFacts {
  readonly recipe: Recipe;
  readonly profiles: readonly ColumnProfile[];
  readonly findings: readonly Finding[];
  readonly sizes: readonly [number, number, number];
  readonly file: string;
  readonly taskReason: string;
  readonly ignored: readonly string[];

  constructor(
    private readonly table: DataTable,
    facts: TableFacts,
    /** For each column of the recipe its number in the table `rows`. */
    private readonly ids: readonly number[],
    private readonly isResampled: boolean,
  ) {
    ({ recipe: this.recipe, profiles: this.profiles, findings: this.findings, sizes: this.sizes } = facts);
    ({ file: this.file, taskReason: this.taskReason, ignored: this.ignored } = facts);
  }

  /** Layers that make features of the model's inputs; new ones at every call. */
  features(): FeatureLayers {
    return featureLayers(this.recipe);
  }

  /** A part in memory. */
  async part(name: PartName): Promise<TablePart> {
    const inputs: Inputs[] = [];
    const targets: Float32Array[] = [];
    const numbers: Float64Array[] = [];
    const source = await this.source(name);
    for await (const batch of source.read()) {
      inputs.push(encodeRows(this.recipe, batch));
      targets.push(encodeTarget(columnValues(batch["y"]), this.recipe.target));
      numbers.push(Float64Array.from(columnValues(batch["row"]) as ArrayLike<number>));
    }
    const [y, rows] = [Float32Array.from(joined(targets)), joined(numbers)];
    const width = targetWidth(this.recipe.target);
    const shape = this.recipe.target.task === "multi-label" ? [rows.length, width] : [rows.length];
    return { x: joinInputs(inputs), y, targets: { data: y, shape }, rows };
  }

  /** Rows by their numbers, cleaned but not encoded: values by column name. */
  async raw(rows: readonly number[]): Promise<Record<string, unknown>[]> {
    const ids = this.ids.map((id) => `, x${id}`).join("");
    const list = rows.map((row) => Math.trunc(row)).join(", ");
    const found = await this.table.query(`SELECT "#"::DOUBLE AS "row"${ids} FROM rows WHERE "#" IN (${list})`);
    return rows.map((row) => {
      const values = found.find((each) => each["row"] === row) ?? {};
      return Object.fromEntries(this.recipe.columns.map(({ name }, i) => [name, values[`x${this.ids[i]}`]]));
    });
  }

  /** Lets go of the table. */
  close(): Promise<void> {
    return this.table.close();
  }

  private async source(name: PartName): Promise<Dataset> {
    const isOutside = (i: number) => name === "train" && this.recipe.columns[i]?.feature.kind === "target";
    const columns = this.ids.map((id, i) => `${isOutside(i) ? "e" : "x"}${id} AS "x${i}"`);
    // A row of a resampled part stands there several times, or not at all.
    const from = this.isResampled ? `(SELECT unnest(range(copies)), rows.* FROM rows)` : "rows";
    const part = PARTS.indexOf(name);
    const sql = `SELECT "#"::DOUBLE AS "row", ${columns.join(", ")}, y FROM ${from} WHERE part = ${part} ORDER BY "#"`;
    return (await this.table.derive(sql)).dataset();
  }
}

function columnValues(column: Batch[string] | undefined): ArrayLike<number> | readonly (string | null)[] {
  if (Array.isArray(column)) return column as readonly (string | null)[];
  return (column as { data: ArrayLike<number> }).data;
}

function joined(parts: readonly ArrayLike<number>[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

import { fail } from "../../util/index.ts";
import { Dataset } from "../datasets/dataset.ts";
import type { Flow } from "../datasets/flow.ts";
import { wordsOf } from "../datasets/stages/columns.ts";
import { inPieces, type Read, readRange } from "../readers/array-file.ts";
import type { TableColumn } from "../tables/columns.ts";
import type { Chunk } from "../tables/duckdb.ts";
import { type Output, outputsOf, Pieces } from "../tables/pieces.ts";
import { type ArrowFile, arrowFile, batchHeader, type Dictionary, type Rows } from "./messages.ts";
import type { Field } from "./schema.ts";
import { Batch, type Values } from "./values.ts";

/** Rows of a batch that are read at once. */
const CHUNK = 1 << 14;

/** Rows of Arrow files, one after the other; see `fromArrow`. */
export async function arrowDataset(paths: readonly string[]): Promise<Dataset> {
  const files = await Promise.all(paths.map(arrowFile));
  const [first] = files as [ArrowFile];
  const columns = first.fields.map(columnOf);
  for (const file of files) {
    if (wordsFor(file) !== wordsFor(first)) {
      fail(`${file.path} has the columns ${wordsFor(file)}`, `those of ${first.path}: ${wordsFor(first)}`);
    }
  }
  const all: Record<string, string> = Object.fromEntries(columns.map(({ name }) => [name, name]));
  const name = paths.join(", ");
  const flow = arrowFlow(files, outputsOf(all, columns), `rows of ${name}`);
  return new Dataset(flow, (chosen) =>
    arrowFlow(files, outputsOf(chosen, columns), `columns ${wordsOf(chosen)} of ${name}`),
  );
}

function columnOf({ name, type, kind, form }: Field): TableColumn {
  return { name, type, kind, width: form.is === "arrays" ? form.size : 1 };
}

function wordsFor({ fields }: ArrowFile): string {
  return fields.map(({ name, type }) => `${name}: ${type}`).join(", ");
}

function arrowFlow(files: readonly ArrowFile[], outputs: readonly Output[], description: string): Flow {
  const names = outputs.flatMap(([, parts]) => parts.map(({ name }) => name));
  return {
    description,
    length: files.reduce((sum, { rows }) => sum + rows, 0),
    open(_, position) {
      let { at = 0 } = (position ?? {}) as { at?: number };
      const reader = new Reader(files, names, at);
      const pieces = new Pieces(outputs);
      return {
        async next() {
          const batch = await pieces.next(reader);
          if (batch) at += pieces.taken;
          return batch;
        },
        position: () => ({ at }),
        reuse: (batch) => pieces.reuse(batch),
        close: async () => undefined,
      };
    },
  };
}

/** Reads the columns of some names from a row on. */
class Reader {
  private file = 0;
  private index = 0;
  private row: number;
  private batch: Batch | undefined;
  private readonly reads: readonly Read[];
  /** The dictionaries in force, by columns. */
  private readonly dictionaries = new Map<string, { of: Dictionary; values: Values }>();

  constructor(
    private readonly files: readonly ArrowFile[],
    private readonly names: readonly string[],
    at: number,
  ) {
    this.row = at;
    this.reads = files.map(({ path, size }) => inPieces((start, length) => readRange(path, start, length), size));
    for (let file = files[0]; file && this.row >= file.rows; file = files[++this.file]) this.row -= file.rows;
    const batches = files[this.file]?.batches ?? [];
    this.index = batches.findIndex(({ start, rows }) => this.row < start + rows);
    this.row -= batches[this.index]?.start ?? 0;
  }

  async next(): Promise<Chunk | undefined> {
    for (; this.file < this.files.length; this.file++, this.index = 0) {
      const file = this.files[this.file] as ArrowFile;
      for (; this.index < file.batches.length; this.index++, this.row = 0, this.batch = undefined) {
        const rows = file.batches[this.index] as Rows;
        if (this.row < rows.rows) return this.chunk(file, rows);
      }
      this.dictionaries.clear();
    }
    return undefined;
  }

  private async chunk(file: ArrowFile, rows: Rows): Promise<Chunk> {
    const read = this.reads[this.file] as Read;
    this.batch ??= new Batch(file, await batchHeader(file, rows, "rows", read), file.fields, read);
    const { batch, row } = this;
    const rowCount = Math.min(CHUNK, rows.rows - row);
    const values = await Promise.all(
      this.names.map(async (name) => {
        const dictionary = await this.dictionary(file, rows, name);
        return batch.values(name, row, rowCount, dictionary);
      }),
    );
    this.row += rowCount;
    return { rowCount, getColumnVector: (column) => vectorOf(values[column] as Values) };
  }

  /** The values of a column's dictionary: what its messages tell, one after the other. */
  private async dictionary(file: ArrowFile, rows: Rows, name: string): Promise<Values | undefined> {
    const field = file.fields.find((each) => each.name === name) as Field;
    if (!field.dictionary) return undefined;
    const wanted = rows.dictionaries.get(field.dictionary.id);
    if (!wanted) return [];
    const known = this.dictionaries.get(name);
    const parts: Dictionary[] = [];
    let from: Dictionary | undefined = wanted;
    for (; from && from !== known?.of; from = from.before) parts.push(from);
    let values = from ? known?.values : undefined;
    const read = this.reads[this.file] as Read;
    for (const part of parts.reverse()) {
      const header = await batchHeader(file, part, "dictionary", read);
      const own = new Batch(file, header, [{ ...field, dictionary: undefined }], read);
      const added = await own.values(name, 0, part.rows, undefined);
      values = values ? joined(values, added) : added;
    }
    this.dictionaries.set(name, { of: wanted, values: values as Values });
    return values;
  }
}

function joined(values: Values, added: Values): Values {
  if (Array.isArray(values)) return values.concat(added as unknown[]);
  const all = new Float64Array(values.length + added.length);
  all.set(values);
  all.set(added as Float64Array, values.length);
  return all;
}

/** Values as DuckDB's chunks give them. Arrays that are missing hold NaN already. */
function vectorOf(values: Values): ReturnType<Chunk["getColumnVector"]> {
  if (!Array.isArray(values))
    return { items: values, childData: { items: values, getItem: () => 0 }, getItem: () => 0 };
  return { getItem: (row) => (values[row] instanceof Uint8Array ? { bytes: values[row] } : values[row]) };
}

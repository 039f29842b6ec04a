import type { Batch, Dataset, DataTable } from "../data/index.ts";
import { type Budget, rowBytes } from "./budget.ts";
import { encodeRows, type Inputs, joinInputs } from "./encode.ts";
import { type Fold, foldsOf } from "./folds.ts";
import { joinNumbers } from "./join.ts";
import { type FeatureLayers, featureLayers } from "./network.ts";
import type { PartTruth, TablePart } from "./part.ts";
import { isRecipe, type Recipe } from "./recipe.ts";
import { networksFor } from "./rules.ts";
import { encodeTarget, targetMeans, targetValues, targetWidth } from "./target.ts";
import type { ColumnProfile, Finding } from "./types.ts";

/** What is known of a prepared table. */
export interface TableFacts {
  readonly recipe: Recipe;
  /** What every column of the file is. */
  readonly profiles: readonly ColumnProfile[];
  /** What was cleaned, and what to beware of. */
  readonly findings: readonly Finding[];
  /** Rows to train, to watch and to test. */
  readonly sizes: readonly [number, number, number];
  /** Rows of the training part: more or fewer than those of the file where it was resampled. */
  readonly trainRows: number;
  readonly file: string;
  readonly taskReason: string;
  readonly ignored: readonly string[];
  /** Megabytes that it was told to keep to. */
  readonly memory: number;
}

/** True of what {@link PreparedTable.facts} gave, as far as a file can be trusted to hold it. */
export function isTableFacts(value: unknown): value is TableFacts {
  const { recipe, profiles, findings, sizes } = (value ?? {}) as Partial<TableFacts>;
  return isRecipe(recipe) && Array.isArray(profiles) && Array.isArray(findings) && Array.isArray(sizes);
}

/** Most samples, and most bytes of them, of a window: one is trained on, one lies ready, one is read. */
const WINDOW = 50_000;
const WINDOW_BYTES = 40 * 2 ** 20;

export type PartName = "train" | "validation" | "test";

const PARTS: readonly PartName[] = ["train", "validation", "test"];

/** A table that is ready for a training: see {@link prepareTable}. */
export class PreparedTable implements TableFacts {
  readonly recipe: Recipe;
  readonly profiles: readonly ColumnProfile[];
  readonly findings: readonly Finding[];
  readonly sizes: readonly [number, number, number];
  readonly trainRows: number;
  readonly file: string;
  readonly taskReason: string;
  readonly ignored: readonly string[];
  readonly memory: number;
  private readonly streams = new Map<PartName, Promise<Dataset>>();

  constructor(
    private readonly table: DataTable,
    /** All that is known, as JSON holds it. */
    readonly facts: TableFacts,
    private readonly how: {
      /** For each column of the recipe its number in the table `rows`. */
      readonly ids: readonly number[];
      readonly isResampled: boolean;
      /** Whether the last rows by a time are held out. */
      readonly isByTime: boolean;
      readonly seed: number;
      readonly budget: Budget;
    },
  ) {
    ({ recipe: this.recipe, profiles: this.profiles, findings: this.findings, sizes: this.sizes } = facts);
    ({ file: this.file, taskReason: this.taskReason, ignored: this.ignored } = facts);
    ({ trainRows: this.trainRows, memory: this.memory } = facts);
  }

  /** Layers that make features of the model's inputs; new ones at every call. */
  features(): FeatureLayers {
    return featureLayers(this.recipe);
  }

  /** Megabytes that the parts take in memory. */
  get megabytes(): number {
    return (rowBytes(this.recipe) * (this.trainRows + this.sizes[1] + this.sizes[2])) / 2 ** 20;
  }

  /** Whether the parts have no room in `memory`, once in pieces and once put together: {@link PreparedTable.samples} streams them then. */
  get isStreamed(): boolean {
    return 2 * this.megabytes > this.how.budget.parts;
  }

  /** How many networks its model has by the rules: one where it is streamed, resampled or held out by time, else by {@link networksFor}. */
  get networks(): number {
    const rows = this.trainRows + this.sizes[1];
    return this.isStreamed || !this.hasFolds ? 1 : networksFor(rows, this.features().features.shape[0] as number);
  }

  /**
   * What each of so many networks is trained on and watched by: another tenth of the training and validation parts together, each class dealt
   * evenly. The parts themselves for one network, for streams, and where rows were resampled or are held out by time.
   *
   * @param train as {@link PreparedTable.samples} gives it; likewise `validation`.
   */
  *folds<Samples extends TablePart | Dataset>(
    train: Samples,
    validation: Samples,
    networks: number,
  ): Generator<Fold<Samples>> {
    const { seed } = this.how;
    const { task } = this.recipe.target;
    if (networks > 1 && this.hasFolds && "targets" in train && "targets" in validation) {
      const stratify = task === "binary" || task === "multi-class";
      yield* foldsOf([train, validation], { networks, seed, stratify }) as Generator<Fold<Samples>>;
    } else for (let network = 0; network < networks; network++) yield { train, validation };
  }

  /** Samples of a streamed training part that are shuffled among each other: 50,000, or as many as 40 MB hold. */
  get window(): number {
    return Math.max(1, Math.min(WINDOW, Math.floor(WINDOW_BYTES / rowBytes(this.recipe))));
  }

  /** A part, in memory where the parts have room there, else as {@link PreparedTable.stream}. */
  async samples(name: PartName): Promise<TablePart | Dataset> {
    return this.isStreamed ? this.stream(name) : this.part(name);
  }

  /**
   * A part in memory, in the order of the file.
   *
   * @param options `rows`: so many of them, drawn by chance; default all.
   */
  async part(name: PartName, options: { rows?: number } = {}): Promise<TablePart> {
    const inputs: Inputs[] = [];
    const targets: Float32Array[] = [];
    const numbers: Float64Array[] = [];
    const limit = options.rows === undefined ? "" : `LIMIT ${Math.trunc(options.rows)}`;
    const source = await this.source(`FROM (${this.select(name)} ${limit}) ORDER BY "row"`);
    for await (const batch of source.read()) {
      inputs.push(encodeRows(this.recipe, batch));
      targets.push(encodeTarget(targetValues(batch["y"]), this.recipe.target));
      numbers.push(Float64Array.from(targetValues(batch["row"]) as ArrayLike<number>));
    }
    const [y, rows] = [joinNumbers(Float32Array, targets), joinNumbers(Float64Array, numbers)];
    return { x: joinInputs(inputs), y, targets: { data: y, shape: this.targetShape(rows.length) }, rows };
  }

  /**
   * A part that is read piece by piece, for tables larger than memory: a dataset for `fit`, `evaluate` and `predict`, the inputs by name and the
   * target as "output". The training part lies on disk in an order of chance, exact and drawn once; every pass begins there, and shuffles
   * again within windows ({@link PreparedTable.window}), one after the other. The other parts come in the order of
   * the file, as {@link PreparedTable.part} gives them. Features are the same numbers, bit for bit. The first pass keeps them in a file, which later
   * passes read, as long as the table is open; where the disk has no room for that, every pass makes them anew.
   */
  stream(name: PartName): Promise<Dataset> {
    const known = this.streams.get(name);
    if (known) return known;
    const stream = this.newStream(name);
    this.streams.set(name, stream);
    return stream;
  }

  private async newStream(name: PartName): Promise<Dataset> {
    const isTraining = name === "train";
    const { seed, isResampled } = this.how;
    // Copies of a row lie side by side: they are strewn about, which sorts the part anew in every pass.
    const strewn = `FROM (${this.select(name)}) ORDER BY md5_number_lower(concat("row", ' copy ', "copy", ' ', ${Math.trunc(seed)}))`;
    const order = !isTraining ? `FROM (${this.select(name)}) ORDER BY "row"` : isResampled ? strewn : this.select(name);
    const source = await this.source(order);
    const { recipe } = this;
    const encode = (batch: Batch): Batch => {
      const data = encodeTarget(targetValues(batch["y"]), recipe.target);
      const rows = (batch["row"] as { shape: readonly number[] }).shape[0] as number;
      return { ...(encodeRows(recipe, batch) as Batch), output: { data, shape: this.targetShape(rows) } };
    };
    const encoded = source.mapBatches(encode);
    const samples = await this.table.keep(encoded, rowBytes(recipe), encoded.length ?? 0);
    if (!isTraining) return samples;
    return samples.shuffle({ seed, buffer: this.window });
  }

  /** What is true of a part's rows, in the order of the file. */
  async truth(name: PartName): Promise<PartTruth> {
    const sql = `SELECT "row", y FROM (${this.select(name)}) ORDER BY "row"`;
    const [targets, numbers]: [Float32Array[], Float64Array[]] = [[], []];
    for await (const batch of (await this.table.derive(sql)).dataset()) {
      targets.push(encodeTarget(targetValues(batch["y"]), this.recipe.target));
      numbers.push(Float64Array.from(targetValues(batch["row"]) as ArrayLike<number>));
    }
    return { y: joinNumbers(Float32Array, targets), rows: joinNumbers(Float64Array, numbers) };
  }

  /** The mean of a part's target: of numbers, of the second of two classes as 1, else of every class or label as 1. Exact, by SQL. */
  async means(name: PartName): Promise<number[]> {
    return targetMeans(this.table, `(${this.select(name)})`, this.recipe.target);
  }

  /** Rows by their numbers, cleaned but not encoded: values by column name. */
  async raw(rows: readonly number[]): Promise<Record<string, unknown>[]> {
    const ids = this.how.ids.map((id) => `, x${id}`).join("");
    const list = rows.map((row) => Math.trunc(row)).join(", ");
    const found = await this.table.query(`SELECT "#"::DOUBLE AS "row"${ids} FROM rows WHERE "#" IN (${list})`);
    return rows.map((row) => {
      const values = found.find((each) => each["row"] === row) ?? {};
      return Object.fromEntries(this.recipe.columns.map(({ name }, i) => [name, values[`x${this.how.ids[i]}`]]));
    });
  }

  /** Lets go of the table. */
  close(): Promise<void> {
    return this.table.close();
  }

  /** SQL of the rows of a part, in the order of chance in which they lie. */
  private select(name: PartName): string {
    const isOutside = (i: number) => name === "train" && this.recipe.columns[i]?.feature.kind === "target";
    const columns = this.how.ids.map((id, i) => `${isOutside(i) ? "e" : "x"}${id} AS "x${i}"`);
    // A row of a resampled part stands there several times, or not at all.
    const { isResampled } = this.how;
    const from = isResampled ? "(SELECT unnest(range(copies)) AS copy, rows.* FROM rows)" : "rows";
    const all = [`"#"::DOUBLE AS "row"`, ...(isResampled ? ["copy"] : []), ...columns, "y"];
    return `SELECT ${all.join(", ")} FROM ${from} WHERE part = ${PARTS.indexOf(name)}`;
  }

  private async source(sql: string): Promise<Dataset> {
    const rows = await this.table.derive(sql);
    await rows.rows(); // so that it is known how many there are
    return rows.dataset(["row", ...this.how.ids.map((_, i) => `x${i}`), "y"]);
  }

  /** Whether any rows may watch a training: copies of one may not be on both sides, nor later rows teach earlier ones. */
  get hasFolds(): boolean {
    return !this.how.isResampled && !this.how.isByTime;
  }

  private targetShape(rows: number): number[] {
    const { target } = this.recipe;
    return target.task === "multi-label" ? [rows, targetWidth(target)] : [rows];
  }
}

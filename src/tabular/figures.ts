import type { DataTable } from "../data/index.ts";
import { literal } from "./sql.ts";

/** Values that one query looks at: what is sorted or told apart (quantiles, different values) is kept until it ends. */
const CELLS = 4_000_000;

/** Columns of one query in which each is asked for itself. */
const MOST = 64;

/**
 * Rows up to which columns are laid one below the other: as many as DuckDB stores together, so that one thread adds them up in their order, and sums
 * are the same to the last bit either way. Beyond, a query costs more by what it reads than by what it asks.
 */
const LONG_ROWS = 100_000;

/** Values that are laid one below the other at once, and columns. */
const LONG_CELLS = 1_000_000;
const LONG_MOST = 512;

/** A column of a table in SQL: its name, and whether it is VARCHAR, DOUBLE or TIMESTAMP. */
export interface SqlColumn {
  readonly id: string;
  readonly holds: "text" | "number" | "date";
}

type Row = Record<string, unknown>;

/** SQL by names, of a value and of numbers that differ from column to column, which are written by `write`. */
export type FigureSql = (value: string, write: (number: number) => string) => Readonly<Record<string, string>>;

interface Question {
  readonly figures: Readonly<Record<string, string>>;
  resolve(row: Row): void;
  reject(error: unknown): void;
}

interface LongQuestion {
  readonly id: string;
  readonly numbers: readonly number[];
  resolve(rows: Row[]): void;
  reject(error: unknown): void;
}

/** What is asked of several columns in the same words. */
interface LongQuestions {
  readonly from: string;
  readonly beside: readonly string[];
  readonly sql: (long: string) => string;
  readonly columns: LongQuestion[];
}

/**
 * Figures of many columns, such as their means: what is asked for before the event loop turns, of the same rows, is computed in one pass over
 * them. A query of one column takes some milliseconds whatever it looks at, which is most of the time for tables of hundreds of columns. So does each
 * word of a query: what is asked of all columns alike is asked once, of their values one below the other (k, the column's number, and v, the value).
 */
export class Figures {
  private readonly asked = new Map<string, Question[]>();
  private readonly long = new Map<string, LongQuestions>();

  /** @param rows of the table: a query is of fewer columns where these are many. */
  constructor(
    private readonly table: DataTable,
    private readonly rows: number,
  ) {}

  /** Whether there are few enough rows that columns are laid one below the other. */
  get isLong(): boolean {
    return this.rows <= LONG_ROWS;
  }

  /**
   * @param from the rows, as they stand behind FROM in SQL.
   * @param figures SQL of one value each, such as { mean: "avg(x3)" }.
   * @returns their values by the same names.
   */
  of(from: string, figures: Readonly<Record<string, string>>): Promise<Row> {
    return new Promise((resolve, reject) => {
      this.wake();
      const others = this.asked.get(from);
      const question: Question = { figures, resolve, reject };
      if (others) others.push(question);
      else this.asked.set(from, [question]);
    });
  }

  /**
   * The same where other columns are asked for the same: one query computes it of all.
   *
   * @param figures SQL of the column's value, such as (v) => ({ mean: `avg(${v})` }).
   * @param beside other columns of `from` that this names.
   */
  async each(from: string, { id, holds }: SqlColumn, figures: FigureSql, beside: readonly string[] = []): Promise<Row> {
    if (!this.isLong) return this.of(from, figures(id, literal));
    const numbers: number[] = [];
    const asked = figures("v", (number) => `p${numbers.push(number) - 1}`);
    const values = Object.entries(asked).map(([name, sql]) => `${sql} AS "${name}"`);
    const sql = (long: string) => `SELECT k, ${values.join(", ")} FROM ${long} GROUP BY k`;
    const [row] = await this.ask(from, { id, holds }, sql, beside, numbers);
    return row ?? this.of(from, figures(id, literal)); // there were no rows
  }

  /**
   * Rows of an answer that has several for a column, in its order.
   *
   * @param sql of a table with k, the column's number, v, its value, and the columns `beside`: a query whose answer has k again.
   */
  ask(
    from: string,
    { id, holds }: SqlColumn,
    sql: (long: string) => string,
    beside: readonly string[] = [],
    numbers: readonly number[] = [],
  ): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      this.wake();
      const key = JSON.stringify([from, holds, sql("long"), beside, numbers.length]);
      const questions = this.long.get(key) ?? { from, beside, sql, columns: [] };
      questions.columns.push({ id, numbers, resolve, reject });
      this.long.set(key, questions);
    });
  }

  private wake(): void {
    if (this.asked.size === 0 && this.long.size === 0) setImmediate(() => this.answerAll());
  }

  private answerAll(): void {
    const columns = Math.max(1, Math.min(MOST, Math.floor(CELLS / Math.max(1, this.rows))));
    const [all, allLong] = [[...this.asked], [...this.long.values()]];
    this.asked.clear();
    this.long.clear();
    for (const [from, questions] of all)
      for (let i = 0; i < questions.length; i += columns) void this.answer(from, questions.slice(i, i + columns));
    const many = Math.max(1, Math.min(LONG_MOST, Math.floor(LONG_CELLS / Math.max(1, this.rows))));
    for (const { columns, ...how } of allLong)
      for (let i = 0; i < columns.length; i += many)
        void this.answerLong({ ...how, columns: columns.slice(i, i + many) });
  }

  private async answer(from: string, questions: readonly Question[]): Promise<void> {
    const values = questions.flatMap(({ figures }, i) =>
      Object.entries(figures).map(([name, sql]) => `${sql} AS "${name} ${i}"`),
    );
    try {
      const [row = {}] = await this.table.query(`SELECT ${values.join(", ")} FROM ${from}`);
      questions.forEach(({ figures, resolve }, i) => {
        resolve(Object.fromEntries(Object.keys(figures).map((name) => [name, row[`${name} ${i}`]])));
      });
    } catch (error) {
      for (const { reject } of questions) reject(error);
    }
  }

  private async answerLong({ from, beside, sql, columns }: LongQuestions): Promise<void> {
    try {
      const answers = columns.map((): Row[] => []);
      for (const { k, ...row } of await this.table.query(sql(longSql(from, columns, beside))))
        answers[Number(k)]?.push(row);
      columns.forEach(({ resolve }, i) => {
        resolve(answers[i] as Row[]);
      });
    } catch (error) {
      for (const { reject } of columns) reject(error);
    }
  }
}

/** Columns one below the other: k, the column's number, v, the value, p0, p1, ..., its numbers, and what else is asked for of its row. */
function longSql(
  from: string,
  columns: readonly Pick<LongQuestion, "id" | "numbers">[],
  beside: readonly string[],
): string {
  const [first] = columns as [LongQuestion];
  const numbers = first.numbers.map((_, i) => columns.map((column) => literal(column.numbers[i] as number)));
  const lists = [columns.map((_, i) => String(i)), columns.map(({ id }) => id), ...numbers];
  const names = ["k", "v", ...numbers.map((_, i) => `p${i}`)];
  const values = lists.map(
    (list, i) => `${columns.length > 1 ? `unnest([${list.join(", ")}])` : list[0]} AS ${names[i]}`,
  );
  return `(SELECT ${[...values, ...beside].join(", ")} FROM ${from})`;
}

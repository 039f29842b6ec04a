import type { DataTable } from "../data/index.ts";

/** Values that one query looks at: what is sorted or told apart (quantiles, different values) is kept until it ends. */
const CELLS = 4_000_000;

/** Columns of one query. */
const MOST = 64;

interface Question {
  readonly figures: Readonly<Record<string, string>>;
  resolve(row: Record<string, unknown>): void;
  reject(error: unknown): void;
}

/**
 * Figures of many columns, such as their means: what is asked for before the event loop turns, of the same rows, is computed in one pass over
 * them. A query of one column takes some milliseconds whatever it looks at, which is most of the time for tables of hundreds of columns.
 */
export class Figures {
  private readonly asked = new Map<string, Question[]>();

  /** @param rows of the table: a query is of fewer columns where these are many. */
  constructor(
    private readonly table: DataTable,
    private readonly rows: number,
  ) {}

  /**
   * @param from the rows, as they stand behind FROM in SQL.
   * @param figures SQL of one value each, such as { mean: "avg(x3)" }.
   * @returns their values by the same names.
   */
  of(from: string, figures: Readonly<Record<string, string>>): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      if (this.asked.size === 0) setImmediate(() => this.ask());
      const others = this.asked.get(from);
      const question: Question = { figures, resolve, reject };
      if (others) others.push(question);
      else this.asked.set(from, [question]);
    });
  }

  private ask(): void {
    const columns = Math.max(1, Math.min(MOST, Math.floor(CELLS / Math.max(1, this.rows))));
    const all = [...this.asked];
    this.asked.clear();
    for (const [from, questions] of all)
      for (let i = 0; i < questions.length; i += columns) void this.answer(from, questions.slice(i, i + columns));
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
}

import { createHash, randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { DescentError, fail, refusePackage } from "../../util/index.ts";
import { messageOf } from "./message.ts";
import { isQuery, quoteText, withoutPatterns } from "./sql.ts";

// What is used of `@duckdb/node-api`, an optional package of 70 MB that is loaded here.

interface Vector {
  /** Of numbers: one per row. */
  readonly items?: Float64Array | Float32Array;
  /** Of arrays of a fixed length: their numbers, one array after the other. */
  readonly childData?: Vector;
  getItem(row: number): unknown;
}

export interface Chunk {
  readonly rowCount: number;
  getColumnVector(column: number): Vector;
}

interface Result {
  fetchChunk(): Promise<Chunk | null>;
  getRowObjectsJS(): Promise<Record<string, unknown>[]>;
}

interface Connection {
  run(sql: string): Promise<unknown>;
  stream(sql: string): Promise<Result>;
  interrupt(): void;
  disconnectSync(): void;
}

interface Library {
  readonly DuckDBInstance: {
    create(
      path: string,
      options: Record<string, string>,
    ): Promise<{ connect(): Promise<Connection>; closeSync(): void }>;
  };
}

/** Chunks of an answer that are read ahead. */
const AHEAD = 4;

/** What another database like one is made of. */
export interface DatabaseSetup {
  readonly options: Readonly<Record<string, string>>;
  /** What it was told until it was locked. */
  readonly statements: readonly string[];
}

export const DUCKDB = "@duckdb/node-api";

export interface DatabaseOptions {
  /** Files that may be read; no others can. Undefined: any, for what a user's own query names. */
  readonly files: readonly string[] | undefined;
  /** Folders all files of which may be read; default none. */
  readonly folders?: readonly string[] | undefined;
  /** Memory that DuckDB may take before it writes to disk, in megabytes. */
  readonly memory: number;
  /** Threads of DuckDB; undefined for one per processor. */
  readonly threads: number | undefined;
  /**
   * Whether tables that statements make lie in a file. In memory, those that don't fit are written to disk, too, but anew every time that they
   * make room for others, even if nothing but reading is done. Default false.
   */
  readonly onDisk?: boolean | undefined;
  /** What {@link newSpill} named, where files are written before it is open; removed when it is closed. Default: a new one. */
  readonly folder?: string | undefined;
}

/** Folders of this process that hold what has no room in memory: removed when it ends, too, if nobody closed the table. */
const spills = new Set<string>();

/** What the folders of this machine's processes are called; processes of other machines may share the temporary folder. */
const SPILL = `descent-duckdb-${createHash("sha256").update(hostname()).digest("hex").slice(0, 8)}-`;

/** What is done before the first folder: others' are swept. */
let swept: Promise<void> | undefined;

/** The name of a folder for what is written while a table is open: removed when the process ends, at the latest. */
export function newSpill(): string {
  const folder = join(tmpdir(), `${SPILL}${process.pid}-${randomBytes(6).toString("hex")}`);
  spills.add(folder);
  return folder;
}

/** Removes what processes left behind that were killed, and sees to it that this one leaves nothing. */
async function sweep(): Promise<void> {
  process.once("exit", () => {
    for (const folder of spills) rmSync(folder, { recursive: true, force: true });
  });
  for (const name of await readdir(tmpdir()).catch(() => [])) {
    const id = name.startsWith(SPILL) ? Number(name.slice(SPILL.length).split("-")[0]) : 0;
    if (id > 0 && !isAlive(id)) await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
  }
}

function isAlive(id: number): boolean {
  try {
    process.kill(id, 0); // sends nothing
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/**
 * A DuckDB in memory that reads some files and nothing else: no other files, no network, no extensions that it doesn't bring with it; and no
 * query can change that. What does not fit into memory goes to a temporary folder of its own.
 */
export class Database {
  private connection!: Connection;
  private instance!: Awaited<ReturnType<Library["DuckDBInstance"]["create"]>>;
  private options: Record<string, string> = {};
  private readonly statements: string[] = [];
  private locked = false;
  /** Whether it has what only it sees: tables that were made since. */
  private isAlone = false;
  private closed = false;
  /** Settles when the last question was answered. */
  private asked: Promise<unknown> = Promise.resolve();

  private constructor(
    /** The folder of what has no room in memory; not there before something is written. */
    readonly spill: string,
  ) {}

  /** @throws DescentError when the package is not installed. */
  static async open(options: DatabaseOptions): Promise<Database> {
    const { files, folders = [], memory, threads, onDisk = false, folder = newSpill() } = options;
    const { DuckDBInstance } = await library();
    swept ??= sweep();
    await swept;
    const database = new Database(folder);
    if (onDisk) await mkdir(folder, { mode: 0o700, recursive: true });
    const place = onDisk ? join(database.spill, "tables.duckdb") : ":memory:";
    database.options = {
      autoinstall_known_extensions: "false",
      autoload_known_extensions: "false",
      memory_limit: `${memory}MB`,
      temp_directory: database.spill,
      preserve_insertion_order: "true",
      ...(threads !== undefined && { threads: String(threads) }),
    };
    database.instance = await DuckDBInstance.create(place, database.options);
    database.connection = await database.instance.connect();
    if (!files) return database;
    const allowed = files.flatMap((file) => [file, withoutPatterns(file)]).map(quoteText);
    await database.run(`SET allowed_paths = [${allowed.join(", ")}]`);
    if (folders.length > 0) await database.run(`SET allowed_directories = [${folders.map(quoteText).join(", ")}]`);
    await database.run("SET enable_external_access = false");
    return database;
  }

  /** After this, no statement changes a setting. */
  async lock(): Promise<void> {
    await this.run("SET lock_configuration = true");
    this.locked = true;
  }

  /** Does a statement whose answer doesn't matter. */
  async run(sql: string): Promise<void> {
    this.isAlone ||= this.locked;
    await this.connection.run(sql).catch(refused);
    if (!this.locked) this.statements.push(sql);
  }

  /** For a database on another thread that sees the same; undefined where none can. */
  setup(): DatabaseSetup | undefined {
    if (this.closed) fail("a table is read after it was closed", "it open");
    return this.isAlone ? undefined : { options: this.options, statements: [...this.statements] };
  }

  /** The rows of a small answer. One question after the other: a connection forgets an answer when it is asked again. */
  rows(sql: string): Promise<Record<string, unknown>[]> {
    this.isAlone ||= this.locked && !isQuery(sql) && !/^\s*describe\s/i.test(sql);
    const answer = this.asked.then(() => this.ask(sql));
    this.asked = answer.catch(() => undefined);
    return answer;
  }

  private async ask(sql: string): Promise<Record<string, unknown>[]> {
    const result = await this.connection.stream(sql).catch(refused);
    const rows = await result.getRowObjectsJS().catch(refused);
    return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])));
  }

  /** Reads a query's answer piece by piece, in bounded memory; `close` may be called at any moment. */
  stream(sql: string): { next(): Promise<Chunk | undefined>; close(): void } {
    if (this.closed) fail("a table is read after it was closed", "it open");
    let connection: Connection | undefined;
    let closed = false;
    const begun = (async () => {
      connection = await this.instance.connect();
      return connection.stream(sql);
    })();
    begun.catch(() => undefined);
    // One answer at a time: what is asked at once may be answered in any order.
    const ready: (Chunk | undefined)[] = [];
    let failure: { error: unknown } | undefined;
    let ended = false;
    let working: Promise<void> | undefined;
    const work = () => {
      if (working || ended || failure || closed || ready.length >= AHEAD) return;
      working = (async () => {
        try {
          const result = await begun;
          while (!ended && !closed && ready.length < AHEAD) {
            const chunk = await result.fetchChunk();
            ended = !chunk || chunk.rowCount === 0;
            ready.push(ended ? undefined : (chunk as Chunk));
          }
        } catch (error) {
          failure = { error };
        } finally {
          working = undefined;
        }
      })();
    };
    return {
      async next() {
        for (;;) {
          work();
          if (ready.length > 0) {
            const chunk = ready.shift();
            work();
            return chunk;
          }
          if (closed || ended) return undefined;
          if (failure) refused(failure.error);
          await working;
        }
      },
      close() {
        closed = true;
        connection?.interrupt();
        connection?.disconnectSync();
      },
    };
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.connection.disconnectSync();
    this.instance.closeSync();
    await rm(this.spill, { recursive: true, force: true });
    spills.delete(this.spill);
  }
}

async function library(): Promise<Library> {
  try {
    const loaded = (await import(DUCKDB)) as Library & { default?: Library };
    return loaded.DuckDBInstance ? loaded : (loaded.default as Library);
  } catch (error) {
    return refusePackage(DUCKDB, "reads tables", error);
  }
}

/** DuckDB's refusal on one line: "Binder Error: ...". */
export class QueryError extends DescentError {}

function refused(error: unknown): never {
  throw new QueryError(messageOf(error));
}

/** A whole number as a number, where that is exact. */
function plain(value: unknown): unknown {
  return typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

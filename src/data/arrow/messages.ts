import { inPieces, openedFile, type Read, readAt } from "../readers/array-file.ts";
import { damaged } from "../readers/headers.ts";
import { ARROW, FlatTable } from "./flatTable.ts";
import { type Field, fieldsOf } from "./schema.ts";
import type { Codec } from "./unpack.ts";

/** Bytes of a message that are read at once: most have shorter metadata. */
const HEAD = 4096;

/** Longest metadata of a message, and longest footer. */
const LONGEST = 1 << 26;

const MAGIC = "ARROW1";

/** Kinds of messages by their numbers in Arrow's Message.fbs. */
const SCHEMA = 1;
const DICTIONARY = 2;
const BATCH = 3;

/** Where a batch of values lies in a file, its buffers one after the other by columns. */
export interface Values {
  /** Where its message begins. */
  readonly message: number;
  readonly rows: number;
}

/** A dictionary at some time: what a message tells, after what others told `before`. */
export interface Dictionary extends Values {
  readonly before: Dictionary | undefined;
}

/** A batch of rows. */
export interface Rows extends Values {
  /** Rows before it. */
  readonly start: number;
  /** The dictionaries in force, by their numbers. */
  readonly dictionaries: ReadonlyMap<number, Dictionary>;
}

/** What an Arrow file holds, and where. */
export interface ArrowFile {
  readonly path: string;
  /** Its bytes. */
  readonly size: number;
  readonly fields: readonly Field[];
  readonly batches: readonly Rows[];
  readonly rows: number;
}

/** The parts of a batch in its file: what its columns are long, and their buffers. */
export interface BatchHeader {
  readonly rows: number;
  readonly lengths: readonly number[];
  readonly missing: readonly number[];
  /** Absolute places in the file. */
  readonly buffers: readonly { readonly at: number; readonly bytes: number }[];
  /** Of each column of views, its number of buffers with long values. */
  readonly views: readonly number[];
  readonly codec: Codec | undefined;
}

interface Message {
  readonly kind: number;
  readonly header: FlatTable;
  /** Where its body lies, and where the next message. */
  readonly body: number;
  readonly end: number;
}

/** Looks through a file, or a stream that lies in one, from message to message; bodies are not read. */
export function arrowFile(path: string): Promise<ArrowFile> {
  return openedFile(path, async (file, size) => {
    const read = inPieces((at, length) => readAt(file, at, length, path), size);
    const beginning = new TextDecoder("latin1").decode(await read(0, 8));
    if (beginning.startsWith("FEA1"))
      damaged(path, "it is Feather of version 1", "version 2, as pandas writes since 2020");
    const index = new Index(path, size);
    if (beginning.startsWith(MAGIC)) await index.file(read);
    else await index.stream(read);
    return index.result();
  });
}

class Index {
  private fields: Field[] | undefined;
  private readonly batches: Rows[] = [];
  private rows = 0;
  private dictionaries = new Map<number, Dictionary>();
  /** Whether a batch holds on to `dictionaries`. */
  private isHeld = false;

  constructor(
    private readonly path: string,
    private readonly size: number,
  ) {}

  /** A file: its end tells where the messages are. */
  async file(read: Read): Promise<void> {
    const { size } = this;
    const end = await read(Math.max(8, size - 10), 10);
    const length = end.length === 10 ? new DataView(end.buffer, end.byteOffset).getInt32(0, true) : -1;
    if (
      new TextDecoder("latin1").decode(end.subarray(4)) !== MAGIC ||
      length <= 0 ||
      length > Math.min(size - 18, LONGEST)
    ) {
      damaged(this.path, "it is cut short, or its end is damaged", ARROW);
    }
    const footer = FlatTable.root(await read(size - 10 - length, length), this.path);
    const schema = footer.table(1) ?? damaged(this.path, "it has no schema", ARROW);
    this.fields = fieldsOf(schema, this.path);
    let total = 0;
    for (const [field, kind] of [
      [2, DICTIONARY],
      [3, BATCH],
    ] as const) {
      for (const at of footer.numbers(field, 24)) {
        const message = await messageAt(read, at, size, this.path);
        if (message?.kind !== kind) damaged(this.path, "its end tells of messages that are not there", ARROW);
        total += message.end - at;
        if (total > size) damaged(this.path, "its batches overlap", ARROW);
        this.add(at, message);
      }
    }
  }

  /** A stream: a message after the other. */
  async stream(read: Read): Promise<void> {
    const { size } = this;
    for (let at = 0; at < size; ) {
      const message = await messageAt(read, at, size, this.path);
      if (!message) break;
      if (!this.fields) {
        if (message.kind !== SCHEMA) damaged(this.path, "it does not begin as one", ARROW);
        this.fields = fieldsOf(message.header, this.path);
      } else this.add(at, message);
      at = message.end;
    }
  }

  result(): ArrowFile {
    const { path, size, fields, batches, rows } = this;
    if (!fields) return damaged(path, "it does not begin as one", ARROW);
    return fields.length > 0 ? { path, size, fields, batches, rows } : damaged(path, "it has no columns", ARROW);
  }

  private add(message: number, { kind, header }: Message): void {
    if (kind === BATCH) {
      const rows = rowsIn(header, this.path);
      this.batches.push({ message, rows, start: this.rows, dictionaries: this.dictionaries });
      this.rows += rows;
      this.isHeld = true;
    } else if (kind === DICTIONARY) {
      const id = header.int64(0);
      const own = header.table(1) ?? damaged(this.path, "a dictionary of it is empty", ARROW);
      const before = header.uint8(2) === 0 ? undefined : this.dictionaries.get(id);
      const dictionary = { message, rows: rowsIn(own, this.path), before };
      if (this.isHeld) this.dictionaries = new Map(this.dictionaries); // those of batches before it stay what they were
      this.isHeld = false;
      this.dictionaries.set(id, dictionary);
    } else damaged(this.path, `it holds a message of kind ${kind}`, "a schema, dictionaries and batches");
  }
}

function rowsIn(batch: FlatTable, path: string): number {
  const rows = batch.int64(0);
  return rows >= 0 && rows < 2 ** 40 ? rows : damaged(path, `a batch of it has ${rows} rows`, ARROW);
}

/** The message at a place: -1 (not in old files), the length of its metadata, the metadata, its body. Undefined at the end of a stream. */
async function messageAt(read: Read, at: number, size: number, path: string): Promise<Message | undefined> {
  if (at < 0 || at >= size) damaged(path, "it tells of what lies outside of it", ARROW);
  const head = await read(at, HEAD);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (head.length < 4) damaged(path, "it is cut short", ARROW);
  const isMarked = view.getInt32(0, true) === -1;
  const prefix = isMarked ? 8 : 4;
  if (head.length < prefix) damaged(path, "it is cut short", ARROW);
  const length = view.getInt32(prefix - 4, true);
  if (length === 0) return undefined;
  if (length < 0 || length > LONGEST || at + prefix + length > size) {
    damaged(path, at === 0 ? "it does not begin as one, or is cut short" : "it is cut short or damaged", ARROW);
  }
  const bytes =
    prefix + length <= head.length ? head.subarray(prefix, prefix + length) : await read(at + prefix, length);
  const message = FlatTable.root(bytes, path);
  const body = at + prefix + length;
  const end = body + message.int64(3);
  if (end < body || end > size) damaged(path, "it is cut short or damaged", ARROW);
  const header = message.table(2) ?? damaged(path, "one of its messages is empty", ARROW);
  return { kind: message.uint8(1), header, body, end };
}

/** What a batch's message tells of its columns; read again when it is its turn, so that a file of many batches takes no memory for them. */
export async function batchHeader(
  { path, size }: ArrowFile,
  { message: at, rows }: Values,
  of: "rows" | "dictionary",
  read: Read,
): Promise<BatchHeader> {
  const message = await messageAt(read, at, size, path);
  const batch = of === "rows" ? message?.header : message?.header.table(1);
  if (!message || !batch || batch.int64(0) !== rows) damaged(path, "it changed while it was read", ARROW);
  const [starts, sizes] = [batch.numbers(2, 16, 0), batch.numbers(2, 16, 8)];
  const most = message.end - message.body;
  const buffers = starts.map((start, i) => {
    const bytes = sizes[i] as number;
    if (start < 0 || bytes < 0 || start + bytes > most) damaged(path, "a batch of it leads out of itself", ARROW);
    return { at: message.body + start, bytes };
  });
  const packed = batch.table(3);
  const codec =
    packed && ((["lz4", "zstd"] as const)[packed.uint8(0)] ?? damaged(path, "it is packed in a way of its own", ARROW));
  return {
    rows,
    lengths: batch.numbers(1, 16, 0),
    missing: batch.numbers(1, 16, 8),
    buffers,
    views: batch.numbers(4),
    codec,
  };
}

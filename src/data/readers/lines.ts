import { open } from "node:fs/promises";
import { fail } from "../../util/index.ts";
import type { Flow } from "../datasets/flow.ts";

/** Lines of a batch, and bytes that are read at a time. */
const LINES = 256;
const PIECE = 1 << 18;

/** The longest line, in bytes. */
const LONGEST = 1 << 24;

/** The lines of text files, one after the other, as the column `text`: UTF-8, without their ends. */
export function linesFlow(paths: readonly string[]): Flow {
  return {
    description: `lines of ${paths.join(", ")}`,
    length: undefined,
    open(_, position) {
      let { file = 0, byte = 0 } = (position ?? {}) as { file?: number; byte?: number };
      let reader: LineReader | undefined;
      return {
        async next() {
          const text: string[] = [];
          while (text.length < LINES && file < paths.length) {
            reader ??= await LineReader.open(paths[file] as string, byte);
            const line = await reader.next();
            if (line === undefined) {
              await reader.close();
              [reader, file, byte] = [undefined, file + 1, 0];
            } else {
              text.push(line);
              byte = reader.at;
            }
          }
          return text.length > 0 ? { text } : undefined;
        },
        position: () => ({ file, byte }),
        close: async () => reader?.close(),
      };
    },
  };
}

class LineReader {
  private rest: Uint8Array = new Uint8Array(0);
  private ended = false;
  private readonly decoder = new TextDecoder("utf-8", { ignoreBOM: true });

  private constructor(
    private readonly path: string,
    private readonly file: Awaited<ReturnType<typeof open>>,
    /** The byte where the next line begins. */
    public at: number,
  ) {}

  static async open(path: string, at: number): Promise<LineReader> {
    const file = await open(path, "r").catch((error: Error) =>
      fail(`${path} cannot be read: ${error.message}`, "a file"),
    );
    return new LineReader(path, file, at);
  }

  async next(): Promise<string | undefined> {
    let from = 0;
    for (;;) {
      const stop = this.rest.indexOf(10, from);
      if (stop >= 0) return this.take(stop, stop + 1);
      if (this.ended) return this.rest.length > 0 ? this.take(this.rest.length, this.rest.length) : undefined;
      from = this.rest.length;
      if (from > LONGEST) fail(`${this.path} has a line of more than ${LONGEST} bytes`, "a text file");
      await this.readOn();
    }
  }

  close(): Promise<void> {
    return this.file.close();
  }

  private take(stop: number, next: number): string {
    const end = stop > 0 && this.rest[stop - 1] === 13 ? stop - 1 : stop;
    const start = this.at === 0 && this.rest[0] === 0xef && this.rest[1] === 0xbb && this.rest[2] === 0xbf ? 3 : 0;
    const line = this.decoder.decode(this.rest.subarray(start, Math.max(start, end)));
    this.rest = this.rest.subarray(next);
    this.at += next;
    return line;
  }

  private async readOn(): Promise<void> {
    const piece = new Uint8Array(PIECE);
    const { bytesRead } = await this.file.read(piece, 0, PIECE, this.at + this.rest.length);
    this.ended = bytesRead === 0;
    const joined = new Uint8Array(this.rest.length + bytesRead);
    joined.set(this.rest);
    joined.set(piece.subarray(0, bytesRead), this.rest.length);
    this.rest = joined;
  }
}

import { damaged } from "../readers/headers.ts";

export const ARROW = "a whole Arrow file (IPC, Feather version 2) or stream";

/**
 * A table of FlatBuffers, the format of Arrow's metadata: its fields by number, each at an offset that a table of offsets tells, or not there.
 * Nothing is taken for granted: every offset and every length is checked against the bytes there are, before memory is taken for it.
 */
export class FlatTable {
  private readonly offsets: number;
  private readonly count: number;

  private constructor(
    private readonly view: DataView,
    private readonly at: number,
    /** The file, in errors. */
    private readonly name: string,
  ) {
    this.check(at, 4);
    this.offsets = at - view.getInt32(at, true);
    this.check(this.offsets, 4);
    const size = view.getUint16(this.offsets, true);
    this.check(this.offsets, size);
    this.count = (size - 4) >> 1;
  }

  /** The table that some bytes are. */
  static root(bytes: Uint8Array, name: string): FlatTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < 8) damaged(name, "its metadata is cut short", ARROW);
    return new FlatTable(view, view.getUint32(0, true), name);
  }

  uint8(field: number, otherwise = 0): number {
    const at = this.place(field, 1);
    return at === undefined ? otherwise : this.view.getUint8(at);
  }

  int16(field: number, otherwise = 0): number {
    const at = this.place(field, 2);
    return at === undefined ? otherwise : this.view.getInt16(at, true);
  }

  int32(field: number, otherwise = 0): number {
    const at = this.place(field, 4);
    return at === undefined ? otherwise : this.view.getInt32(at, true);
  }

  int64(field: number): number {
    const at = this.place(field, 8);
    return at === undefined ? 0 : this.whole(at);
  }

  text(field: number): string {
    const { at, length } = this.vector(field, 1);
    return new TextDecoder().decode(new Uint8Array(this.view.buffer, this.view.byteOffset + at, length));
  }

  table(field: number): FlatTable | undefined {
    const at = this.place(field, 4);
    return at === undefined ? undefined : this.behind(at);
  }

  /** Tables, `most` at most: several of them may lie in one place, so that their number does not follow from that of the bytes. */
  tables(field: number, most: number): FlatTable[] {
    const { at, length } = this.vector(field, 4);
    if (length > most) damaged(this.name, "its metadata tells of too much", ARROW);
    return Array.from({ length }, (_, i) => this.behind(at + 4 * i));
  }

  /** 64-bit numbers at offset `part` of each of a list of structures of `size` bytes. */
  numbers(field: number, size = 8, part = 0): number[] {
    const { at, length } = this.vector(field, size);
    return Array.from({ length }, (_, i) => this.whole(at + size * i + part));
  }

  private behind(at: number): FlatTable {
    return new FlatTable(this.view, at + this.view.getUint32(at, true), this.name);
  }

  private place(field: number, size: number): number | undefined {
    if (field >= this.count) return undefined;
    const offset = this.view.getUint16(this.offsets + 4 + 2 * field, true);
    if (offset === 0) return undefined;
    this.check(this.at + offset, size);
    return this.at + offset;
  }

  private vector(field: number, size: number): { at: number; length: number } {
    const from = this.place(field, 4);
    if (from === undefined) return { at: 0, length: 0 };
    const at = from + this.view.getUint32(from, true);
    this.check(at, 4);
    const length = this.view.getUint32(at, true);
    this.check(at + 4, length * size);
    return { at: at + 4, length };
  }

  private whole(at: number): number {
    const value = Number(this.view.getBigInt64(at, true));
    return Number.isSafeInteger(value) ? value : damaged(this.name, `its metadata tells of ${value}`, ARROW);
  }

  private check(at: number, bytes: number): void {
    if (at < 0 || at + bytes > this.view.byteLength) damaged(this.name, "its metadata leads out of itself", ARROW);
  }
}

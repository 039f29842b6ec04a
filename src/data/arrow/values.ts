import { isUtf8 } from "node:buffer";
import type { Read } from "../readers/array-file.ts";
import { decodeElements, type Element } from "../readers/elements.ts";
import { damaged } from "../readers/headers.ts";
import { ARROW } from "./flatTable.ts";
import type { ArrowFile, BatchHeader } from "./messages.ts";
import type { Field, Form } from "./schema.ts";
import { unpacked } from "./unpack.ts";

/** Values of some rows: numbers side by side, NaN where one is missing; or a list, null where one is. */
export type Values = Float64Array | Float32Array | unknown[];

/** Rows of a batch that takes up no room, since everything in it is missing. */
const MOST_NOTHING = 1 << 24;

/** A buffer of a batch. */
interface Bytes {
  readonly bytes: number;
  read(start: number, length: number): Promise<Uint8Array>;
}

/** What a batch holds of a field. */
interface Column {
  readonly field: Field;
  /** Values, and how many of them are missing. */
  readonly length: number;
  readonly missing: number;
  readonly buffers: readonly Bytes[];
  readonly children: readonly Column[];
}

/** The columns of a batch by name. Buffers are read when they are asked for: of those that aren't packed, only the rows that are. */
export class Batch {
  private readonly columns: Map<string, Column>;
  /** Whole texts of columns of views. */
  private readonly long = new Map<Bytes, Promise<Uint8Array>>();

  constructor(
    private readonly file: ArrowFile,
    header: BatchHeader,
    fields: readonly Field[],
    read: Read,
  ) {
    const { path } = file;
    let [node, buffer, view] = [0, 0, 0];
    const take = (field: Field): Column => {
      const [length, missing] = [header.lengths[node], header.missing[node++]];
      const views = field.form.is === "views" && !field.dictionary ? (header.views[view++] ?? 0) : 0;
      const count = buffersOf(field) + views;
      const places = header.buffers.slice(buffer, buffer + count);
      buffer += count;
      if (length === undefined || length < 0 || places.length !== count)
        damaged(path, "a batch of it lacks columns", ARROW);
      const buffers = places.map(({ at, bytes }) => bufferOf(read, path, at, bytes, header.codec));
      const children = field.dictionary ? [] : field.children.map(take);
      return { field, length, missing: missing as number, buffers, children };
    };
    this.columns = new Map(fields.map((field) => [field.name, take(field)]));
    if (node !== header.lengths.length || buffer !== header.buffers.length)
      damaged(path, "a batch of it has more than its columns", ARROW);
    for (const { length } of this.columns.values()) {
      if (length !== header.rows) damaged(path, `a column has ${length} of a batch's ${header.rows} rows`, ARROW);
    }
  }

  /** Rows [start, start + count) of a column; `dictionary` holds the values of one that has one. */
  async values(name: string, start: number, count: number, dictionary: Values | undefined): Promise<Values> {
    const column = this.columns.get(name) as Column;
    if (!column.field.dictionary) return this.read(column, column.field.form, start, count);
    const places = (await this.read(column, column.field.dictionary.places, start, count)) as Float64Array;
    return this.looked(places, dictionary as Values, column.field.kind);
  }

  private looked(places: Float64Array, dictionary: Values, kind: Field["kind"]): Values {
    for (const place of places) {
      if (place < 0 || place >= dictionary.length)
        damaged(this.file.path, `it asks for entry ${place} of a dictionary of ${dictionary.length}`, ARROW);
    }
    if (Array.isArray(dictionary))
      return Array.from(places, (place) => (Number.isNaN(place) ? null : dictionary[place]));
    if (kind === "numbers") damaged(this.file.path, "it has a dictionary of arrays", "arrays themselves");
    return places.map((place) => (Number.isNaN(place) ? Number.NaN : (dictionary[place] as number)));
  }

  private async read(column: Column, form: Form, start: number, count: number): Promise<Values> {
    const { field, buffers, length } = column;
    const { path } = this.file;
    const fixed = async (bytes: number) => bytesOf(buffers[1] as Bytes, start * bytes, count * bytes, path);
    switch (form.is) {
      case "null":
        if (length > MOST_NOTHING) damaged(path, `a batch of nothing has ${length} rows`, `at most ${MOST_NOTHING}`);
        return new Float64Array(count).fill(Number.NaN);
      case "bits": {
        const bits = await bitsOf(buffers[1] as Bytes, start, count, path);
        return this.blanked(column, Float64Array.from(bits), start, count);
      }
      case "integers": {
        const { bytes, signed, times, over } = form;
        const raw = await fixed(bytes);
        const numbers =
          bytes === 8
            ? wide(raw, signed, over)
            : new Float64Array(decodeElements(raw, `${signed ? "i" : "u"}${bytes}` as Element, false, path));
        if (times !== 1) for (let i = 0; i < count; i++) numbers[i] = (numbers[i] as number) * times;
        return this.blanked(column, numbers, start, count);
      }
      case "floats": {
        const numbers = decodeElements(await fixed(form.bytes), `f${form.bytes}` as Element, false, path);
        return this.blanked(column, numbers as Float64Array | Float32Array, start, count);
      }
      case "decimals":
        return this.blanked(column, decimals(await fixed(form.bytes), form.bytes, form.scale), start, count);
      case "arrays":
        return this.arrays(column, form.size, start, count);
      case "blocks": {
        if (form.bytes === 0 && length > MOST_NOTHING)
          damaged(path, `a batch of nothing has ${length} rows`, `at most ${MOST_NOTHING}`);
        const raw = await fixed(form.bytes);
        const list = Array.from({ length: count }, (_, i) => raw.subarray(i * form.bytes, (i + 1) * form.bytes));
        return this.nulled(column, list, start, count);
      }
      case "pieces":
        return this.nulled(column, await this.pieces(column, form.bytes, start, count), start, count);
      case "views":
        return this.nulled(column, await this.views(column, start, count), start, count);
      case "nested":
        return damaged(
          path,
          `its column "${field.name}" holds ${field.type}`,
          'numbers, texts, dates; name the others: columns({ x: ["a", "b"] })',
        );
    }
  }

  /** Arrays of one length; one that is missing is one of NaN. */
  private async arrays(column: Column, size: number, start: number, count: number): Promise<Values> {
    const child = column.children[0] as Column;
    if (child.length < column.length * size) damaged(this.file.path, "its arrays are cut short", ARROW);
    const numbers = (await this.read(child, child.field.form, start * size, count * size)) as
      | Float64Array
      | Float32Array;
    const present = await this.present(column, start, count);
    present?.forEach((bit, i) => {
      if (bit === 0) numbers.fill(Number.NaN, i * size, (i + 1) * size);
    });
    return numbers;
  }

  /** Texts or bytes that lie between offsets. */
  private async pieces(
    { field, buffers, length }: Column,
    bytes: number,
    start: number,
    count: number,
  ): Promise<unknown[]> {
    const { path } = this.file;
    const [, places, content] = buffers as [Bytes, Bytes, Bytes];
    // Of no values, offsets may be left out.
    if (length === 0 || count === 0) return [];
    const raw = await bytesOf(places, start * bytes, (count + 1) * bytes, path);
    const offsets = bytes === 8 ? wide(raw, true) : decodeElements(raw, "i4", false, path);
    for (let i = 0; i < count; i++) {
      if ((offsets[i] as number) < 0 || (offsets[i] as number) > (offsets[i + 1] as number))
        damaged(path, "the places of its texts are damaged", ARROW);
    }
    const from = offsets[0] as number;
    const all = Buffer.from(await bytesOf(content, from, (offsets[count] as number) - from, path));
    const ends = (i: number) => [(offsets[i] as number) - from, (offsets[i + 1] as number) - from] as const;
    return this.cut(all, count, ends, field.kind === "text");
  }

  /** Texts or bytes in views of 16 bytes: their length, then they themselves up to 12 bytes, or 4 bytes of them, a buffer and a place in it. */
  private async views({ field, buffers }: Column, start: number, count: number): Promise<unknown[]> {
    const { path } = this.file;
    const raw = await bytesOf(buffers[1] as Bytes, start * 16, count * 16, path);
    const numbers = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    const list: unknown[] = [];
    for (let i = 0; i < count; i++) {
      const length = numbers.getInt32(16 * i, true);
      if (length < 0) damaged(path, "the places of its texts are damaged", ARROW);
      let own = raw.subarray(16 * i + 4, 16 * i + 4 + length);
      if (length > 12) {
        const [buffer, place] = [numbers.getInt32(16 * i + 8, true), numbers.getInt32(16 * i + 12, true)];
        const all = await this.whole(buffer < 0 ? undefined : buffers[2 + buffer]);
        if (place < 0 || place + length > all.length) damaged(path, "the places of its texts are damaged", ARROW);
        own = all.subarray(place, place + length);
      }
      list.push(this.cut(Buffer.from(own), 1, () => [0, length], field.kind === "text")[0]);
    }
    return list;
  }

  private whole(buffer: Bytes | undefined): Promise<Uint8Array> {
    if (!buffer) return damaged(this.file.path, "the places of its texts are damaged", ARROW);
    const known = this.long.get(buffer) ?? buffer.read(0, buffer.bytes);
    this.long.set(buffer, known);
    return known;
  }

  private cut(all: Buffer, count: number, ends: (i: number) => readonly [number, number], isText: boolean): unknown[] {
    if (!isText) return Array.from({ length: count }, (_, i) => Uint8Array.from(all.subarray(...ends(i))));
    if (!isUtf8(all)) damaged(this.file.path, "its texts are not UTF-8", ARROW);
    return Array.from({ length: count }, (_, i) => all.toString("utf8", ...ends(i)));
  }

  /** A byte for each value: 0 where it is missing. Undefined where none is. */
  private async present({ missing, buffers }: Column, start: number, count: number): Promise<Uint8Array | undefined> {
    const [bitmap] = buffers;
    return missing === 0 || !bitmap || bitmap.bytes === 0 ? undefined : bitsOf(bitmap, start, count, this.file.path);
  }

  private async blanked<T extends Float64Array | Float32Array>(
    column: Column,
    numbers: T,
    start: number,
    count: number,
  ): Promise<T> {
    (await this.present(column, start, count))?.forEach((bit, i) => {
      if (bit === 0) numbers[i] = Number.NaN;
    });
    return numbers;
  }

  private async nulled(column: Column, list: unknown[], start: number, count: number): Promise<unknown[]> {
    (await this.present(column, start, count))?.forEach((bit, i) => {
      if (bit === 0) list[i] = null;
    });
    return list;
  }
}

/** Buffers of a field without those of its children: the bitmap of what is there, and what its form needs. */
function buffersOf({ form, dictionary }: Field): number {
  if (dictionary) return 2;
  if (form.is === "nested") return form.buffers;
  return { null: 0, arrays: 1, pieces: 3, bits: 2, integers: 2, floats: 2, decimals: 2, blocks: 2, views: 2 }[form.is];
}

function bufferOf(from: Read, path: string, at: number, bytes: number, codec: BatchHeader["codec"]): Bytes {
  if (!codec || bytes === 0) return { bytes, read: (start, length) => from(at + start, length) };
  let content: Promise<Uint8Array> | undefined;
  return {
    bytes: Number.POSITIVE_INFINITY, // known when it is unpacked
    async read(start, length) {
      content ??= from(at, bytes).then((packed) => unpacked(packed, codec, path));
      const all = await content;
      const stop = Math.min(start + length, all.length); // Infinity for all of it
      return all.slice(start, stop);
    },
  };
}

async function bytesOf(buffer: Bytes, start: number, length: number, path: string): Promise<Uint8Array> {
  const found = start + length <= buffer.bytes ? await buffer.read(start, length) : undefined;
  return found?.length === length ? found : damaged(path, "a column of it is cut short", ARROW);
}

/** Bits [start, start + count) of a bitmap, a byte for each; the lowest of a byte is the first. */
async function bitsOf(buffer: Bytes, start: number, count: number, path: string): Promise<Uint8Array> {
  const first = start >> 3;
  const bytes = await bytesOf(buffer, first, Math.ceil((start + count) / 8) - first, path);
  const bits = new Uint8Array(count);
  for (let i = 0, at = start - 8 * first; i < count; i++, at++) bits[i] = ((bytes[at >> 3] as number) >> (at & 7)) & 1;
  return bits;
}

/**
 * 64-bit integers divided by `over`, rounded down to whole numbers, then to float64. The high word is divided first: what it leaves, at most
 * 10^6 times 2^32, is exact.
 */
function wide(bytes: Uint8Array, signed: boolean, over = 1): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Float64Array(bytes.length / 8);
  for (let i = 0; i < out.length; i++) {
    const low = view.getUint32(8 * i, true);
    const high = signed ? view.getInt32(8 * i + 4, true) : view.getUint32(8 * i + 4, true);
    const whole = Math.floor(high / over);
    out[i] = whole * 2 ** 32 + Math.floor(((high - whole * over) * 2 ** 32 + low) / over);
  }
  return out;
}

/** Whole numbers of several words, the lowest first, divided by 10^scale. */
function decimals(bytes: Uint8Array, size: number, scale: number): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Float64Array(bytes.length / size);
  for (let i = 0; i < out.length; i++) {
    let value = BigInt(view.getInt32((i + 1) * size - 4, true));
    for (let at = (i + 1) * size - 8; at >= i * size; at -= 4)
      value = value * 4294967296n + BigInt(view.getUint32(at, true));
    out[i] = scale < 0 ? Number(value) * 10 ** -scale : Number(value) / 10 ** scale;
  }
  return out;
}

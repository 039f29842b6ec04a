/**
 * Writes protocol buffers (https://protobuf.dev/programming-guides/encoding): each field is a key, `number << 3 | wire type`, and its
 * value: a varint (0), 8 bytes (1), a length and bytes (2), or 4 bytes (5). Fields come in the order they are written.
 */
export class ProtoWriter {
  private readonly parts: Uint8Array[] = [];

  /** An integer, a bool or an enum; negative ones as 64 bits, two's complement. */
  int(field: number, value: number | bigint): this {
    return this.put(varint(field << 3), varint(value));
  }

  float(field: number, value: number): this {
    return this.put(
      varint((field << 3) | 5),
      fixed(4, (view) => view.setFloat32(0, value, true)),
    );
  }

  double(field: number, value: number): this {
    return this.put(
      varint((field << 3) | 1),
      fixed(8, (view) => view.setFloat64(0, value, true)),
    );
  }

  string(field: number, value: string): this {
    return this.bytes(field, utf8.encode(value));
  }

  bytes(field: number, value: Uint8Array): this {
    return this.put(varint((field << 3) | 2), varint(value.length), value);
  }

  /** A message within this one. */
  message(field: number, value: ProtoWriter): this {
    return this.put(varint((field << 3) | 2), varint(value.length), ...value.parts);
  }

  /** Repeated integers in one field, as proto3 has them. */
  ints(field: number, values: Iterable<number | bigint>): this {
    return this.bytes(field, joined(Array.from(values, varint)));
  }

  floats(field: number, values: Iterable<number>): this {
    return this.bytes(field, littleEndian(Array.from(values), 4, "setFloat32"));
  }

  doubles(field: number, values: Iterable<number>): this {
    return this.bytes(field, littleEndian(Array.from(values), 8, "setFloat64"));
  }

  get length(): number {
    return this.parts.reduce((sum, { length }) => sum + length, 0);
  }

  finish(): Uint8Array<ArrayBuffer> {
    return joined(this.parts);
  }

  private put(...parts: readonly Uint8Array[]): this {
    for (const part of parts) this.parts.push(part);
    return this;
  }
}

const utf8 = new TextEncoder();

/** Seven bits a byte, the lowest first; the top bit says that more follow. */
function varint(value: number | bigint): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 0x80);
  } while (rest !== 0n);
  return Uint8Array.from(bytes);
}

function fixed(size: number, write: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(size);
  write(new DataView(bytes.buffer));
  return bytes;
}

function littleEndian(values: readonly number[], size: number, set: "setFloat32" | "setFloat64"): Uint8Array {
  return fixed(size * values.length, (view) => {
    values.forEach((value, i) => {
      view[set](i * size, value, true);
    });
  });
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

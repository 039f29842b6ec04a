import { crc32, inflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { encodePng } from "../../src/cli/report/index.ts";
import fc from "../tools/properties.ts";

/** Reads a PNG as its specification says, and checks every checksum on the way. */
function decodePng(file: Uint8Array): { width: number; height: number; channels: number; pixels: number[] } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  expect([...file.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const chunks = new Map<string, Uint8Array>();
  for (let at = 8; at < file.length; ) {
    const length = view.getUint32(at);
    const type = Buffer.from(file.subarray(at + 4, at + 8)).toString("latin1");
    expect(view.getUint32(at + 8 + length)).toBe(crc32(file.subarray(at + 4, at + 8 + length)));
    chunks.set(type, file.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  expect([...chunks.keys()]).toEqual(["IHDR", "IDAT", "IEND"]);
  const header = Buffer.from(chunks.get("IHDR") ?? []);
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  expect([header[8], header[10], header[11], header[12]]).toEqual([8, 0, 0, 0]);
  const channels = { 0: 1, 2: 3, 4: 2, 6: 4 }[header[9] ?? -1] ?? 0;
  const rows = inflateSync(chunks.get("IDAT") ?? new Uint8Array());
  expect(rows.length).toBe(height * (width * channels + 1));
  const pixels: number[] = [];
  for (let y = 0; y < height; y++) {
    const row = rows.subarray(y * (width * channels + 1), (y + 1) * (width * channels + 1));
    expect(row[0]).toBe(0);
    pixels.push(...row.subarray(1));
  }
  return { width, height, channels, pixels };
}

const pictures = fc
  .tuple(fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 4 }))
  .chain(([height, width, channels]) => {
    const size = height * width * channels;
    return fc.tuple(fc.constant([height, width, channels]), fc.uint8Array({ minLength: size, maxLength: size }));
  });

describe("encodePng", () => {
  test("any picture of bytes reads back as it was", () => {
    fc.assert(
      fc.property(pictures, ([shape, bytes]) => {
        const { width, height, channels, pixels } = decodePng(encodePng(bytes, shape));
        expect([height, width, channels]).toEqual(shape);
        expect(pixels).toEqual([...bytes]);
      }),
    );
  });

  test("numbers from 0 to 1 become 0 to 255; what lies outside is clipped, NaN is black", () => {
    const values = [0, 1, 0.5, -3, 7, Number.NaN];
    expect(decodePng(encodePng(values, [2, 3])).pixels).toEqual([0, 255, 128, 0, 255, 0]);
  });

  test.each([[[4]], [[2, 2, 5]], [[0, 4]], [[1, 2, 2, 1]]])("refuses the shape %j", (shape) => {
    expect(() => encodePng(new Uint8Array(4), shape)).toThrow(/a picture cannot have shape/);
  });

  test("refuses a shape of another size", () => {
    expect(() => encodePng(new Uint8Array(5), [2, 2])).toThrow(/\[2, 2\] got 5 values/);
  });
});

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DescentError, decodeSafetensors, encodeSafetensors, product, type SavedTensor } from "../../src/util/index.ts";
import fc from "../tools/properties.ts";

function bytesOf(tensors: ReadonlyMap<string, SavedTensor>): Uint8Array {
  return Buffer.concat(encodeSafetensors(tensors, { format: "test" }));
}

const anyTensor = fc
  .array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 })
  .chain((shape) =>
    fc
      .array(fc.float(), { minLength: product(shape), maxLength: product(shape) })
      .map((values): SavedTensor => ({ shape, data: Float32Array.from(values) })),
  );

const anyFile = fc
  .uniqueArray(fc.tuple(fc.string({ minLength: 1 }), anyTensor), { maxLength: 4, selector: ([name]) => name })
  .filter((entries) =>
    entries.every(([name]) => name !== "__metadata__" && name !== "__proto__" && !/^\d+$/.test(name)),
  )
  .map((entries) => new Map(entries));

const sample = new Map<string, SavedTensor>([
  ["dense_1/kernel", { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 1e-30, Number.NaN, Number.POSITIVE_INFINITY) }],
  ["dense_1/bias", { shape: [3], data: Float32Array.of(0, -0, 7) }],
]);

describe("safetensors", () => {
  test("come back bit by bit", () => {
    fc.assert(
      fc.property(anyFile, (tensors) => {
        const back = decodeSafetensors(bytesOf(tensors), "a file");
        expect([...back.keys()].sort()).toEqual([...tensors.keys()].sort());
        for (const [name, { shape, data }] of tensors) {
          expect(back.get(name)?.shape).toEqual(shape);
          expect(Buffer.from(back.get(name)?.data.buffer ?? new ArrayBuffer(0))).toEqual(Buffer.from(data.buffer));
        }
      }),
    );
  });

  test("have the published layout", () => {
    const bytes = bytesOf(sample);
    const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    expect(JSON.parse(Buffer.from(bytes.subarray(8, 8 + length)).toString())).toEqual({
      __metadata__: { format: "test" },
      "dense_1/kernel": { dtype: "F32", shape: [2, 3], data_offsets: [0, 24] },
      "dense_1/bias": { dtype: "F32", shape: [3], data_offsets: [24, 36] },
    });
    expect(bytes.length).toBe(8 + length + 36);
  });

  test("a broken header or a cut file is refused, whatever is wrong with it", () => {
    const whole = bytesOf(sample);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), (size) => {
        expect(() => decodeSafetensors(whole.subarray(0, size), "a file")).toThrow(DescentError);
      }),
    );
    const headerEnd = 8 + Number(new DataView(whole.buffer, whole.byteOffset).getBigUint64(0, true));
    fc.assert(
      fc.property(fc.nat(headerEnd - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = Uint8Array.from(whole);
        damaged[at] = (damaged[at] ?? 0) ^ flip;
        try {
          decodeSafetensors(damaged, "a file"); // a changed name is still a whole file: the checksum finds it
        } catch (error) {
          expect(error).toBeInstanceOf(DescentError);
        }
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => decodeSafetensors(bytes, "a file")).toThrow(DescentError);
      }),
    );
  });

  test.each([
    ["gaps", { a: { dtype: "F32", shape: [1], data_offsets: [4, 8] } }, /does not fit/],
    ["a wrong size", { a: { dtype: "F32", shape: [2], data_offsets: [0, 4] } }, /does not fit/],
    ["an enormous shape", { a: { dtype: "F32", shape: [2 ** 40], data_offsets: [0, 2 ** 42] } }, /ends inside/],
    ["another dtype", { a: { dtype: "F16", shape: [4], data_offsets: [0, 8] } }, /"a" is F16. Expected F32/],
    ["a foreign entry", { a: [1, 2] }, /entry of its tensor "a"/],
    ["a list", [], /not an object/],
  ])("%s in the header: refused", (_, header, message) => {
    const json = Buffer.from(JSON.stringify(header).padEnd(128));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(json.length));
    expect(() => decodeSafetensors(Buffer.concat([length, json, Buffer.alloc(8)]), "w.safetensors")).toThrow(message);
  });

  test("can be read with NumPy alone", (context) => {
    context.skip(!hasNumpy(), "needs numpy: there is no python3 that has it");
    const folder = mkdtempSync(join(tmpdir(), "descent-safetensors-"));
    writeFileSync(join(folder, "weights.safetensors"), bytesOf(sample));
    const script = `
import json, struct, numpy
raw = open("weights.safetensors", "rb").read()
size = struct.unpack("<Q", raw[:8])[0]
header = json.loads(raw[8:8+size])
header.pop("__metadata__")
out = {}
for name, e in header.items():
    a, b = e["data_offsets"]
    out[name] = numpy.frombuffer(raw[8+size+a:8+size+b], dtype="<f4").reshape(e["shape"]).astype(str).tolist()
print(json.dumps(out))`;
    const out = JSON.parse(execFileSync("python3", ["-c", script], { cwd: folder, encoding: "utf8" }));
    expect(out["dense_1/bias"].map(Number)).toEqual([0, -0, 7]);
    expect(out["dense_1/kernel"][0].map(Number)).toEqual([1, -2, 3.5]);
    rmSync(folder, { recursive: true });
  });
});

function hasNumpy(): boolean {
  try {
    execFileSync("python3", ["-c", "import numpy"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

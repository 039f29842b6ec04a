import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { fingerprintOf } from "../../src/engines/native/fingerprint.ts";
import { openNativeEngine } from "../../src/engines/native/index.ts";
import { identify, type Node, ops, type Program, withScope } from "../../src/ir/index.ts";
import { freshCache, freshFolder } from "./support.ts";

/** x * data + 1, traced anew at each call. */
function affine(values: readonly number[], name = "affine"): Program {
  const x = ops.placeholder("x", [3], "float32");
  const known = ops.data(Float32Array.from(values), [3], "float32");
  return { name, inputs: [x], state: [], outputs: [ops.add(ops.mul(x, known), ops.constant(1, [3]))] };
}

async function compile(program: Program) {
  const found = await openNativeEngine();
  if (!("engine" in found)) throw new Error(found.reason);
  const { engine } = found;
  const { bind, facts } = await engine
    .compile(program)
    .then((made) => ({ bind: made.bind.bind(made), facts: made.facts }));
  const run = async (...numbers: number[]): Promise<number[]> => {
    const [x, y] = [engine.allocate("float32", 3), engine.allocate("float32", 3)];
    x.set(numbers);
    await bind({ inputs: [x], state: [], outputs: [y] })();
    return [...y];
  };
  return { facts, run };
}

const records = (cache: string) => readdirSync(cache).filter((name) => /^program-[0-9a-f]{64}\.json$/.test(name));

describe("the identity of a program", () => {
  const text = (build: () => Node): string => identify({ name: "p", inputs: [], state: [], outputs: [build()] }).text;
  const constant = (value: number) => text(() => ops.constant(value, [2]));

  test("is that of its structure: not of names, of when it was traced, of the values of data", () => {
    const [one, two] = [identify(affine([1, 2, 3])), identify(affine([4, 5, 6], "another"))];
    expect(one.text).toBe(two.text);
    expect([...two.data[0]!]).toEqual([4, 5, 6]);
  });

  test("tells numbers apart that JSON does not", () => {
    const values = [0, -0, 1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    expect(new Set(values.map(constant)).size).toBe(values.length);
  });

  test("tells ops, shapes, types, scopes, sharing of arrays and the order of inputs apart", () => {
    const x = ops.placeholder("x", [2, 2], "float32");
    const y = ops.placeholder("y", [2, 2], "float32");
    const array = Float32Array.of(1, 2);
    const data = (a: Float32Array, b: Float32Array) =>
      text(() => ops.add(ops.data(a, [2], "float32"), ops.data(b, [2], "float32")));
    const program = (inputs: Node[]) => identify({ name: "p", inputs, state: [], outputs: [ops.sub(x, y)] }).text;
    const texts = [
      text(() => ops.add(x, y)),
      text(() => ops.add(x, x)),
      text(() => ops.mul(x, y)),
      text(() => ops.cast(x, "int32")),
      text(() => ops.reshape(x, [4])),
      text(() => ops.reshape(x, [1, 4])),
      withScope("layer", () => text(() => ops.add(x, y))),
      data(array, array),
      data(array, Float32Array.of(1, 2)),
      program([x, y]),
      program([y, x]),
    ];
    expect(new Set(texts).size).toBe(texts.length);
  });
});

describe("a program compiled before", () => {
  test("is found by its graph, and reads its own data", async () => {
    const cache = freshCache();
    const first = await compile(affine([1, 2, 3]));
    expect(first.facts).toMatchObject({ cached: false });
    expect(records(cache)).toHaveLength(1);
    const second = await compile(affine([4, 5, 6]));
    expect(second.facts).toEqual({ ...first.facts, cached: true, compileMs: 0 });
    expect(await first.run(1, 10, 100)).toEqual([2, 21, 301]);
    expect(await second.run(1, 10, 100)).toEqual([5, 51, 601]);
    expect(records(cache)).toHaveLength(1);
  });

  test.each<[string, (cache: string, record: string) => void]>([
    ["its record is damaged", (_, record) => writeFileSync(record, readFileSync(record, "utf8").replace("1", "2"))],
    ["its record is cut off", (_, record) => writeFileSync(record, readFileSync(record).subarray(0, 100))],
    ["its record is gone", (_, record) => rmSync(record)],
    ["its library is gone", (cache) => removeLibraries(cache)],
  ])("is made again when %s", async (_, damage) => {
    const cache = freshCache();
    await compile(affine([1, 2, 3]));
    damage(cache, join(cache, records(cache)[0]!));
    const again = await compile(affine([7, 8, 9]));
    expect(await again.run(1, 1, 1)).toEqual([8, 9, 10]);
    expect(records(cache)).toHaveLength(1);
    expect((await compile(affine([1, 2, 3]))).facts).toMatchObject({ cached: true });
  });

  function removeLibraries(cache: string): void {
    for (const name of readdirSync(cache).filter((each) => existsSync(join(cache, each, "library.so")))) {
      rmSync(join(cache, name), { recursive: true });
    }
  }
});

describe("the fingerprint of the code that compiles", () => {
  const folders = ["util", "ir", "passes", "codegen", "engines/native"];
  const copied = () => {
    const root = freshFolder();
    const from = fileURLToPath(new URL("../../src", import.meta.url));
    for (const folder of folders) cpSync(join(from, folder), join(root, folder), { recursive: true });
    return root;
  };
  const of = (root: string) => fingerprintOf(pathToFileURL(join(root, "engines/native/fingerprint.ts")).href);

  test("is that of its content, wherever it lies", async () => {
    expect(await of(copied())).toBe(await of(copied()));
  });

  test.each(folders)("changes with what lies in %s", async (folder) => {
    const root = copied();
    const before = await of(root);
    expect(before).toMatch(/^[0-9a-f]{64}$/);
    mkdirSync(join(root, folder, "deep"));
    writeFileSync(join(root, folder, "deep", "new.ts"), "export {};");
    expect(await of(root)).not.toBe(before);
  });

  test("is not known where the code was bundled", async () => {
    expect(await fingerprintOf("file:///somewhere/bundle.js")).toBeUndefined();
  });
});

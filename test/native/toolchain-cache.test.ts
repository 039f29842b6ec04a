import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadProgram, loadRuntime } from "../../src/engines/native/runtime/index.ts";
import { compileLibrary } from "../../src/engines/native/toolchain/index.ts";
import { pruneCache } from "../../src/engines/native/toolchain/prune.ts";
import { compile, freshCache, freshFolder, needCompiler, runFixture, setEnv } from "./support.ts";

/** A program that writes `value` to its only buffer. */
const writes = (value: number) => `void descent_program(int **b, int w) { if (w == 0) b[0][0] = ${value}; }`;

async function result(path: string): Promise<number | undefined> {
  const numbers = (await loadRuntime()).allocate("int32", 1);
  (await loadProgram(path, { threads: 1 })).bind([numbers]).runSync();
  return numbers[0];
}

describe("a compiled library", () => {
  test("is kept, for the same source only", async () => {
    const cache = freshCache();
    const first = await compile(writes(7));
    expect(first).toMatchObject({ cached: false, compileMs: expect.any(Number) });
    expect(first.compileMs).toBeGreaterThan(0);
    expect(dirname(dirname(first.path))).toBe(cache);
    expect(statSync(cache).mode & 0o777).toBe(0o700);
    expect(await compile(writes(7), "another name")).toEqual({ ...first, cached: true, compileMs: 0 });
    const other = await compile(writes(8));
    expect(other.cached).toBe(false);
    expect([await result(first.path), await result(other.path)]).toEqual([7, 8]);
  });

  test("is made from several sources", async () => {
    const cache = freshCache();
    const compiler = await needCompiler();
    const sources = Array.from({ length: 5 }, (_, i) => `int part${i}(void) { return ${10 ** i}; }`);
    const calls = sources.map((_, i) => `part${i}()`).join(" + ");
    const declarations = sources.map((_, i) => `int part${i}(void);`).join(" ");
    sources.push(`${declarations} void descent_program(int **b) { b[0][0] = ${calls}; }`);
    const { path } = await compileLibrary({ name: "parts", sources }, { compiler });
    expect(await result(path)).toBe(11111);
    expect(readdirSync(dirname(path)).filter((name) => name.endsWith(".o"))).toEqual([]);
    expect(readdirSync(cache).filter((name) => name.startsWith("build-"))).toEqual([]);
    const moved = { name: "parts", sources: [sources.slice(0, 2).join(""), ...sources.slice(2)] };
    expect((await compileLibrary(moved, { compiler })).cached).toBe(false);
  });

  test("is another one for other flags", async () => {
    freshCache();
    const native = await compile(writes(1));
    const { path } = await needCompiler();
    setEnv({ CC: `${path} -DOTHER` });
    const other = await compile(writes(1));
    expect(other.cached).toBe(false);
    expect(other.path).not.toBe(native.path);
  });

  test("is compiled once when asked for twice at the same time", async () => {
    freshCache();
    const [a, b] = await Promise.all([compile(writes(3)), compile(writes(3))]);
    expect(a).toBe(b);
  });

  test("is compiled by two processes at the same time", async () => {
    const cache = freshCache();
    const run = () => runFixture("compile.ts", { env: { SOURCE: writes(5) } });
    const ends = await Promise.all([run(), run()]);
    for (const { stdout, stderr, code } of ends) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(JSON.parse(stdout)).toMatchObject({ warnings: [], first: 5 });
    }
    const left = readdirSync(cache).filter((name) => !/^([0-9a-f]{64}|compiler-[0-9a-f]{64}\.json)$/.test(name));
    expect(left).toEqual([]);
  });

  test("that the compiler refuses is explained, and its source kept", async () => {
    freshCache();
    const error = await compile("int good;\nint bad = nonsense;\n", "my step").catch((reason: Error) => reason);
    expect(error).toMatchObject({ name: "DescentError" });
    const { message } = error as Error;
    expect(message).toMatch(/^the C compiler refused the program "my step" \(.*\):\n.*source0\.c:2:.*nonsense/s);
    const kept = /Its source is in (\S+)\./.exec(message)?.[1] ?? "";
    expect(readFileSync(join(kept, "source0.c"), "utf8")).toContain("nonsense");
    expect((await compile(writes(1))).cached).toBe(false);
  });
});

describe("a damaged entry is made again:", () => {
  test.each<[string, (entry: string) => void]>([
    ["a truncated library", (entry) => truncateSync(join(entry, "library.so"), 5000)],
    ["an empty library", (entry) => truncateSync(join(entry, "library.so"), 0)],
    ["a flipped bit", (entry) => flipBit(join(entry, "library.so"))],
    ["a flipped bit in the checksum", (entry) => flipBit(join(entry, "checksum"))],
    ["no library", (entry) => rmSync(join(entry, "library.so"))],
    ["no checksum", (entry) => rmSync(join(entry, "checksum"))],
    ["a foreign library", (entry) => writeFileSync(join(entry, "library.so"), "#!/bin/sh\n")],
    ["an empty folder", (entry) => emptied(entry)],
    ["a file in its place", (entry) => replaced(entry, (path) => writeFileSync(path, "x"))],
    ["a link in its place", (entry) => replaced(entry, (path) => symlinkSync("/tmp", path))],
  ])("%s", async (_, damage) => {
    const cache = freshCache();
    const { path } = await compile(writes(9));
    damage(dirname(path));
    const again = await compile(writes(9));
    expect(again).toMatchObject({ path, cached: false });
    expect(await result(path)).toBe(9);
    expect(await compile(writes(9))).toMatchObject({ cached: true });
    expect(readdirSync(cache).filter((name) => /\.old|\.tmp|^build/.test(name))).toEqual([]);
  });

  function flipBit(path: string): void {
    const bytes = readFileSync(path);
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] ?? 0) ^ 4;
    writeFileSync(path, bytes);
  }
  function emptied(entry: string): void {
    for (const name of readdirSync(entry)) rmSync(join(entry, name));
  }
  function replaced(entry: string, put: (path: string) => void): void {
    renameSync(entry, `${entry}.old`);
    rmSync(`${entry}.old`, { recursive: true });
    put(entry);
  }
});

describe("what others can write to is refused:", () => {
  const expected = /Expected one that only you can write to: what lies in it is run as code\. Fix: /;

  test("the cache folder", async () => {
    const cache = freshCache();
    mkdirSync(cache);
    for (const mode of [0o777, 0o770, 0o702]) {
      chmodSync(cache, mode);
      await expect(compile(writes(1))).rejects.toThrow(/other users can write to .*cache \(mode 07\d\d\)/);
      await expect(compile(writes(1))).rejects.toThrow(expected);
    }
    chmodSync(cache, 0o755);
    expect((await compile(writes(1))).cached).toBe(false);
  });

  test("an entry, or its library", async () => {
    freshCache();
    const { path } = await compile(writes(2));
    for (const part of [dirname(path), path]) {
      const { mode } = statSync(part);
      chmodSync(part, 0o720);
      await expect(compile(writes(2))).rejects.toThrow(/other users can write to .*\(mode 0720\)/);
      chmodSync(part, mode);
    }
    expect((await compile(writes(2))).cached).toBe(true);
  });

  test("what belongs to another user (seen as root)", async (context) => {
    context.skip(process.getuid?.() !== 0, "only root can give files away");
    const cache = freshCache();
    const { path } = await compile(writes(2));
    for (const part of [path, dirname(path), cache]) {
      chownSync(part, 65534, 65534);
      await expect(compile(writes(2))).rejects.toThrow(/belongs to user 65534, you are 0\. Expected one that only you/);
      chownSync(part, 0, 0);
    }
    expect((await compile(writes(2))).cached).toBe(true);
  });

  test("a folder below one that anyone can rename in", async () => {
    const open = join(freshFolder(), "open");
    mkdirSync(open);
    chmodSync(open, 0o777);
    setEnv({ DESCENT_CACHE: join(open, "cache") });
    await expect(compile(writes(1))).rejects.toThrow(/anyone can rename what lies in .*open, where the cache folder/);
    chmodSync(open, 0o1777);
    expect((await compile(writes(1))).cached).toBe(false);
  });
});

test("a file in place of the cache folder is an error, not a reason to work elsewhere", async () => {
  const file = join(freshFolder(), "file");
  writeFileSync(file, "");
  for (const DESCENT_CACHE of [file, join(file, "below")]) {
    setEnv({ DESCENT_CACHE });
    await expect(compile(writes(1))).rejects.toThrow(/is not a folder\. Fix: .*DESCENT_CACHE/);
  }
});

test("XDG_CACHE_HOME is where the folder is by default", async () => {
  const home = freshFolder();
  setEnv({ DESCENT_CACHE: undefined, XDG_CACHE_HOME: join(home, "caches") });
  const { path } = await compile(writes(4));
  expect(dirname(dirname(path))).toBe(join(home, "caches", "descent"));
  expect(statSync(join(home, "caches", "descent")).mode & 0o777).toBe(0o700);
});

describe("pruning", () => {
  const entry = (cache: string, digit: string, bytes: number, ageMs: number) => {
    const path = join(cache, digit.repeat(64));
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, "library.so"), Buffer.alloc(bytes));
    const time = (Date.now() - ageMs) / 1000;
    utimesSync(path, time, time);
    return path;
  };

  test("removes what was not used for longest, and nothing used in the last hour", async () => {
    const cache = freshFolder();
    const hour = 3_600_000;
    const [oldest, older, old, recent] = [9, 5, 2, 0.5].map((hours, i) => entry(cache, `${i}`, 1e6, hours * hour));
    writeFileSync(join(cache, "notes.txt"), "mine");
    await pruneCache(cache, { limitBytes: 2.5e6 });
    expect([oldest, older, old, recent].map((path) => existsSync(path ?? ""))).toEqual([false, false, true, true]);
    await pruneCache(cache, { limitBytes: 0 });
    expect(readdirSync(cache).sort()).toEqual(["3".repeat(64), "notes.txt"]);
  });

  test("removes what interrupted builds left", async () => {
    const cache = freshFolder();
    for (const name of ["build-abc", "trial-abc", "failed-abc"]) mkdirSync(join(cache, name));
    await pruneCache(cache, {});
    expect(readdirSync(cache)).toHaveLength(3);
    await pruneCache(cache, { keepMs: -1 });
    expect(readdirSync(cache)).toEqual([]);
  });

  test("counts a library as used when it is found", async () => {
    freshCache();
    const { path } = await compile(writes(6));
    utimesSync(dirname(path), 1000, 1000);
    await compile(writes(6));
    expect(Date.now() - statSync(dirname(path)).mtimeMs).toBeLessThan(60_000);
  });

  test("never fails", async () => {
    await pruneCache("/no/such/folder");
  });
});

import { spawn, spawnSync } from "node:child_process";
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { writeFileAtomic } from "../../src/util/node.ts";

const NOBODY = 65534;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "descent-files-"));
});

afterEach(async () => {
  await chmod(folder, 0o755);
  await rm(folder, { recursive: true, force: true });
});

/** Runs `body` without the superuser's right to write everywhere. */
async function asOrdinaryUser(body: () => Promise<void>): Promise<void> {
  if (process.geteuid?.() !== 0) return body();
  await chown(folder, NOBODY, NOBODY);
  process.seteuid?.(NOBODY);
  try {
    await body();
  } finally {
    process.seteuid?.(0);
  }
}

describe("writeFileAtomic", () => {
  test("writes strings, bytes and lists of bytes, making missing folders", async () => {
    await writeFileAtomic(join(folder, "a/b/text.json"), '{"é": 1}');
    await writeFileAtomic(join(folder, "bytes"), Uint8Array.of(0, 255, 128));
    await writeFileAtomic(join(folder, "parts"), [Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3)]);
    expect(await readFile(join(folder, "a/b/text.json"), "utf8")).toBe('{"é": 1}');
    expect([...(await readFile(join(folder, "bytes")))]).toEqual([0, 255, 128]);
    expect([...(await readFile(join(folder, "parts")))]).toEqual([1, 2, 3]);
  });

  test("of pieces that fail while they are made, nothing is left", async () => {
    async function* pieces(): AsyncGenerator<string> {
      yield "one ";
      yield "two";
      if (isBad) throw new Error("no third piece");
    }
    let isBad = false;
    const path = join(folder, "pieces");
    await writeFileAtomic(path, pieces());
    isBad = true;
    await expect(writeFileAtomic(path, pieces())).rejects.toThrow("no third piece");
    expect(await readFile(path, "utf8")).toBe("one two");
    expect(await readdir(folder)).toEqual(["pieces"]);
  });

  test("writes a view into a larger buffer, and nothing around it", async () => {
    const floats = new Float32Array([9, 1, 2, 9]).subarray(1, 3);
    await writeFileAtomic(join(folder, "f"), new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength));
    const read = await readFile(join(folder, "f"));
    expect([...new Float32Array(read.buffer.slice(read.byteOffset, read.byteOffset + read.byteLength))]).toEqual([
      1, 2,
    ]);
  });

  test("replaces a longer file whole and leaves nothing beside it", async () => {
    const path = join(folder, "model.json");
    await writeFileAtomic(path, "x".repeat(100_000));
    await writeFileAtomic(path, "short");
    expect(await readFile(path, "utf8")).toBe("short");
    expect(await readdir(folder)).toEqual(["model.json"]);
  });

  test("of many writers at once, one wins whole", async () => {
    const path = join(folder, "contested");
    const texts = Array.from({ length: 20 }, (_, i) => `${i}:`.repeat(20_000));
    const readers: Promise<string>[] = [];
    await writeFileAtomic(path, texts[0]!);
    const writers = texts.map((text) => writeFileAtomic(path, text));
    for (let i = 0; i < 20; i++) readers.push(readFile(path, "utf8"));
    await Promise.all(writers);
    for (const text of [...(await Promise.all(readers)), await readFile(path, "utf8")]) expect(texts).toContain(text);
    expect(await readdir(folder)).toEqual(["contested"]);
  });

  test("a read-only folder is the file system's error, and the old file stays", async () => {
    const path = join(folder, "kept");
    await asOrdinaryUser(async () => {
      await writeFileAtomic(path, "old");
      await chmod(folder, 0o555);
      await expect(writeFileAtomic(path, "new")).rejects.toMatchObject({ code: "EACCES" });
      await expect(writeFileAtomic(join(folder, "sub/new"), "new")).rejects.toMatchObject({ code: "EACCES" });
      expect(await readFile(path, "utf8")).toBe("old");
      expect(await readdir(folder)).toEqual(["kept"]);
    });
  });

  test("a folder in the file's place is refused and left alone", async () => {
    const path = join(folder, "taken");
    await mkdir(path);
    await writeFile(join(path, "inside"), "1");
    await expect(writeFileAtomic(path, "data")).rejects.toThrow();
    expect((await stat(path)).isDirectory()).toBe(true);
    expect(await readdir(folder)).toEqual(["taken"]);
  });

  test("a file where a folder is needed is refused", async () => {
    await writeFile(join(folder, "file"), "1");
    await expect(writeFileAtomic(join(folder, "file/below"), "data")).rejects.toThrow(/EEXIST|ENOTDIR/);
    expect(await readFile(join(folder, "file"), "utf8")).toBe("1");
  });

  test("a dangling link in the file's place is replaced by the file", async () => {
    const path = join(folder, "link");
    await symlink(join(folder, "nowhere"), path);
    await writeFileAtomic(path, "data");
    expect(await readdir(folder)).toEqual(["link"]);
    expect(await readFile(path, "utf8")).toBe("data");
  });

  test("a full disk is the file system's error, and the old file stays", async (context) => {
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]).status === 0;
    if (!mounted) context.skip("mounting a small tmpfs needs a superuser");
    try {
      const path = join(folder, "kept");
      await writeFileAtomic(path, "old");
      await expect(writeFileAtomic(path, new Uint8Array(1 << 20))).rejects.toMatchObject({ code: "ENOSPC" });
      expect(await readFile(path, "utf8")).toBe("old");
      expect(await readdir(folder)).toEqual(["kept"]);
    } finally {
      spawnSync("umount", [folder]);
    }
  });
});

describe("a process that ends while it writes", () => {
  /** Writes half a file over `answers.csv`, says so, and then does what it is told. */
  const program = (then: string) => `
    import { writeFileAtomic } from ${JSON.stringify(new URL("../../src/util/node.ts", import.meta.url).href)};
    async function* pieces() {
      yield "half";
      console.log("under way");
      ${then}
      yield "whole";
    }
    await writeFileAtomic("answers.csv", pieces());`;
  const WAITING = "await new Promise((resolve) => setTimeout(resolve, 60_000));";
  const SAVING = `const life = setInterval(() => {}, 1000);
      await new Promise((resolve) => process.once("SIGTERM", resolve));
      clearInterval(life);`;

  /** What ended it, and what it left in the folder. */
  async function ended(code: string, signal?: NodeJS.Signals) {
    await writeFile(join(folder, "answers.csv"), "before");
    const args = ["--import", import.meta.resolve("tsx"), "--input-type=module", "--eval", code];
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
    child.stdout.once("data", () => signal && child.kill(signal));
    const by = await new Promise((resolve) => child.once("close", (code, signal) => resolve(signal ?? code)));
    return { by, left: (await readdir(folder)).length, file: await readFile(join(folder, "answers.csv"), "utf8") };
  }

  test.skipIf(process.platform === "win32").each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "by %s leaves the file as it was, and nothing beside it",
    async (signal) => {
      expect(await ended(program(WAITING), signal)).toEqual({ by: signal, left: 1, file: "before" });
    },
  );

  test.each([
    ["process.exit(3)", 3],
    ["setTimeout(() => { throw new Error('late'); }); await new Promise(() => {});", 1],
    ["throw new Error('broken')", 1],
  ])("by %s leaves the file as it was, and nothing beside it", async (then, by) => {
    expect(await ended(program(then))).toEqual({ by, left: 1, file: "before" });
  });

  test.skipIf(process.platform === "win32")("goes on where somebody else listens to the signal", async () => {
    expect(await ended(program(SAVING), "SIGTERM")).toEqual({ by: 0, left: 1, file: "halfwhole" });
  });

  test.skipIf(process.platform === "win32")("leaves after a kill -9 what does not hinder the next", async () => {
    expect(await ended(program(WAITING), "SIGKILL")).toEqual({ by: "SIGKILL", left: 2, file: "before" });
    expect(await ended(program(""))).toEqual({ by: 0, left: 2, file: "halfwhole" });
  });
});

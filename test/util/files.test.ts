import { spawnSync } from "node:child_process";
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

import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { committedPath, folderSource, writeFolder } from "../../src/train/save/folder.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "descent-folder-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const version = (n: number) => [
  { name: "weights", data: `weights ${n}` },
  { name: "main", data: `main ${n}` },
];
const read = async (name: string) => readFileSync(await committedPath(folder, "main", name), "utf8");

describe("a folder whose files change together", () => {
  test("holds the new files, and others untouched", async () => {
    writeFileSync(join(folder, "mine"), "mine");
    await writeFolder(folder, version(1), ["extra"]);
    await writeFolder(folder, version(2), ["extra"]);
    expect(readdirSync(folder).sort()).toEqual(["main", "mine", "weights"]);
    expect([await read("weights"), await read("main")]).toEqual(["weights 2", "main 2"]);
  });

  test("removes files that are gone", async () => {
    await writeFolder(folder, [{ name: "extra", data: "e" }, ...version(1)], []);
    await writeFolder(folder, version(2), ["extra"]);
    expect(readdirSync(folder).sort()).toEqual(["main", "weights"]);
  });

  test("is readable at every moment a save can stop", async () => {
    await writeFolder(folder, version(1), []);
    const stopped = (what: string) => renameSync(join(folder, "incoming"), join(folder, what));

    // Before the commit: the old files count.
    writeFileSync(join(folder, "incoming"), "weights 2");
    stopped("weights.next");
    expect([await read("weights"), await read("main")]).toEqual(["weights 1", "main 1"]);
    // After it: the new ones, wherever they are.
    writeFileSync(join(folder, "incoming"), "main 2");
    stopped("main.next");
    expect([await read("weights"), await read("main")]).toEqual(["weights 2", "main 2"]);
    renameSync(join(folder, "weights.next"), join(folder, "weights"));
    expect([await read("weights"), await read("main")]).toEqual(["weights 2", "main 2"]);
    // And the next save begins by finishing this one.
    await writeFolder(folder, version(3), []);
    expect(readdirSync(folder).sort()).toEqual(["main", "weights"]);
    expect([await read("weights"), await read("main")]).toEqual(["weights 3", "main 3"]);
  });

  test("a save that cannot be written leaves what was there and says why", async () => {
    await writeFolder(folder, version(1), []);
    const impossible = [{ name: "no-such-folder\0/weights", data: "" }, ...version(2)];
    await expect(writeFolder(folder, impossible, [])).rejects.toThrow(/could not be saved to .* unchanged/);
    expect(readdirSync(folder).sort()).toEqual(["main", "weights"]);
    expect(await read("main")).toBe("main 1");

    writeFileSync(join(folder, "file"), "");
    await expect(writeFolder(join(folder, "file"), version(1), [])).rejects.toThrow(/Fix: free space or give another/);
    expect(existsSync(join(folder, "file"))).toBe(true);
  });

  test("files are read with their size, by path or URL, and what is missing says why", async () => {
    writeFileSync(join(folder, "weights"), "12345");
    for (const place of [folder, pathToFileURL(folder).href]) {
      const file = await folderSource(place).open("weights");
      if ("missing" in file) throw new Error(file.missing);
      expect([file.path, file.size]).toEqual([join(folder, "weights"), 5]);
      expect((await file.read(5)).length).toBe(5);
    }
    expect(await folderSource(folder).open("nothing")).toMatchObject({ missing: "there is no such file" });
    expect(await folderSource(join(folder, "..")).open(basename(folder))).toMatchObject({ missing: "it is no file" });
  });
});

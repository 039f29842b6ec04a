import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, type TestContext, test } from "vitest";
import { freshFolder, runFixture } from "./support.ts";

interface Report {
  readonly warnings: string[];
  readonly path?: string;
  readonly cached?: boolean;
  readonly first?: number;
  readonly error?: string;
  readonly message?: string;
}

const SOURCE = "void descent_program(int **b, int w) { if (w == 0) b[0][0] = 42; }";

/** Compiles and runs a program in a process of its own. */
async function attempt(env: Record<string, string>, source = SOURCE): Promise<Report> {
  const { code, stdout, stderr } = await runFixture("compile.ts", { env: { SOURCE: source, ...env } });
  expect({ code, stderr: stderr.replace(/^\(.*\n/gm, "") }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as Report;
}

/** Mounts a small file system for one test, or skips the test where that is not allowed. */
function mount(context: TestContext, options: string): { path: string; remount: (options: string) => void } {
  const path = freshFolder();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `${options},mode=0700`, "tmpfs", path], { stdio: "pipe" });
  } catch (error) {
    const reason = `a tmpfs can't be mounted here: ${(error as Error).message.trim()}`;
    console.log(reason);
    context.skip(reason);
  }
  onTestFinished(() => {
    execFileSync("umount", ["-l", path]);
  });
  const remount = (changed: string) => execFileSync("mount", ["-o", `remount,${changed}`, path]);
  return { path, remount };
}

const inTemporaryFolder = new RegExp(`^${tmpdir()}/descent-\\w+/`);

function expectSubstitute(report: Report, why: RegExp): void {
  expect(report).toMatchObject({ first: 42, cached: false });
  expect(report.path).toMatch(inTemporaryFolder);
  expect(report.warnings).toHaveLength(1);
  expect(report.warnings[0]).toMatch(/^DescentWarning: compiled programs can't be kept in .* \(.*\); using .*descent-/);
  expect(report.warnings[0]).toMatch(why);
  expect(existsSync(report.path ?? ""), "it is removed when the process ends").toBe(false);
}

describe("a cache that can't be written", () => {
  test("because the disk is full: a temporary folder serves, with a warning", async (context) => {
    const { path } = mount(context, "size=64k");
    writeFileSync(join(path, "filler"), Buffer.alloc(48 << 10));
    expectSubstitute(await attempt({ DESCENT_CACHE: join(path, "cache") }), /space left|bytes left/);
    expect(readdirSync(join(path, "cache")).filter((name) => !name.startsWith("compiler-"))).toEqual([]);
  });

  test("because the disk fills up while compiling: the same", async (context) => {
    const { path } = mount(context, "size=4m");
    expect((await attempt({ DESCENT_CACHE: path })).warnings).toEqual([]);
    const large = `char table[8 << 20] = {1};\n${SOURCE}`;
    expectSubstitute(await attempt({ DESCENT_CACHE: path }, large), /space left|bytes left/);
    expect(readdirSync(path).filter((name) => /^(build|failed|trial)-/.test(name))).toEqual([]);
  });

  test("and no temporary folder either: an error that names both", async (context) => {
    const { path } = mount(context, "size=64k");
    for (const name of ["cache", "tmp"]) mkdirSync(join(path, name), { mode: 0o700 });
    writeFileSync(join(path, "filler"), Buffer.alloc(48 << 10));
    // tsx keeps its own files in the temporary folder of the process: it gets another one when it starts.
    const report = await attempt({ DESCENT_CACHE: join(path, "cache"), FULL: join(path, "tmp") });
    expect(report).toMatchObject({ error: "DescentError" });
    expect(report.message).toMatch(
      /^there is no place for compiled programs, neither in .*cache \(.*\) nor in .*tmp \(.*\)/,
    );
    expect(report.message).toMatch(
      /Expected a folder with a few free megabytes\. Fix: free some space, or set DESCENT_CACHE/,
    );
  });

  test("because it is read-only: what is in it is used, the rest is made in a temporary folder", async (context) => {
    const { path, remount } = mount(context, "size=4m");
    const first = await attempt({ DESCENT_CACHE: path });
    expect(first).toMatchObject({ first: 42, cached: false, warnings: [] });
    const broken = await attempt({ DESCENT_CACHE: path }, `${SOURCE}\n// to be damaged`);
    writeFileSync(broken.path ?? "", "damaged");
    remount("ro");
    expect(await attempt({ DESCENT_CACHE: path })).toMatchObject({
      first: 42,
      cached: true,
      warnings: [],
      path: first.path,
    });
    expectSubstitute(await attempt({ DESCENT_CACHE: path }, `${SOURCE}\n// new`), /EROFS|[Rr]ead-only/);
    expectSubstitute(await attempt({ DESCENT_CACHE: path }, `${SOURCE}\n// to be damaged`), /EROFS|[Rr]ead-only/);
    expectSubstitute(await attempt({ DESCENT_CACHE: join(path, "below") }), /EROFS|[Rr]ead-only/);
  });

  test("because nothing on its disk may be run: the same", async (context) => {
    const { path } = mount(context, "size=4m,noexec");
    expectSubstitute(await attempt({ DESCENT_CACHE: path }), /programs in it may not be run/);
  });

  test("because of its mode: the same", async (context) => {
    context.skip(process.getuid?.() === 0, "root may write to a read-only folder");
    const path = freshFolder();
    chmodSync(path, 0o500);
    expectSubstitute(await attempt({ DESCENT_CACHE: path }), /EACCES/);
    chmodSync(path, 0o700);
  });

  test("because it can't be made: the same", async () => {
    expectSubstitute(await attempt({ DESCENT_CACHE: "/proc/descent" }), /ENOENT|EACCES|EPERM/);
  });
});

test("a warm cache serves a process without any compiler but for its version", async () => {
  const cache = freshFolder();
  await attempt({ DESCENT_CACHE: cache });
  const before = readdirSync(cache);
  expect(await attempt({ DESCENT_CACHE: cache })).toMatchObject({ cached: true, first: 42, warnings: [] });
  expect(readdirSync(cache)).toEqual(before);
  expect(statSync(cache).mode & 0o777).toBe(0o700);
  expect(before.map((name) => name.replace(/[0-9a-f]{64}/, "*")).sort()).toEqual(["*", "*", "compiler-*.json"]);
  const sources = before.flatMap((name) => {
    const file = join(cache, name, "source0.c");
    return existsSync(file) ? [readFileSync(file, "utf8")] : [];
  });
  expect(sources).toContain(SOURCE);
});

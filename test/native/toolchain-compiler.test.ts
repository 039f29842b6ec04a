import { chmodSync, existsSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { arch } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadProgram, loadRuntime, nativeInfo } from "../../src/engines/native/runtime/index.ts";
import { findCompiler } from "../../src/engines/native/toolchain/index.ts";
import { compile, freshCache, freshFolder, needCompiler, setEnv } from "./support.ts";

/** A compiler that writes a line to a log for each start, and then does what `body` says ("$@" are its arguments). */
function script(folder: string, body: string): { path: string; starts: () => number } {
  const [path, log] = [join(folder, "compiler"), join(folder, "log")];
  writeFileSync(path, `#!/bin/sh\necho "$@" >> ${log}\n${body}\n`);
  chmodSync(path, 0o755);
  return { path, starts: () => readFileSync(log, "utf8").trim().split("\n").length };
}

test("finds the system's compiler and knows its flags", async () => {
  freshCache();
  const compiler = await needCompiler();
  expect(compiler.path).toMatch(/^\//);
  expect(["gcc", "clang"]).toContain(compiler.kind);
  expect([16, 32, 64]).toContain(compiler.vectorBytes);
  expect(compiler.flags).toEqual(expect.arrayContaining(["-O3", "-fno-math-errno", "-ffp-contract=fast", "-fPIC"]));
  expect(compiler.flags).not.toContain("-ffast-math");
  expect(compiler.flags.includes("-mprefer-vector-width=512")).toBe(compiler.vectorBytes === 64);
  expect(compiler.identity).toMatch(/^[0-9a-f]{64}$/);
});

test("says what to install when there is none", async () => {
  freshCache();
  setEnv({ PATH: "", CC: undefined });
  const { compiler, reason } = await findCompiler();
  expect(compiler).toBeUndefined();
  expect(reason).toMatch(/^no C compiler was found\. Fix: .*(apt install gcc|xcode-select --install)/);
  await expect(loadRuntime()).rejects.toThrow(/^no C compiler was found\. Fix: /);
  expect(await nativeInfo()).toMatchObject({ available: false, reason });
});

test("finds one that was installed meanwhile", async () => {
  const { path } = await needCompiler();
  freshCache();
  const folder = freshFolder();
  setEnv({ PATH: `${folder}:relative/folder`, CC: undefined });
  expect((await findCompiler()).compiler).toBeUndefined();
  symlinkSync(script(freshFolder(), `PATH=/usr/bin:/bin exec ${path} "$@"`).path, join(folder, "gcc"));
  expect((await findCompiler()).compiler?.path).toBe(join(folder, "gcc"));
});

test("takes the compiler in CC, with its arguments", async () => {
  const { path } = await needCompiler();
  freshCache();
  const { path: wrapper } = script(freshFolder(), `exec ${path} "$@"`);
  setEnv({ CC: ` ${wrapper}  -DWRAPPED=1 ` });
  const compiler = await needCompiler();
  expect(compiler.command).toEqual([wrapper, "-DWRAPPED=1"]);
});

test.each([
  ["is not there", "/no/such/compiler", /no\/such\/compiler: there is no such program/],
  ["does not answer", "/bin/false", /false: it fails when asked for its --version/],
])("passes over a CC that %s, with a warning", async (_, CC, warning) => {
  freshCache();
  setEnv({ CC });
  const warned = new Promise<Error>((resolve) => process.once("warning", resolve));
  expect((await findCompiler()).compiler?.path).not.toBe(CC);
  expect((await warned).message).toMatch(warning);
});

test("tells why a compiler is of no use", async () => {
  freshCache();
  const says = 'case "$*" in *--version*) echo broken 1.0;; *) echo "x.c:1:1: error: no backend" >&2; exit 1;; esac';
  setEnv({ CC: script(freshFolder(), says).path, PATH: "" });
  expect((await findCompiler()).reason).toMatch(
    /compiler: it refuses -m\w+=native: x\.c:1:1: error: no backend\)\. Fix: /,
  );
});

test("refuses a compiler for another processor", async () => {
  const { path } = await needCompiler();
  freshCache();
  const cross = `case "$*" in *" -o trial "*) printf '#!/bin/sh\\nexit 3\\n' > trial; /bin/chmod +x trial;; *) exec ${path} "$@";; esac`;
  setEnv({ CC: script(freshFolder(), cross).path, PATH: "" });
  expect((await findCompiler()).reason).toMatch(/what it compiles does not run here/);
});

test("remembers the trial, and repeats it for a damaged record or a changed compiler", async () => {
  const { path } = await needCompiler();
  const cache = freshCache();
  const wrapper = script(freshFolder(), `exec ${path} "$@"`);
  /** A compiler is looked for anew for each content of PATH; the empty folder changes nothing else. */
  const startsOf = async (variant: string) => {
    const before = existsSync(join(wrapper.path, "../log")) ? wrapper.starts() : 0;
    setEnv({ CC: wrapper.path, PATH: `${process.env["PATH"]}:/nothing/${variant}` });
    expect((await needCompiler()).path).toBe(wrapper.path);
    return wrapper.starts() - before;
  };
  expect(await startsOf("new")).toBeGreaterThan(1);
  expect(await startsOf("known")).toBe(1); // --version
  const record = join(cache, readdirSync(cache).find((name) => name.startsWith("compiler-")) ?? "");
  writeFileSync(record, readFileSync(record, "utf8").replace(/"vectorBytes":\d+/, '"vectorBytes":128'));
  expect(await startsOf("damaged")).toBeGreaterThan(1);
  expect(await startsOf("mended")).toBe(1);
  utimesSync(wrapper.path, 1, 1);
  expect(await startsOf("touched")).toBeGreaterThan(1);
  expect(readdirSync(cache).filter((name) => name.startsWith("trial-"))).toEqual([]);
});

test("compiles for the processor in DESCENT_NATIVE_ARCH", async (context) => {
  context.skip(arch() !== "x64", "the names are those of x86-64 levels");
  freshCache();
  const native = await needCompiler();
  setEnv({ DESCENT_NATIVE_ARCH: "x86-64-v2" });
  const older = await needCompiler();
  expect(older.vectorBytes).toBe(16);
  expect(older.flags).toContain("-march=x86-64-v2");
  expect(older.identity).not.toBe(native.identity);
  setEnv({ DESCENT_NATIVE_ARCH: "x86-64-v3" });
  if (native.vectorBytes >= 32) expect((await needCompiler()).vectorBytes).toBe(32);
  setEnv({ DESCENT_NATIVE_ARCH: "pentium-99" });
  expect((await findCompiler()).reason).toMatch(/it refuses -march=pentium-99: .*error/);
});

test("clang serves as well as gcc", async (context) => {
  freshCache();
  setEnv({ CC: "clang" });
  const { compiler } = await findCompiler();
  if (compiler?.kind !== "clang") context.skip("needs clang: it is not installed");
  const { path } = await compile("void descent_program(int **b, int w) { if (w == 0) b[0][0] = 11; }");
  const numbers = (await loadRuntime()).allocate("int32", 1);
  await (await loadProgram(path, { threads: 2 })).bind([numbers]).runAsync();
  expect(numbers[0]).toBe(11);
});

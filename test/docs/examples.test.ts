import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  docstringExamples,
  type Example,
  examplesOf,
  exportedTypes,
  filesUnder,
  importsFor,
  type NameSource,
  pages,
  promisesOf,
  read,
  root,
  withChecks,
} from "./blocks.ts";

/** Where the programs lie while they are checked and run: inside the repository, so that "descent" resolves as in it. */
const folder = join(root, ".descent", "examples", String(process.pid));
const home = process.cwd();
/** What a module offers to examples; `from` as they import it. */
async function namesOf(file: string, from = join(root, file)): Promise<NameSource> {
  const module: object = await import(/* @vite-ignore */ join(root, file));
  return { from, names: Object.keys(module), types: exportedTypes(file) };
}

const standins = await namesOf("test/docs/standins.ts");
const doors = [
  await namesOf("src/index.ts", "descent"),
  await namesOf("src/architectures/index.ts", "descent/architectures"),
  await namesOf("src/data/index.ts", "descent/data"),
  await namesOf("src/tabular/index.ts", "descent/tabular"),
  await namesOf("src/text/index.ts", "descent/text"),
  await namesOf("src/export/index.ts", "descent/export"),
  await namesOf("src/records/index.ts", "descent/records"),
  await namesOf("src/testing/index.ts", "descent/testing"),
  await namesOf("src/util/index.ts"),
];

/** Where a docstring's example finds its names: a copy of the stand-ins, its own file, the indices above it, the doors. */
async function sourcesFor(file: string, { name, code }: Example): Promise<NameSource[]> {
  const copy = `${fileFor(name).slice(0, -3)}_standins.ts`;
  writeFileSync(copy, read("test/docs/standins.ts"));
  // `model.fit(...)` means the stand-in, `model({ ... })` the factory.
  const names = standins.names.filter((standin) => standin !== "model" || /\bmodel\./.test(code));
  const own = await namesOf(file);
  const above: NameSource[] = [];
  for (let path = dirname(file); path !== "src"; path = dirname(path)) {
    if (existsSync(join(root, path, "index.ts"))) above.push(await namesOf(`${path}/index.ts`));
  }
  return [{ ...standins, from: copy, names }, own, ...above, ...doors];
}

/** The module that holds a program. */
function fileFor(name: string): string {
  return join(folder, `${name.replace(/[^\w]+/g, "_")}.ts`);
}

const programs: (Example & { file: string; throws: boolean })[] = [];

/** Writes an example as a module of its own. */
function addProgram({ name, code }: Example, imports = ""): void {
  const file = fileFor(name);
  writeFileSync(file, `${imports}\n${withChecks(code)}\nexport {};\n`);
  programs.push({ name, code, file, throws: /\/\/ throws/.test(code) });
}

mkdirSync(folder, { recursive: true });
for (const page of pages()) for (const example of examplesOf(page)) addProgram(example);
for (const file of filesUnder("src", ".ts")) {
  for (const example of docstringExamples(file)) {
    addProgram(example, importsFor(example.code, await sourcesFor(file, example)));
  }
}
writeFileSync(
  join(folder, "tsconfig.json"),
  JSON.stringify({
    extends: join(root, "tsconfig.json"),
    include: ["*.ts"],
    compilerOptions: { rewriteRelativeImportExtensions: false },
  }),
);

/** Runs a program in an empty folder and returns what it printed. */
async function run(file: string): Promise<string> {
  const printed: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((...parts: unknown[]) => {
    printed.push(parts.map((part) => (typeof part === "string" ? part : inspect(part))).join(" "));
  });
  try {
    await import(/* @vite-ignore */ file);
  } finally {
    log.mockRestore();
  }
  return printed.join("\n");
}

describe("every example", () => {
  let scratch = "";
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), "descent-examples-"));
    process.chdir(scratch);
  });
  afterAll(() => {
    process.chdir(home);
    rmSync(scratch, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  });

  test("has correct types", () => {
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const { stdout } = spawnSync(process.execPath, [tsc, "--noEmit", "-p", folder], { cwd: root, encoding: "utf8" });
    const errors = stdout.split("\n").filter((line) => line.includes(".descent/examples/"));
    expect(errors).toEqual([]);
  });

  test.each(programs)("runs: $name", async ({ file, code, throws }) => {
    if (throws) {
      await expect(run(file)).rejects.toThrow();
      return;
    }
    const printed = await run(file);
    let from = 0;
    for (const promise of promisesOf(code)) {
      const at = printed.indexOf(promise, from);
      expect(at, `"${promise}" in what it printed:\n${printed.slice(from)}`).toBeGreaterThanOrEqual(0);
      from = at + promise.length;
    }
  });
});

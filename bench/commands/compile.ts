import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { makeNodePackage, makeScript } from "../../scripts/node-package.ts";
import { formatTable, formatTimes, summarize, type Times } from "../format.ts";

/** Seconds from the call of `fit` to the end of its first step that must not be exceeded (issue 4). */
const TARGETS: Record<string, { readonly cold: number; readonly warm: number }> = {
  "mlp-mnist": { cold: 2, warm: 0.3 },
  resnet20: { cold: 8, warm: 0.3 },
};

/** Of one start, in seconds. */
interface Start {
  /** From the start of the process to all modules loaded. */
  readonly imports: number;
  /** From the call of `fit` to the end of the first step. */
  readonly firstStep: number;
  /** From the start of the process to the end of the first step. */
  readonly whole: number;
}

const run = promisify(execFile);

/** One start of `script`, with the options of Node that it needs before it. */
async function start(script: readonly string[], name: string, threads: number, cache: string): Promise<Start> {
  const { stdout } = await run(process.execPath, [...script, name], {
    env: { ...process.env, DESCENT_ENGINE: "native", DESCENT_THREADS: String(threads), DESCENT_CACHE: cache },
  });
  const { imported, called, stepped } = JSON.parse(stdout) as Record<string, number>;
  if (!imported || !called || !stepped) throw new Error(`no first step of ${name}: ${stdout}`);
  return { imports: imported / 1000, firstStep: (stepped - called) / 1000, whole: stepped / 1000 };
}

/** A case's starts: cold with an empty cache of compiled programs each, warm with one of those. */
async function starts(
  script: readonly string[],
  name: string,
  threads: number,
  repeats: number,
): Promise<Record<"cold" | "warm", Start[]>> {
  const folder = mkdtempSync(join(tmpdir(), "descent-compile-"));
  const found: Record<"cold" | "warm", Start[]> = { cold: [], warm: [] };
  try {
    for (let i = 0; i < repeats; i++) found.cold.push(await start(script, name, threads, join(folder, String(i))));
    for (let i = 0; i < repeats; i++) found.warm.push(await start(script, name, threads, join(folder, "0")));
    return found;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export type CompileJson = Record<string, Record<"cold" | "warm", Record<keyof Start, Times>>>;

const SCRIPT = fileURLToPath(new URL("./first-step.ts", import.meta.url));

/** What is measured: the package as users have it, or a clone's sources through tsx. */
export type Form = "package" | "sources";

/** `npm run bench -- compile`: compile time cold and warm, and what a start of the process takes. */
export async function measureCompile(
  names: readonly string[],
  form: Form,
  threads: number,
  repeats: number,
): Promise<CompileJson> {
  if (form === "sources") return measureStarts(["--import", "tsx", SCRIPT], names, form, threads, repeats);
  const caches = fileURLToPath(new URL("../../node_modules/.cache", import.meta.url));
  mkdirSync(caches, { recursive: true });
  const folder = mkdtempSync(join(caches, "descent-bench-")); // where what it imports is found
  try {
    await makeNodePackage(folder);
    const script = join(folder, "first-step.mjs");
    await makeScript(SCRIPT, script, folder);
    return await measureStarts([script], names, form, threads, repeats);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureStarts(
  script: readonly string[],
  names: readonly string[],
  form: Form,
  threads: number,
  repeats: number,
): Promise<CompileJson> {
  const rows = [
    ["case", "cache", "fit to first step, s", "target", "", "process to first step, s", "of it imports, s"],
  ];
  const json: CompileJson = {};
  for (const name of names) {
    const found = await starts(script, name, threads, repeats);
    const times = (which: "cold" | "warm") => ({
      imports: summarize(found[which].map((each) => each.imports)),
      firstStep: summarize(found[which].map((each) => each.firstStep)),
      whole: summarize(found[which].map((each) => each.whole)),
    });
    const both = { cold: times("cold"), warm: times("warm") };
    json[name] = both;
    for (const which of ["cold", "warm"] as const) {
      const { imports, firstStep, whole } = both[which];
      const target = TARGETS[name]?.[which];
      rows.push([
        which === "cold" ? name : "",
        which,
        formatTimes(firstStep),
        target === undefined ? "-" : `${target} s`,
        target === undefined ? "" : firstStep.median <= target ? "met" : "MISSED",
        formatTimes(whole),
        formatTimes(imports),
      ]);
    }
  }
  const what = form === "package" ? "The package" : "The sources of a clone, through tsx";
  console.log(`${what}; ${threads} threads; median (least-most) of ${repeats} starts each\n`);
  console.log(formatTable(rows));
  return json;
}

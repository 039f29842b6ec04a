import { beforeAll, describe, test } from "vitest";
import { type DType, type Tensor, tensor } from "../../src/tensor/index.ts";
import type { TestEngine } from "../../src/testing/index.ts";
import { type CheckedJob, runTogether } from "../../src/testing/run.ts";
import { environment, hasNode } from "../../src/util/index.ts";

/** An array in a golden file, row-major. */
export interface GoldenArray {
  readonly shape: readonly number[];
  readonly data: readonly number[];
  /** Default float32. */
  readonly dtype?: DType;
}

/** What a file of golden numbers holds: lists by their names. */
type Lists = Readonly<Record<string, unknown>>;

/** `name`.json and what is in the folder `name`, file by file. In pages the test server is asked. */
export async function goldenFiles<T>(name: string): Promise<T[]> {
  const files = [`${name}.json`, ...(await filesOf(name)).map((file) => `${name}/${file}`)];
  return (await Promise.all(files.map(readLists))) as T[];
}

/** The same, each list continued by those of the same name in the other files. */
export async function golden<T extends object>(name: string): Promise<T> {
  const all: Record<string, unknown[]> = {};
  for (const lists of await goldenFiles<Lists>(name)) {
    for (const [key, list] of Object.entries(lists)) if (Array.isArray(list)) all[key] = [...(all[key] ?? []), ...list];
  }
  return all as T;
}

async function readLists(path: string): Promise<Lists> {
  if (!hasNode()) return (await fetch(`/test/golden/${path}`)).json();
  const { readFile } = await import("node:fs/promises");
  return JSON.parse(await readFile(new URL(`./${path}`, import.meta.url), "utf8"));
}

async function filesOf(folder: string): Promise<string[]> {
  const names = await (hasNode() ? namesIn(folder) : namesOnServer(folder));
  return names.filter((file) => file.endsWith(".json")).sort();
}

async function namesIn(folder: string): Promise<string[]> {
  const [{ existsSync }, { readdir }] = await Promise.all([import("node:fs"), import("node:fs/promises")]);
  const url = new URL(`./${folder}`, import.meta.url);
  return existsSync(url) ? readdir(url) : [];
}

async function namesOnServer(folder: string): Promise<string[]> {
  const response = await fetch(`/test/golden/${folder}`);
  return response.ok ? response.json() : [];
}

export function asTensor(array: GoldenArray, dtype: DType = array.dtype ?? "float32"): Tensor {
  return tensor([...array.data], { shape: array.shape, dtype });
}

/**
 * One test per case; the cases of a group run as one program, since compiling is what takes time. A case's `job` is made
 * inside of its group, so that a case that can't be built fails its group and not the file.
 */
export function testGroups<C extends { readonly name: string }>(
  engine: TestEngine,
  groups: ReadonlyMap<string, readonly C[]>,
  job: (golden: C) => CheckedJob<unknown>,
): void {
  describe.each([...groups])(`%s on ${engine}`, (_, cases) => {
    let checks: (() => unknown)[] = [];
    beforeAll(async () => {
      const jobs = cases.map(job);
      const results = await runTogether(engine, jobs);
      checks = jobs.map((each, i) => () => each.check(results[i] ?? {}));
    });
    test.each(cases.map(({ name }, i) => [name, i] as const))("%s", (_name, i) => {
      checks[i]?.();
    });
  });
}

/**
 * How many cases of one layer, loss or metric an engine runs. A C compiler takes minutes for the kernels of all of them, which
 * differ in shapes; so `native` runs some of each kind, and a page, whose WebAssembly and JavaScript are Node's, fewer. With
 * DESCENT_CASES=all, as in CI, every engine of Node runs every case.
 */
function casesOfAKind(engine: TestEngine): number {
  if (!hasNode()) return engine === "reference" ? 0 : 2;
  return engine === "native" && environment("DESCENT_CASES") !== "all" ? 4 : Number.POSITIVE_INFINITY;
}

/** The cases that an engine runs: of each kind so many, from the first to the last at equal distances. */
export function casesFor<C>(engine: TestEngine, cases: readonly C[], kind: (golden: C) => string): C[] {
  const wanted = casesOfAKind(engine);
  return [...groupBy(cases, kind).values()].flatMap((all) =>
    all.length <= wanted
      ? all
      : Array.from({ length: wanted }, (_, i) => all[Math.round((i * (all.length - 1)) / (wanted - 1))] as C),
  );
}

export function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

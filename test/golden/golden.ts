import { beforeAll, describe, test } from "vitest";
import { type DType, type Tensor, tensor } from "../../src/tensor/index.ts";
import type { TestEngine } from "../../src/testing/index.ts";
import { type CheckedJob, runTogether } from "../../src/testing/run.ts";
import { hasNode } from "../../src/util/index.ts";

/** An array in a golden file, row-major. */
export interface GoldenArray {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** Reads `name`.json, written by make_`name`.py; pages ask the test server for it. */
export async function golden<T>(name: string): Promise<T> {
  if (!hasNode()) return (await fetch(`/test/golden/${name}.json`)).json();
  const { readFile } = await import("node:fs/promises");
  return JSON.parse(await readFile(new URL(`./${name}.json`, import.meta.url), "utf8"));
}

export function asTensor({ shape, data }: GoldenArray, dtype: DType = "float32"): Tensor {
  return tensor([...data], { shape, dtype });
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

export function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

import { DescentError, fail, formatShape, type Shape } from "../util/index.ts";
import { expectClose, flatten, type Numbers, type Tolerance } from "./close.ts";
import { availableEngines, type TestEngine } from "./engines.ts";
import { type CheckedJob, type Computed, runTogether } from "./run.ts";

/**
 * expectClose with the name of what is compared, and with an absolute tolerance that fits sums: by default a millionth of
 * the largest expected number, for elements in which larger ones cancel.
 */
export function compare(what: string, actual: Computed, expected: Numbers, { rtol, atol }: Tolerance): void {
  const { values } = flatten("expected", expected);
  const largest = values.reduce(
    (most, number) => (Number.isFinite(number) ? Math.max(most, Math.abs(number)) : most),
    0,
  );
  named(what, () => expectClose(actual.data, values, { rtol, atol: atol ?? 1e-6 * largest + 1e-30 }));
}

/** Fails when two shapes differ. */
export function expectShape(what: string, actual: Shape, expected: Shape): void {
  if (formatShape(actual) !== formatShape(expected))
    fail(`${what} has shape ${formatShape(actual)}`, formatShape(expected));
}

/** Runs `check`; a failure's message begins with `what`. */
export function named<T>(what: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof DescentError)) throw error;
    throw new DescentError(`${what}: ${error.message}`);
  }
}

/** Does something on every engine (default: all that work here); later results are compared with the first, which is returned. */
export async function onEngines<R>(
  engines: readonly TestEngine[] | undefined,
  run: (engine: TestEngine) => Promise<R>,
  same: (other: R, first: R) => void,
): Promise<R> {
  const [first, ...others] = engines ?? (await availableEngines());
  if (!first) fail("a test case got no engines", "at least one");
  const expected = await run(first);
  for (const engine of others) {
    const found = await run(engine);
    named(`${engine} against ${first}`, () => same(found, expected));
  }
  return expected;
}

/** Runs one checked job on every engine. */
export function checkJob<R>(
  job: CheckedJob<R>,
  engines: readonly TestEngine[] | undefined,
  same: (other: R, first: R) => void,
): Promise<R> {
  const run = async (engine: TestEngine) => {
    const [results] = await runTogether(engine, [job]);
    return named(engine, () => job.check(results as Record<string, Computed>));
  };
  return onEngines(engines, run, same);
}

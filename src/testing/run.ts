import { createProgram, type Tensor, type TypedArray } from "../tensor/index.ts";
import type { Shape } from "../util/index.ts";
import { engineOf, type TestEngine } from "./engines.ts";

/** Numbers that an engine has computed, row-major. */
export interface Computed {
  readonly shape: Shape;
  readonly data: TypedArray;
}

/** Something to compute: the numbers of `inputs` go in, those of `body`'s answer come out. */
export interface Job<In extends string = string, Out extends string = string> {
  readonly inputs: Readonly<Record<In, Tensor>>;
  readonly body: (inputs: Readonly<Record<In, Tensor>>) => Readonly<Record<Out, Tensor>>;
}

/** A job that knows what must hold for its results, and makes something of them. */
export interface CheckedJob<R> extends Job {
  check(results: Readonly<Record<string, Computed>>): R;
}

/**
 * Compiles `body` for one engine, runs it once on the numbers of `inputs`, and returns its outputs.
 *
 * @example
 * const { y } = await runOn("native", { x: tensor([[1, 2]]) }, ({ x }) => ({ y: x.square() }));
 * y.data; // Float32Array [1, 4]
 */
export async function runOn<In extends string, Out extends string>(
  engine: TestEngine,
  inputs: Job<In, Out>["inputs"],
  body: Job<In, Out>["body"],
): Promise<Record<Out, Computed>> {
  const [results] = await runTogether(engine, [{ inputs, body } as Job]);
  return results as Record<Out, Computed>;
}

/** Runs many jobs as one program: one compilation instead of many. Results in the order of the jobs. */
export async function runTogether(engine: TestEngine, jobs: readonly Job[]): Promise<Record<string, Computed>[]> {
  const program = await createProgram({
    name: "test",
    engine: await engineOf(engine),
    inputs: joined(jobs.map(({ inputs }) => mapValues(inputs, ({ shape, dtype }) => ({ shape, dtype })))),
    body: ({ inputs }) => ({ outputs: joined(jobs.map(({ body }, i) => body(part(inputs, i)))) }),
  });
  const bound = program.bind();
  for (const [name, input] of Object.entries(joined(jobs.map(({ inputs }) => inputs)))) {
    bound.inputs[name]?.set(await input.data());
  }
  await bound.run();
  const computed = mapValues(bound.outputs, (data, name) => ({ shape: program.outputs[name]?.shape ?? [], data }));
  return jobs.map((_, i) => part(computed, i));
}

/** The same keys with other values. */
export function mapValues<A, B>(
  record: Readonly<Record<string, A>>,
  f: (value: A, name: string) => B,
): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value, name)]));
}

/** One record of many: "3/x" is the x of the one numbered 3. */
function joined<T>(records: readonly Readonly<Record<string, T>>[]): Record<string, T> {
  const entries = records.flatMap((record, i) =>
    Object.entries(record).map(([name, value]) => [`${i}/${name}`, value]),
  );
  return Object.fromEntries(entries);
}

/** The record numbered `i` of a joined one. */
function part<T>(record: Readonly<Record<string, T>>, i: number): Record<string, T> {
  const own = Object.entries(record).filter(([name]) => name.startsWith(`${i}/`));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(`${i}/`.length), value]));
}

import type { Executable, Profiler, SeriesPlan, SeriesRunner } from "../engine/index.ts";
import { type DType, type Node, ops, type TypedArray } from "../ir/index.ts";
import { fail, formatShape, product, type Shape, show } from "../util/index.ts";
import { type EngineChoice, resolveEngine } from "./engines.ts";
import { ownArray } from "./evaluate.ts";
import { givenTensor } from "./given.ts";
import { Tensor } from "./tensor.ts";

/** Shape and type of a tensor that does not exist yet. */
export interface Spec {
  readonly shape: Shape;
  readonly dtype: DType;
}

type Arrays = Readonly<Record<string, TypedArray>>;
type Tensors = Readonly<Record<string, Tensor>>;

export interface ProgramOptions {
  readonly name: string;
  readonly engine: EngineChoice["engine"];
  /** Values that live from run to run; those that `body` gives anew are replaced in place. */
  readonly state?: Readonly<Record<string, Spec>>;
  /** Values given for each run. */
  readonly inputs?: Readonly<Record<string, Spec>>;
  /** Note when kernels run: {@link Program.profiler}. Default false. */
  readonly profile?: boolean;
  readonly body: (given: { readonly state: Record<string, Tensor>; readonly inputs: Record<string, Tensor> }) => {
    readonly state?: Tensors;
    readonly outputs?: Tensors;
  };
}

/** A program tied to memory. Write inputs in place, run, read outputs in place. */
export interface BoundProgram {
  readonly inputs: Arrays;
  readonly outputs: Arrays;
  readonly state: Arrays;
  /** Runs once: at once when it is tiny (undefined), else beside the event loop (a promise). One run at a time. */
  readonly run: () => Promise<void> | undefined;
  /** Many runs in one call, on engines that have it; inputs and outputs in their order above. */
  readonly series?: ((plan: SeriesPlan) => SeriesRunner) | undefined;
}

/** A function over named tensors, traced once and compiled whole. */
export class Program {
  private constructor(
    readonly name: string,
    readonly inputs: Readonly<Record<string, Spec>>,
    readonly state: Readonly<Record<string, Spec>>,
    readonly outputs: Readonly<Record<string, Spec>>,
    private readonly engine: EngineChoice["engine"],
    private readonly executable: Executable,
  ) {}

  /** What the engine made of it: kernels, bytes of intermediates, compile time. */
  get facts(): Executable["facts"] {
    return this.executable.facts;
  }

  /** Which kernels it has and when they ran, if it was made with `profile`. */
  get profiler(): Profiler | undefined {
    return this.executable.profiler;
  }

  /** See {@link createProgram}. */
  static async create({ name, engine, state = {}, inputs = {}, profile, body }: ProgramOptions): Promise<Program> {
    const place = (specs: Readonly<Record<string, Spec>>, kind: string) =>
      Object.entries(specs).map(
        ([key, { shape, dtype }]) => [key, ops.placeholder(`${kind}.${key}`, shape, dtype)] as const,
      );
    const stateNodes = place(state, "state");
    const inputNodes = place(inputs, "input");
    const wrap = (nodes: readonly (readonly [string, Node])[]) =>
      Object.fromEntries(nodes.map(([key, node]) => [key, new Tensor(node)]));
    const result = body({ state: wrap(stateNodes), inputs: wrap(inputNodes) });
    for (const [key, next] of Object.entries(result.state ?? {})) {
      const spec = state[key];
      if (!spec)
        fail(`program ${name} gives a new value for state "${key}"`, `one of ${Object.keys(state).join(", ")}`);
      if (spec.dtype !== next.dtype || spec.shape.join() !== next.shape.join()) {
        fail(
          `program ${name} gives state "${key}" as ${next.dtype} ${formatShape(next.shape)}`,
          `${spec.dtype} ${formatShape(spec.shape)}`,
        );
      }
    }
    const outputs = result.outputs ?? {};
    const graph = {
      name,
      inputs: inputNodes.map(([, node]) => node),
      state: stateNodes.map(([key, input]) => ({ input, next: result.state?.[key]?.node ?? input })),
      outputs: Object.values(outputs).map((each) => each.node),
    };
    const executable = await engine.compile(graph, { profile });
    const specs = Object.fromEntries(Object.entries(outputs).map(([key, { shape, dtype }]) => [key, { shape, dtype }]));
    return new Program(name, inputs, state, specs, engine, executable);
  }

  /** Ties the program to arrays of its engine (see {@link allocate}); what is left out is allocated. */
  bind(given: { readonly state?: Arrays; readonly inputs?: Arrays; readonly outputs?: Arrays } = {}): BoundProgram {
    const place = (specs: Readonly<Record<string, Spec>>, arrays: Arrays = {}): Arrays =>
      Object.fromEntries(
        Object.entries(specs).map(([key, spec]) => {
          const array = arrays[key] ?? allocate(spec.dtype, product(spec.shape), this.engine);
          if (array.length !== product(spec.shape)) {
            fail(`program ${this.name} is bound to ${array.length} elements for "${key}"`, `${product(spec.shape)}`);
          }
          return [key, array];
        }),
      );
    const state = place(this.state, given.state);
    const inputs = place(this.inputs, given.inputs);
    const outputs = place(this.outputs, given.outputs);
    const buffers = {
      inputs: Object.values(inputs),
      state: Object.values(state),
      outputs: Object.values(outputs),
    };
    const { executable } = this;
    const series = executable.bindSeries?.bind(executable, buffers);
    return { inputs, outputs, state, run: executable.bind(buffers), series };
  }
}

/**
 * Traces `body` over named inputs and state and compiles it whole, for an engine.
 *
 * @example
 * const { engine } = await resolveEngine();
 * const counter = await createProgram({
 *   name: "counter",
 *   engine,
 *   state: { total: { shape: [], dtype: "float32" } },
 *   inputs: { x: { shape: [3], dtype: "float32" } },
 *   body: ({ state, inputs }) => ({ state: { total: state.total!.add(inputs.x!.sum()) } }),
 * });
 */
export function createProgram(options: ProgramOptions): Promise<Program> {
  return Program.create(options);
}

/** Zeroed memory that programs of `engine` can be bound to. */
export function allocate(dtype: DType, length: number, engine: EngineChoice["engine"]): TypedArray {
  return engine.allocate(dtype, length);
}

/**
 * An async function of the same arguments, traced once for each combination of shapes and types and run as one compiled function.
 *
 * @example
 * const norm = compile((x: Tensor) => x.square().sum().sqrt());
 * console.log(await (await norm(tensor([3, 4]))).item()); // 5
 */
export function compile<A extends readonly Tensor[], R extends Tensor | readonly Tensor[]>(
  f: (...args: A) => R,
  options: { readonly engine?: string } = {},
): (...args: { [K in keyof A]: Tensor }) => Promise<R> {
  const cache = new Map<string, Promise<{ program: Program; single: boolean }>>();
  const trace = async (args: readonly Tensor[]): Promise<{ program: Program; single: boolean }> => {
    const { engine } = await resolveEngine(options.engine);
    let single = true;
    const program = await Program.create({
      name: f.name || "function",
      engine,
      inputs: Object.fromEntries(args.map(({ shape, dtype }, i) => [`x${i}`, { shape, dtype }])),
      body: ({ inputs }) => {
        const result = f(...(Object.values(inputs) as unknown as A));
        single = !Array.isArray(result);
        const list: readonly unknown[] = Array.isArray(result) ? result : [result];
        const given = list.map((each, i) => [`y${i}`, givenTensor(each, "a compiled function")]);
        return { outputs: Object.fromEntries(given) };
      },
    });
    return { program, single };
  };
  return async (...args) => {
    const list = args as unknown as readonly Tensor[];
    const strange = list.find((each) => !(each instanceof Tensor));
    if (strange !== undefined) fail(`a compiled function got ${show(strange)}`, "tensors", "wrap it in tensor()");
    const key = list.map(({ shape, dtype }) => `${dtype}[${shape}]`).join();
    let compiled = cache.get(key);
    if (!compiled) {
      compiled = trace(list);
      cache.set(key, compiled);
    }
    const { program, single } = await compiled;
    // Each call has memory of its own, so that calls may overlap and results stay.
    const bound = program.bind();
    const values = await Promise.all(list.map((each) => each.data()));
    Object.values(bound.inputs).forEach((input, i) => input.set(values[i]!));
    await bound.run();
    const results = Object.entries(bound.outputs).map(([name, array]) => {
      const { shape, dtype } = program.outputs[name]!;
      return new Tensor(ops.data(ownArray(array), shape, dtype));
    });
    return (single ? results[0] : results) as unknown as R;
  };
}

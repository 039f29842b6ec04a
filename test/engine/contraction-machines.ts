import { renderProgram, type VectorBytes } from "../../src/engines/native/render/program.ts";
import { loadProgram } from "../../src/engines/native/runtime/index.ts";
import { type Compiler, compileLibrary, findCompiler } from "../../src/engines/native/toolchain/index.ts";
import { renderModule } from "../../src/engines/wasm/render/program.ts";
import { openWasmRuntime, type WasmRuntime } from "../../src/engines/wasm/runtime/index.ts";
import type { Access, Expression, KernelProgram } from "../../src/passes/index.ts";
import { HostRandom } from "../../src/util/index.ts";
import type { Problem } from "./contraction-problem.ts";
import { withEnvironment } from "./environment.ts";

/** All problems as the steps of one program; every problem has its own five buffers. */
function programOf(problems: readonly Problem[]): KernelProgram {
  const shift = (access: Access, by: number): Access => ({ ...access, buffer: access.buffer + by });
  const shiftValue = (value: Expression, by: number): Expression =>
    value.kind === "load"
      ? { ...value, access: shift(value.access, by) }
      : value.kind === "scalar"
        ? { ...value, args: value.args.map((arg) => shiftValue(arg, by)) }
        : value;
  return {
    name: "contractions",
    buffers: problems
      .flatMap(({ lengths }) => lengths.map((length) => ({ dtype: "float32" as const, length })))
      .map((buffer, index) => ({ ...buffer, place: { kind: "input", index } })),
    steps: problems.map(({ kernel }, i) => ({
      kernel: {
        ...kernel,
        a: shift(kernel.a, 5 * i),
        b: shift(kernel.b, 5 * i),
        stores: kernel.stores.map(({ access, value }) => ({
          access: shift(access, 5 * i),
          value: shiftValue(value, 5 * i),
        })),
      },
      barrier: true,
      parallel: true,
      scope: "",
      parts: [],
    })),
    arenaBytes: 0,
    liveBytes: 0,
    work: 1e9,
  };
}

/** A compiled engine, in one of the forms that its code may have. */
export interface Machine {
  readonly name: string;
  /** The results of all problems, on so many threads. */
  readonly run: (threads: number) => Promise<readonly Float32Array[]>;
}

/** A processor to compile for, by its name as of DESCENT_NATIVE_ARCH, and whether to render as if it multiplied pairs of bfloat16. */
interface Architecture {
  readonly architecture: string;
  readonly pairs: boolean;
}

/** Problems, their operands, and all machines that can solve them. */
export interface Workshop {
  readonly problems: readonly Problem[];
  readonly operands: readonly (readonly Float32Array[])[];
  readonly machines: readonly Machine[];
  readonly close: () => void;
}

/**
 * Opens what can run here; says why something can't.
 *
 * @param architectures for which native programs are compiled with their longest vectors, as they are for this machine; without any, for
 * this machine with vectors of every length
 */
export async function workshopFor(
  problems: readonly Problem[],
  architectures: readonly Architecture[] = [],
): Promise<Workshop> {
  const values = new HostRandom(5);
  const operands = problems.map(({ lengths }) =>
    lengths.map((length) => Float32Array.from({ length }, () => values.uniform() * 2 - 1)),
  );
  const runtimes: WasmRuntime[] = [];
  const native = await nativeMachines(problems, operands, architectures);
  const wasm = await wasmMachines(problems, operands, runtimes);
  const close = () => {
    for (const runtime of runtimes) runtime.close();
  };
  return { problems, operands, machines: [...native, ...wasm], close };
}

type Operands = Workshop["operands"];

/** The operands, with results that nothing has been written to. */
const initialOf = (operands: Operands) =>
  operands.flatMap((each) => each.map((data, i) => (i === 2 ? new Float32Array(data.length).fill(Number.NaN) : data)));
const resultsOf = (buffers: readonly Float32Array[]) => buffers.filter((_, i) => i % 5 === 2);

async function nativeMachines(
  problems: readonly Problem[],
  operands: Operands,
  architectures: readonly Architecture[],
): Promise<Machine[]> {
  const { compiler, reason } = await findCompiler();
  if (!compiler) {
    if (process.env.DESCENT_REQUIRE?.includes("native")) throw new Error(reason);
    console.log(`skipped: contractions on native: ${reason}`);
    return [];
  }
  const run = async (compiler: Compiler, vectorBytes: VectorBytes, threads: number, pairs = true) => {
    const { sources, scratchBytes, sharedBytes } = renderProgram(programOf(problems), vectorBytes, { pairs });
    const library = await compileLibrary({ name: "contractions", sources }, { compiler });
    const native = await loadProgram(library.path, { threads });
    const buffers = initialOf(operands).map((data) => data.slice());
    const working = [(scratchBytes / 4) * threads, sharedBytes / 4].map((length) => new Float32Array(length + 16));
    native.bind([...buffers, ...working]).runSync();
    return resultsOf(buffers);
  };
  const widths = ([16, 32, 64] as const).filter((bytes) =>
    architectures.length > 0 ? bytes === compiler.vectorBytes : bytes <= compiler.vectorBytes,
  );
  const others: Machine[] = [];
  for (const { architecture, pairs } of process.arch === "x64" ? architectures : []) {
    const found = await withEnvironment({ DESCENT_NATIVE_ARCH: architecture }, findCompiler);
    if (!found.compiler) {
      console.log(`skipped: contractions on ${architecture}: ${found.reason}`);
      continue;
    }
    const { compiler: other } = found;
    others.push({
      name: `native for ${architecture}`,
      run: (threads) => run(other, other.vectorBytes, threads, pairs),
    });
  }
  return [
    ...others,
    ...widths.map((bytes) => ({
      name: `native, vectors of ${bytes} bytes`,
      run: (threads: number) => run(compiler, bytes, threads),
    })),
  ];
}

const sameBits = (a: Float32Array, b: Float32Array): boolean =>
  Buffer.compare(new Uint8Array(a.buffer), new Uint8Array(b.buffer)) === 0;

async function wasmMachines(
  problems: readonly Problem[],
  operands: Operands,
  opened: WasmRuntime[],
): Promise<Machine[]> {
  const open = async (threads: number): Promise<WasmRuntime> => {
    const found = await openWasmRuntime({ threads });
    if ("reason" in found) throw new Error(found.reason);
    opened.push(found.runtime);
    return found.runtime;
  };
  const run = async (fusedMultiplyAdd: boolean, threads: number): Promise<readonly Float32Array[]> => {
    const runtime = await open(threads);
    const program = programOf(problems);
    const rendered = renderModule(program, { shared: runtime.features.sharedMemory, fusedMultiplyAdd });
    const loaded = await runtime.load(rendered, { program, data: [] });
    const inputs = initialOf(operands).map((data) => {
      const array = runtime.allocate("float32", data.length) as Float32Array;
      array.set(data);
      return array;
    });
    await loaded.bind({ inputs, state: [], outputs: [] })();
    return resultsOf(inputs.map((array) => array.slice()));
  };
  const { features } = await open(1);
  const forms = features.fusedMultiplyAdd ? [true, false] : [false];
  return forms.map((fused) => ({
    name: `wasm, ${fused ? "fused multiply-add" : "multiplications and additions"}`,
    run: (threads) => run(fused, threads),
  }));
}

/** The largest error of a result; elements that nobody asked for have to be as they were. */
export function worstError(found: Float32Array, expected: Float64Array): number {
  let worst = 0;
  found.forEach((value, at) => {
    const error = Number.isNaN(expected[at]) && Number.isNaN(value) ? 0 : Math.abs(value - expected[at]!);
    worst = error <= worst ? worst : error;
  });
  return worst;
}

/**
 * The error that sums of float32 may have in these problems, whose factors lie between -1 and 1: each of the depth's additions is off by
 * half an ulp of a sum that grows as the root of the depth.
 */
export function allowedError({ kernel }: Problem): number {
  const depth = kernel.depth.reduce((total, { size }) => total * size, 1);
  return 4e-6 * Math.sqrt(depth) + 1e-6;
}

/** Machines of each engine in the form that is used here: the others differ in the width of a vector or in one instruction. */
export const typicalOf = ({ machines }: Workshop): Machine[] =>
  ["native", "wasm"].flatMap((engine) => machines.findLast(({ name }) => name.startsWith(engine)) ?? []);

/** Names of the problems whose results differ in some bit. */
export const differing = (
  { problems }: Workshop,
  one: readonly Float32Array[],
  other: readonly Float32Array[],
): string[] => problems.filter((_, i) => !sameBits(one[i]!, other[i]!)).map(({ name }) => name);

import { type Code, FunctionBuilder, type LocalReference, type WasmFunction } from "../encode/index.ts";
import { type AssemblerOptions, WasmAssembler } from "./assembler.ts";
import { type Actual, Pointers } from "./pointers.ts";

/** A function that all workers call, each doing its share: its parameters are the worker, the number of workers, then `actual`. */
export interface Phase {
  readonly function: WasmFunction;
  readonly actual: readonly Actual[];
}

/** A kernel's functions, called one after the other with barriers between, what they call, and the memory they work in. */
export interface RenderedKernel {
  readonly phases: readonly Phase[];
  /** Functions that phases call, by names that say all of what they do: kernels of a module share them. */
  readonly support: ReadonlyMap<string, WasmFunction>;
  readonly scratchBytes: number;
  readonly sharedBytes: number;
}

/** What a phase is written with. */
export interface PhaseWriter {
  readonly builder: FunctionBuilder;
  readonly pointers: Pointers;
  readonly assembler: WasmAssembler;
  readonly worker: LocalReference;
  readonly workers: LocalReference;
}

/** Makes a phase: `write` fills the block, which runs after what it had computed ahead. */
export function makePhase(options: AssemblerOptions, write: (writer: PhaseWriter, block: Code[]) => void): Phase {
  const builder = new FunctionBuilder();
  const [worker, workers] = [builder.parameter("i32"), builder.parameter("i32")];
  const pointers = new Pointers(builder);
  const top: Code[] = [];
  const block: Code[] = [];
  const assembler = new WasmAssembler(builder, pointers, worker, workers, top, options);
  write({ builder, pointers, assembler, worker, workers }, block);
  builder.body.push(top, block);
  return { function: builder, actual: pointers.actual };
}

/** A kernel of one phase that needs nothing else. */
export function simpleKernel(
  options: AssemblerOptions,
  write: (writer: PhaseWriter, block: Code[]) => void,
): RenderedKernel {
  return { phases: [makePhase(options, write)], support: new Map(), scratchBytes: 0, sharedBytes: 0 };
}

import { referenceEngine } from "../../src/engines/reference/index.ts";
import type { Program } from "../../src/ir/index.ts";

/** The programs that the reference engine is given to compile while `work` runs: what models really train and predict with. */
export async function recordPrograms(work: () => Promise<unknown>): Promise<Program[]> {
  const { compile } = referenceEngine;
  const programs: Program[] = [];
  referenceEngine.compile = (program) => {
    programs.push(program);
    return compile.call(referenceEngine, program);
  };
  try {
    await work();
  } finally {
    referenceEngine.compile = compile;
  }
  return programs;
}

/** Thrown by {@link recordFirst}: nothing after the first program is wanted. */
class Enough extends Error {}

/** The first program that the reference engine is given; `work` is broken off there, so that large programs are not run. */
export async function recordFirst(work: () => Promise<unknown>): Promise<Program> {
  const { compile } = referenceEngine;
  let first: Program | undefined;
  referenceEngine.compile = (program) => {
    first ??= program;
    throw new Enough("recorded");
  };
  try {
    await work();
  } catch (reason) {
    if (!(reason instanceof Enough)) throw reason;
  } finally {
    referenceEngine.compile = compile;
  }
  if (!first) throw new Error("nothing was compiled");
  return first;
}

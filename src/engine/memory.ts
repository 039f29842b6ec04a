import { DTYPES, type Node, type Program } from "../ir/index.ts";
import { product } from "../util/index.ts";

const bytesOf = (nodes: readonly Node[]): number =>
  nodes.reduce((sum, { dtype, shape }) => sum + product(shape) * DTYPES[dtype].bytes, 0);

/** Bytes of what goes into a program, stays in it and comes out. State is held once: its new value replaces the old one. */
export function boundaryBytes({ inputs, state, outputs }: Program) {
  return {
    inputBytes: bytesOf(inputs),
    stateBytes: bytesOf(state.map(({ input }) => input)),
    outputBytes: bytesOf(outputs),
  };
}

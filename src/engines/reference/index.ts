import type { Buffers, Engine, Executable, Runner } from "../../engine/index.ts";
import { DTYPES, evaluate, type Node, type Program, type TypedArray } from "../../ir/index.ts";

export { evaluate } from "../../ir/index.ts";

class ReferenceExecutable implements Executable {
  readonly facts = { precision: "float64" };
  constructor(private readonly program: Program) {}

  bind(buffers: Buffers): Runner {
    const { inputs, state, outputs } = this.program;
    return () => {
      const given = new Map<Node, TypedArray>();
      inputs.forEach((node, i) => given.set(node, buffers.inputs[i]!));
      state.forEach(({ input }, i) => given.set(input, buffers.state[i]!));
      const results = evaluate([...state.map(({ next }) => next), ...outputs], given);
      [...buffers.state, ...buffers.outputs].forEach((buffer, i) => buffer.set(results[i]!));
      return undefined;
    };
  }
}

/** The engine that is right by construction: slow, obvious, float64 inside. */
export const referenceEngine: Engine = {
  name: "reference",
  allocate: (dtype, length) => DTYPES[dtype].create(length),
  compile: async (program) => new ReferenceExecutable(program),
  describe: () => "plain JavaScript in float64, one thread",
};

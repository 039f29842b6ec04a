import type { Buffers, Engine, Executable, Runner } from "../../engine/index.ts";
import { DTYPES, type Node, type Program, type TypedArray, topologicalOrder } from "../../ir/index.ts";

/** Values of `roots`, in float64, each op by its own meaning. Values no longer needed are let go on the way. */
export function evaluate(roots: readonly Node[], given: ReadonlyMap<Node, TypedArray | Float64Array>): Float64Array[] {
  const order = topologicalOrder(roots);
  const uses = new Map<Node, number>();
  for (const node of [...order.flatMap((each) => each.inputs), ...roots]) uses.set(node, (uses.get(node) ?? 0) + 1);
  const values = new Map<Node, Float64Array>();
  for (const node of order) {
    const bound = given.get(node);
    if (bound !== undefined) values.set(node, Float64Array.from(bound));
    else
      values.set(
        node,
        node.op.evaluate(
          node.inputs.map((input) => values.get(input)!),
          node,
        ),
      );
    for (const input of node.inputs) {
      const left = uses.get(input)! - 1;
      uses.set(input, left);
      if (left === 0) values.delete(input);
    }
  }
  return roots.map((root) => values.get(root)!);
}

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

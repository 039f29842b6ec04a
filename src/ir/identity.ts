import type { TypedArray } from "./dtype.ts";
import { type Node, topologicalOrder } from "./op.ts";
import type { Program } from "./program.ts";

/** What a program is, without its numbers. */
export interface ProgramIdentity {
  /** Equal for programs of the same ops over the same shapes, whatever the names of the programs and the values of their data. */
  readonly text: string;
  /** The arrays of its data, in the order of the text. */
  readonly data: readonly TypedArray[];
}

/** A program's structure as text; numbers of nodes and arrays are positions in it. Scopes are part of it: profiles name them. */
export function identify({ inputs, state, outputs }: Program): ProgramIdentity {
  const roots = [...inputs, ...state.flatMap(({ input, next }) => [input, next]), ...outputs];
  const order = topologicalOrder(roots);
  const numbers = new Map<Node, number>();
  const arrays = new Map<TypedArray, number>();
  const attribute = (_key: string, value: unknown) => {
    if (typeof value === "number")
      return Number.isFinite(value) && !Object.is(value, -0) ? value : `number ${text(value)}`;
    if (!ArrayBuffer.isView(value)) return value;
    const array = value as TypedArray;
    const number = arrays.get(array) ?? arrays.size;
    arrays.set(array, number);
    return `array ${number} of ${array.length}`;
  };
  const lines = order.map((node, i) => {
    numbers.set(node, i);
    const from = node.inputs.map((input) => numbers.get(input)).join();
    return `${node.op.name} ${from} ${node.dtype} ${node.shape.join()} ${JSON.stringify(node.attributes, attribute)} ${JSON.stringify(node.scope)}`;
  });
  const list = (nodes: readonly Node[]) => nodes.map((node) => numbers.get(node)).join();
  const ends = [inputs, state.map(({ input }) => input), state.map(({ next }) => next), outputs].map(list);
  return { text: [...lines, ...ends].join("\n"), data: [...arrays.keys()] };
}

/** NaN, infinities and -0, which JSON does not have. */
const text = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

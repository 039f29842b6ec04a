import type { TypedArray } from "./dtype.ts";
import { BodyValue, Loop } from "./loop.ts";
import { type Attributes, type Node, topologicalOrder } from "./op.ts";
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
  const writer = new GraphWriter();
  const [first, next] = [state.map(({ input }) => input), state.map(({ next }) => next)];
  writer.write([...inputs, ...state.flatMap(({ input, next }) => [input, next]), ...outputs]);
  const ends = [inputs, first, next, outputs].map(writer.list);
  return { text: [...writer.lines, ...ends].join("\n"), data: [...writer.arrays.keys()] };
}

class GraphWriter {
  readonly lines: string[] = [];
  readonly arrays = new Map<TypedArray, number>();
  private readonly numbers = new Map<Node, number>();
  private readonly loops = new Map<Loop, string>();

  readonly list = (nodes: readonly Node[]): string => nodes.map((node) => this.numbers.get(node)).join();

  write(roots: readonly Node[]): void {
    for (const node of topologicalOrder(roots)) {
      if (this.numbers.has(node)) continue;
      const { attributes, dtype, shape, scope, op } = node;
      const { loop, value } = attributes;
      if (loop instanceof Loop) this.writeLoop(loop);
      if (value instanceof BodyValue) this.write([value.node]);
      this.numbers.set(node, this.numbers.size);
      const text = JSON.stringify(this.plain(attributes), this.attribute);
      this.lines.push(`${op.name} ${this.list(node.inputs)} ${dtype} ${shape.join()} ${text} ${JSON.stringify(scope)}`);
    }
  }

  /** The body, and what it begins with and comes to. */
  private writeLoop(loop: Loop): void {
    if (this.loops.has(loop)) return;
    const { length, reverse, carries, slices, constants, next } = loop;
    const ends = [carries, slices, constants, next];
    this.write(ends.flat());
    this.loops.set(loop, `loop of ${length}${reverse ? " reversed" : ""}: ${ends.map(this.list).join(" ")}`);
  }

  /** Attributes without references to nodes. */
  private plain(attributes: Attributes): Attributes {
    const { loop, value } = attributes;
    if (!(loop instanceof Loop)) return attributes;
    const number = value instanceof BodyValue ? { value: this.numbers.get(value.node) } : {};
    return { ...attributes, loop: this.loops.get(loop), ...number };
  }

  private readonly attribute = (_key: string, value: unknown): unknown => {
    if (typeof value === "number")
      return Number.isFinite(value) && !Object.is(value, -0) ? value : `number ${text(value)}`;
    if (!ArrayBuffer.isView(value)) return value;
    const array = value as TypedArray;
    const number = this.arrays.get(array) ?? this.arrays.size;
    this.arrays.set(array, number);
    return `array ${number} of ${array.length}`;
  };
}

/** NaN, infinities and -0, which JSON does not have. */
const text = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

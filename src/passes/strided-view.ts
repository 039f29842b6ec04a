import type { DType, Node } from "../ir/index.ts";
import { product } from "../util/index.ts";

/** Where a computed value lies: element (i, j, ..) at offset + sum of index * stride in the buffer. */
export interface Storage {
  readonly buffer: number;
  readonly dtype: DType;
  readonly offset: number;
  readonly strides: readonly number[];
}

/** What a chain of reshapes starts from: the value whose memory it shares. */
export function unshaped(node: Node): Node {
  return node.op.name === "reshape" ? unshaped(node.inputs[0]!) : node;
}

/** Where a view of a value lies, when it is the value's memory seen with other strides; undefined when it is not. */
export function stridedView(node: Node, storageOf: (node: Node) => Storage | undefined): Storage | undefined {
  const own = storageOf(node);
  if (own) return own;
  if (node.op.family !== "movement") return undefined;
  const [input] = node.inputs as [Node];
  const from = stridedView(input, storageOf);
  if (!from) return undefined;
  const { strides, offset } = from;
  switch (node.op.name) {
    case "permute":
      return { ...from, strides: (node.attributes.order as number[]).map((axis) => strides[axis]!) };
    case "broadcast":
      return { ...from, strides: strides.map((stride, axis) => (input.shape[axis] === 1 ? 0 : stride)) };
    case "slice": {
      const { starts, steps } = node.attributes as { starts: number[]; steps: number[] };
      const skipped = starts.reduce((sum, start, axis) => sum + start * strides[axis]!, 0);
      return { ...from, offset: offset + skipped, strides: strides.map((stride, axis) => stride * steps[axis]!) };
    }
    case "reshape": {
      const reshaped = reshapedStrides(input.shape, strides, node.shape);
      return reshaped && { ...from, strides: reshaped };
    }
    default:
      return undefined;
  }
}

/** Strides of the same elements under another shape; undefined where they do not lie in even steps. */
function reshapedStrides(from: readonly number[], strides: readonly number[], to: readonly number[]) {
  const wide = from.flatMap((size, axis) => (size === 1 ? [] : [{ size, stride: strides[axis]! }]));
  const result = new Array<number>(to.length).fill(0);
  let [axis, next] = [0, 0];
  while (axis < wide.length) {
    // The shortest runs of axes, of the old and of the new shape, that have the same elements.
    const run = [wide[axis++]!];
    const start = next;
    let wanted = 1;
    while (wanted !== product(run.map(({ size }) => size))) {
      if (wanted < product(run.map(({ size }) => size))) wanted *= to[next++]!;
      else run.push(wide[axis++]!);
    }
    const even = run.every(({ stride }, i) => i === 0 || run[i - 1]!.stride === stride * run[i]!.size);
    if (!even) return undefined;
    let stride = run.at(-1)!.stride;
    for (let at = next - 1; at >= start; at--) {
      result[at] = stride;
      stride *= to[at]!;
    }
  }
  return result;
}

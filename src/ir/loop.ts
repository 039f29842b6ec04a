import { formatShape, invariant } from "../util/index.ts";
import { type Node, type TensorType, topologicalOrder, withInputs } from "./op.ts";
import { placeholder } from "./ops/sources.ts";

/**
 * A graph that is computed `length` times, one step after the other: carries go from step to step, every step sees its own slice of
 * stacked inputs. Its body is closed: it reads nothing but these placeholders. What it computes is asked for by nodes of the surrounding
 * graph, one per result (see ops/scan.ts), whose inputs are the first carries, the stacks and the constants, in this order.
 */
export interface LoopSpec {
  readonly length: number;
  /** Steps from the last slice to the first. */
  readonly reverse: boolean;
  /** Its gradient computes again what a step computed, from the step's carries, instead of keeping it in memory. */
  readonly recompute: boolean;
  /** Placeholders of what the step before gave. */
  readonly carries: readonly Node[];
  /** Placeholders of this step's slices: the stacks have one more axis in front. */
  readonly slices: readonly Node[];
  /** Placeholders of what is the same for all steps. */
  readonly constants: readonly Node[];
  /** What becomes of the carries, of the same types. */
  readonly next: readonly Node[];
}

let loopCount = 0;

export class Loop implements LoopSpec {
  readonly id = loopCount++;
  readonly length: number;
  readonly reverse: boolean;
  readonly recompute: boolean;
  readonly carries: readonly Node[];
  readonly slices: readonly Node[];
  readonly constants: readonly Node[];
  readonly next: readonly Node[];

  constructor({ length, reverse, recompute, carries, slices, constants, next }: LoopSpec) {
    this.length = length;
    this.reverse = reverse;
    this.recompute = recompute;
    this.carries = carries;
    this.slices = slices;
    this.constants = constants;
    this.next = next;
    carries.forEach((carry, i) => {
      invariant(
        sameType(carry, next[i]!),
        `carry ${i} of a loop becomes ${typeText(next[i]!)} from ${typeText(carry)}`,
      );
    });
  }

  /** The types of the inputs of its results. */
  get inputTypes(): TensorType[] {
    const stacks = this.slices.map(({ shape, dtype }) => ({ shape: [this.length, ...shape], dtype }));
    return [...this.carries, ...stacks, ...this.constants];
  }

  /** Attributes are compared as JSON. */
  toJSON(): string {
    return `loop ${this.id}`;
  }
}

/** A value of a loop's body, as an attribute. */
export class BodyValue {
  constructor(readonly node: Node) {}

  toJSON(): string {
    return `value ${this.node.id}`;
  }
}

/** The loop that a node is a result of; undefined for all other nodes. */
export function loopOf(node: Node): Loop | undefined {
  return node.op.family === "scan" ? (node.attributes.loop as Loop) : undefined;
}

/** What a result of a loop is: a value of every step, or (no value) the last of a carry. */
export function bodyValueOf(node: Node): Node | undefined {
  return (node.attributes.value as BodyValue | undefined)?.node;
}

/** Equal for results of one loop over the same inputs: they are computed together. */
export function applicationOf(node: Node): string {
  return `${loopOf(node)!.id}(${node.inputs.map(({ id }) => id)})`;
}

/** The results of loops among some nodes, by {@link applicationOf}. */
export function applications(nodes: readonly Node[]): Map<string, Node[]> {
  const found = new Map<string, Node[]>();
  for (const node of nodes) {
    if (node.op.family !== "scan") continue;
    const key = applicationOf(node);
    const known = found.get(key);
    if (known) known.push(node);
    else found.set(key, [node]);
  }
  return found;
}

function sameType(a: TensorType, b: TensorType): boolean {
  return a.dtype === b.dtype && a.shape.join() === b.shape.join();
}

export function typeText({ dtype, shape }: TensorType): string {
  return `${dtype} ${formatShape(shape)}`;
}

/** The graph of `roots` with other nodes in the places of some. */
export function substitute(roots: readonly Node[], replacement: ReadonlyMap<Node, Node>): Node[] {
  const done = new Map<Node, Node>(replacement);
  for (const node of topologicalOrder(roots, (each) => replacement.has(each))) {
    if (done.has(node)) continue;
    const inputs = node.inputs.map((input) => done.get(input)!);
    done.set(node, inputs.every((input, i) => input === node.inputs[i]) ? node : withInputs(node, inputs));
  }
  return roots.map((root) => done.get(root)!);
}

/** A loop whose body may read the surrounding graph. */
export interface OpenLoop extends Omit<LoopSpec, "constants"> {
  /** Other values of the body that will be asked for. */
  readonly values: readonly Node[];
}

export interface ClosedLoop {
  readonly loop: Loop;
  readonly values: readonly Node[];
  /** What the loop's constants are, in the surrounding graph. */
  readonly constants: readonly Node[];
}

/** Families whose nodes cost a body nothing. */
const FREE = new Set(["constant", "iota", "movement"]);

/**
 * Takes out of a loop what is the same for all of its steps: it becomes constants, computed once, before the loop. Numbers, and views made
 * in the body, stay inside.
 */
export function closeLoop({ values, ...spec }: OpenLoop): ClosedLoop {
  const own = [...spec.carries, ...spec.slices];
  const roots = [...spec.next, ...values];
  // Nodes are numbered in the order they are made.
  const first = Math.min(...own.map(({ id }) => id));
  const isOlder = ({ id }: Node) => id < first;
  const varying = new Set(own);
  for (const node of topologicalOrder(roots, isOlder)) {
    if (node.inputs.some((input) => varying.has(input))) varying.add(node);
  }
  const isConstant = (node: Node) =>
    !varying.has(node) && (isOlder(node) ? node.op.family !== "constant" : !FREE.has(node.op.family));
  const constants = topologicalOrder(roots, isConstant).filter(isConstant);
  const placeholders = constants.map(({ shape, dtype }) => placeholder("constant", shape, dtype));
  const closed = substitute(roots, new Map(constants.map((node, i) => [node, placeholders[i]!])));
  const next = closed.slice(0, spec.next.length);
  const loop = new Loop({ ...spec, constants: placeholders, next });
  return { loop, values: closed.slice(spec.next.length), constants };
}

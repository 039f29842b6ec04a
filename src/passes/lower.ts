import {
  addIndex,
  type DType,
  type Guard,
  type IndexExpression,
  indexConstant,
  indexRange,
  laneTypeOf,
  type MovementOp,
  type Node,
  type Scalar,
  type ScalarType,
  scalar,
  scaleIndex,
} from "../ir/index.ts";
import { invariant, rowMajorStrides, sameShape } from "../util/index.ts";
import type { Access, Expression } from "./kernel.ts";
import { type LoopSpace, ravel } from "./loop-space.ts";
import { tableOf } from "./memory-decisions.ts";
import { type Storage, stridedView } from "./strided-view.ts";

/** Thrown when `node` can't be read through a view: it must be computed into memory first. */
export class NeedsMemory {
  constructor(readonly node: Node) {}
}

/** What the surrounding kernel knows of the nodes that are kept in memory or that it computes itself. */
export interface Resolver {
  /** The element of `node` at `index`, as a value the kernel has at hand; undefined when it does not compute the node. */
  readonly value: (node: Node, index: readonly IndexExpression[]) => Expression | undefined;
  /** The node's memory; undefined when it has none or the kernel computes it itself. */
  readonly storage: (node: Node) => Storage | undefined;
}

/** Turns graph into expressions over loops: elementwise nodes are inlined, movements become index arithmetic, the rest is loaded. */
export class Lowering {
  private readonly memo = new Map<string, Expression>();

  constructor(
    private readonly space: LoopSpace,
    private readonly resolver: Resolver,
  ) {}

  /** The element of `node` at `index`. Loads happen only where `guards` hold; the caller chooses what stands elsewhere. */
  expression(node: Node, index: readonly IndexExpression[], guards: readonly Guard[] = []): Expression {
    const key = `${node.id}@${JSON.stringify([index, guards])}`;
    let known = this.memo.get(key);
    if (!known) {
      known = this.build(node, index, guards);
      this.memo.set(key, known);
    }
    return known;
  }

  /** The element of `node` computed here, though the node has memory: for the kernel that fills it. */
  expressionOfMember(node: Node, index: readonly IndexExpression[]): Expression {
    return this.compute(node, index, []);
  }

  private build(node: Node, index: readonly IndexExpression[], guards: readonly Guard[]): Expression {
    const value = this.resolver.value(node, index);
    if (value) return value;
    const storage = this.resolver.storage(node);
    if (storage) return load(at(storage, index), guards, 0);
    return this.compute(node, index, guards);
  }

  private compute(node: Node, index: readonly IndexExpression[], guards: readonly Guard[]): Expression {
    const { op } = node;
    switch (op.family) {
      case "constant":
        return constantOf(node.attributes.value as number, node.dtype);
      case "identity":
        return this.expression(node.inputs[0]!, index, guards);
      case "iota":
        return convert({ kind: "index", type: "i32", index: index[node.attributes.axis as number]! }, node.dtype);
      case "elementwise": {
        const args = node.inputs.map((input) => this.expression(input, index, guards));
        return instantiate(
          op.lower(
            args.map((arg, i) => scalar.arg(i, arg.type)),
            node.dtype,
          ),
          args,
        );
      }
      case "movement":
        return this.through(node, index, guards);
      case "gather":
        return this.gathered(node, index, guards);
      default:
        throw new NeedsMemory(node);
    }
  }

  /** An element of a movement's result: the element of its input, or the fill value where a guard fails. */
  private through(node: Node, index: readonly IndexExpression[], guards: readonly Guard[]): Expression {
    const input = node.inputs[0]!;
    const op = node.op as MovementOp;
    if (!op.locate) {
      const flat = ravel(index, node.shape);
      const storage = this.resolver.storage(input);
      if (storage && sameShape(storage.strides, rowMajorStrides(input.shape))) {
        return load(at({ ...storage, strides: [1] }, [flat]), guards, 0);
      }
      const inner = this.space.unravel(flat, input.shape);
      if (!inner) throw new NeedsMemory(input);
      return this.expression(input, inner, guards);
    }
    const location = op.locate(index, node);
    const own = location.guards.filter((guard) => !this.alwaysHolds(guard));
    const value = this.expression(input, location.index, [...guards, ...own]);
    if (own.length === 0) return value;
    // A plain load reads its own fill value where a guard fails, and what stands outside the outer guards is the caller's choice.
    if (value.kind === "load" && sameGuards(value.access.guards, [...guards, ...own])) {
      return { ...value, access: { ...value.access, fill: location.fill } };
    }
    const inside = own.map(guardMask).reduce((a, b) => instruction("and", "mask", [a, b]));
    return instruction("select", value.type, [inside, value, constantOf(location.fill, node.dtype)]);
  }

  private alwaysHolds({ expression, divisor, size }: Guard): boolean {
    const range = divisor === 1 ? indexRange(expression, this.space.sizeOf) : undefined;
    return range !== undefined && range.low >= 0 && range.high < size;
  }

  private gathered(node: Node, index: readonly IndexExpression[], guards: readonly Guard[]): Expression {
    const [source, indices] = node.inputs as [Node, Node];
    const rank = indices.shape.length;
    const storage = stridedView(source, this.resolver.storage);
    if (!storage) throw new NeedsMemory(this.resolver.storage(tableOf(source)) ? source : tableOf(source));
    if (guards.length > 0) throw new NeedsMemory(node);
    const row = this.expression(indices, index.slice(0, rank), guards);
    const inner = at({ ...storage, strides: storage.strides.slice(1) }, index.slice(rank));
    return {
      kind: "gather",
      type: laneTypeOf(node.dtype),
      access: { ...inner, guards: [] },
      row,
      rows: source.shape[0]!,
      stride: storage.strides[0]!,
    };
  }

  /** Where the element of `node` at `index` lies, for operands that are packed from memory. */
  access(node: Node, index: readonly IndexExpression[]): Access {
    const value = this.expression(node, index);
    if (value.kind !== "load" || value.access.fill !== 0) throw new NeedsMemory(node);
    return value.access;
  }
}

/** The place of an element in a storage. */
export function at(storage: Storage, index: readonly IndexExpression[]): Access {
  const flat = index.reduce(
    (sum, each, axis) => addIndex(sum, scaleIndex(each, storage.strides[axis]!)),
    indexConstant(storage.offset),
  );
  return { buffer: storage.buffer, dtype: storage.dtype, index: flat, guards: [], fill: 0 };
}

/** A load without conditions. */
export function loadOf(access: Access): Expression {
  return load(access, [], 0);
}

function load(access: Access, guards: readonly Guard[], fill: number): Expression {
  return { kind: "load", type: laneTypeOf(access.dtype), access: { ...access, guards, fill } };
}

function instruction(op: Scalar["op"], type: ScalarType, args: readonly Expression[]): Expression {
  return { kind: "scalar", op, type, args };
}

function sameGuards(a: readonly Guard[], b: readonly Guard[]): boolean {
  return a.length === b.length && a.every((guard, i) => guard === b[i]);
}

function constantOf(value: number, dtype: DType): Expression {
  const type = laneTypeOf(dtype);
  return { kind: "scalar", op: "const", type, args: [], value: type === "mask" ? Number(value !== 0) : value };
}

/** An i32 as a value of `dtype`. */
function convert(value: Expression, dtype: DType): Expression {
  const type = laneTypeOf(dtype);
  if (type === value.type) return value;
  if (type !== "mask") return instruction("convert", type, [value]);
  return instruction("ne", "mask", [value, { kind: "scalar", op: "const", type: value.type, args: [], value: 0 }]);
}

/** The mask of lanes where a guard holds. */
function guardMask({ expression, divisor, size }: Guard): Expression {
  const value: Expression = { kind: "index", type: "i32", index: expression };
  const integer = (n: number): Expression => ({ kind: "scalar", op: "const", type: "i32", args: [], value: n });
  const inside = instruction("and", "mask", [
    instruction("le", "mask", [integer(0), value]),
    instruction("lt", "mask", [value, integer(size * divisor)]),
  ]);
  if (divisor === 1) return inside;
  const exact = instruction("eq", "mask", [instruction("rem", "i32", [value, integer(divisor)]), integer(0)]);
  return instruction("and", "mask", [inside, exact]);
}

/** A scalar definition with its operands put in place; shared parts stay shared. */
export function instantiate(definition: Scalar, args: readonly Expression[]): Expression {
  const done = new Map<Scalar, Expression>();
  const visit = (part: Scalar): Expression => {
    if (part.op === "arg") return args[part.value!]!;
    const known = done.get(part);
    if (known) return known;
    const operands = part.args.map(visit);
    const made: Expression = {
      kind: "scalar",
      op: part.op,
      type: part.type,
      args: part.op === "abs" ? operands.map(unsigned) : operands,
      ...(part.value === undefined ? {} : { value: part.value }),
    };
    done.set(part, made);
    return made;
  };
  const result = visit(definition);
  invariant(result !== undefined, "an op lowered to nothing");
  return result;
}

/** |-x| is |x|: so sigmoid(x) and the sigmoid(-x) of its gradient have one exponential, which compilers see. */
function unsigned(operand: Expression): Expression {
  return operand.kind === "scalar" && operand.op === "neg" && operand.type === "f32" ? operand.args[0]! : operand;
}

/** All index expressions of an expression are found through this: calls `visit` on every distinct part, inputs first. */
export function forEachPart(roots: readonly Expression[], visit: (part: Expression) => void): void {
  const seen = new Set<Expression>();
  const walk = (part: Expression): void => {
    if (seen.has(part)) return;
    seen.add(part);
    if (part.kind === "scalar") part.args.forEach(walk);
    if (part.kind === "gather") walk(part.row);
    visit(part);
  };
  roots.forEach(walk);
}

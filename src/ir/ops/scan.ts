import { runLoop } from "../evaluate.ts";
import { BodyValue, bodyValueOf, Loop, loopOf, typeText } from "../loop.ts";
import { apply, type Named, type Node, type Sample, type SpecialOp, type TensorType } from "../op.ts";
import { add, mul } from "./arithmetic.ts";
import { broadcast } from "./broadcast.ts";
import { sigmoid, tanh } from "./functions.ts";
import { matmul } from "./matmul.ts";
import { cast, lt, select } from "./selection.ts";
import { constant, constantLike, placeholder } from "./sources.ts";

/** Checks that a loop is given what its placeholders stand for. */
function checkInputs(inputs: readonly TensorType[], loop: Loop): void {
  const wanted = loop.inputTypes.map(typeText);
  const given = inputs.map(typeText);
  const wrong = wanted.findIndex((text, i) => text !== given[i]);
  if (wrong >= 0)
    throw new Error(`a loop of ${loop.length} steps takes ${wanted[wrong]}, got ${given[wrong] ?? "nothing"}`);
  if (given.length > wanted.length) throw new Error(`a loop takes ${wanted.length} inputs, got ${given.length}`);
}

/** The values that a value of a loop's body takes, one per step, stacked along a new first axis. */
export const scanOp: Named<SpecialOp, "scan"> = {
  name: "scan",
  family: "scan",
  infer: (inputs, attributes) => {
    const [loop, { node }] = [attributes.loop as Loop, attributes.value as BodyValue];
    checkInputs(inputs, loop);
    return { shape: [loop.length, ...node.shape], dtype: node.dtype };
  },
  evaluate: (inputs, node) => runLoop(loopOf(node)!, inputs, [node])[0]!,
  gradient: "loop",
  samples: [
    sample(recurrence(5, false), (loop) => loop.next[0]!),
    sample(recurrence(4, true), (loop) => loop.next[1]!),
    sample(recurrence(3, false, true), (loop) => loop.carries[0]!),
    sample(counter(), (loop) => loop.next[0]!),
  ],
};

/** What a carry of a loop has become after the last step. */
export const scanEndOp: Named<SpecialOp, "scanEnd"> = {
  name: "scanEnd",
  family: "scan",
  infer: (inputs, attributes) => {
    const [loop, carry] = [attributes.loop as Loop, attributes.carry as number];
    checkInputs(inputs, loop);
    const end = loop.carries[carry];
    if (!end) throw new Error(`carry ${carry} of a loop with ${loop.carries.length}`);
    return { shape: end.shape, dtype: end.dtype };
  },
  evaluate: (inputs, node) => runLoop(loopOf(node)!, inputs, [node])[0]!,
  gradient: "loop",
  samples: [sample(recurrence(5, false), 0), sample(recurrence(4, true, true), 1), sample(counter(), 1)],
};

/** The stacked values of `value`, of the loop's body. */
export function scan(loop: Loop, inputs: readonly Node[], value: Node): Node {
  return apply(scanOp, inputs, { loop, value: new BodyValue(value) });
}

/** Carry number `carry` after the last step. */
export function scanEnd(loop: Loop, inputs: readonly Node[], carry: number): Node {
  return apply(scanEndOp, inputs, { loop, carry });
}

/** The same result of another loop, or over other inputs. */
export function sameResult(node: Node, loop: Loop, inputs: readonly Node[], value?: Node): Node {
  const old = bodyValueOf(node);
  return old ? scan(loop, inputs, value ?? old) : scanEnd(loop, inputs, node.attributes.carry as number);
}

function sample(loop: Loop, result: number | ((loop: Loop) => Node)): Sample {
  const which = typeof result === "number" ? { carry: result } : { value: new BodyValue(result(loop)) };
  return { inputs: loop.inputTypes, attributes: { loop, ...which } };
}

/** For tests: a small gated recurrence h' = g h + (1 - g) tanh(x w + h u), with a running sum of h as a second carry. */
function recurrence(length: number, reverse: boolean, recompute = false): Loop {
  const [batch, width, units] = [2, 3, 4];
  const h = placeholder("h", [batch, units], "float32");
  const total = placeholder("total", [batch, units], "float32");
  const x = placeholder("x", [batch, width], "float32");
  const [w, u] = [placeholder("w", [width, units], "float32"), placeholder("u", [units, units], "float32")];
  const z = add(matmul(x, w), matmul(h, u));
  const gate = sigmoid(z);
  const one = constantLike(gate, 1);
  const update = add(mul(gate, h), mul(add(one, mul(gate, constantLike(gate, -1))), tanh(z)));
  const next = [update, add(total, mul(update, h))];
  return new Loop({ length, reverse, recompute, carries: [h, total], slices: [x], constants: [w, u], next });
}

/** For tests: counts in integers, and halves a total before the second step is added. */
function counter(): Loop {
  const count = placeholder("count", [1], "int32");
  const total = placeholder("total", [3], "float32");
  const x = placeholder("x", [3], "float32");
  const factor = select(lt(cast(count, "float32"), constant(2, [1])), constant(0.5, [1]), constant(1, [1]));
  const next = [add(count, constant(1, [1], "int32")), add(mul(total, broadcast(factor, [3])), x)];
  return new Loop({
    length: 4,
    reverse: false,
    recompute: false,
    carries: [count, total],
    slices: [x],
    constants: [],
    next,
  });
}

export const SCAN_OPS = [scanOp, scanEndOp] as const;

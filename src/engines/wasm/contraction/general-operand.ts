import { type Linear, linearize, strideOf } from "../../../codegen/index.ts";
import { type Guard, indexConstant, substituteIndex } from "../../../ir/index.ts";
import { coefficientOf, type Loop } from "../../../passes/index.ts";
import {
  block,
  type Code,
  choose,
  FunctionBuilder,
  f32,
  i32,
  ins,
  type LocalReference,
  leave,
  local,
  memory,
  repeatWhile,
  when,
} from "../encode/index.ts";
import { add, count, least, parameters, plus, range, times } from "./arithmetic.ts";
import { elementOf } from "./element.ts";
import type { Range } from "./geometry.ts";
import { cut } from "./lane-operand.ts";
import { FLOAT } from "./lanes.ts";
import type { OperandWriter } from "./operand-writer.ts";
import type { Callee, Routine, Support } from "./routine.ts";

/** Elements of a row up to which they are packed by code of their own each. */
const WRITTEN_OUT = 48;
/** Run from which on finding out where it exists costs less than asking for each element. */
const LONG_RUN = 8;

/** Packs a panel of rows one by one, whatever the view. */
export function packGeneralPanel(writer: OperandWriter): Callee {
  const { layout } = writer;
  const packRow = rowPacker(writer);
  return writer.routine(
    6,
    (routine, values, whole, code) => {
      const [, first, h, to, list] = values as [Code, Code, Code, Code, Code];
      const last = routine.hold(plus(add(first, h), -1), code);
      const at = routine.integer();
      code.push(
        writer.one(list, to, whole),
        count(routine.builder, i32(0), i32(layout.height), 1, (i) => {
          const inner: Code[] = [local.set(at, add(to, times(local.get(i), FLOAT)))];
          writer.rows.at(routine, least(add(first, local.get(i)), last), inner, (inRow) =>
            inRow.push(packRow(routine, at, whole)),
          );
          return inner;
        }),
      );
    },
    () => i32(1),
  );
}

/** Code that packs one row to `at` and every height'th float after it; it may change `at`. */
type RowPacker = (routine: Routine, at: LocalReference, range: Range) => Code;

function rowPacker(writer: OperandWriter): RowPacker {
  const { kernel, plan, layout } = writer;
  const { access } = plan.a;
  const linear = linearize(access.index);
  const { run } = plan.depth;
  const once = plan.parts === 1 && layout.blocks === 1;
  if (linear && once && layout.deep <= WRITTEN_OUT) return (routine, at) => writtenOut(writer, linear, routine, at);
  const simple = ({ expression, divisor }: Guard): boolean =>
    divisor === 1 &&
    expression.terms.every(({ of }) => typeof of === "number") &&
    coefficientOf(expression, run.id) >= 0;
  if (linear && run.size >= LONG_RUN && kernel.a.guards.every(simple)) {
    return (routine, at, whole) => byRuns(writer, linear, routine, at, whole);
  }
  return (routine, at, whole) => byElements(writer, routine, at, whole);
}

/** Each element by itself; guards that several have in common are asked once. */
function writtenOut(writer: OperandWriter, linear: Linear, routine: Routine, at: LocalReference): Code {
  const { kernel, plan, layout } = writer;
  const { access } = plan.a;
  const loops = kernel.depth;
  const code: Code[] = [];
  const known = new Map<string, Code>();
  const base = routine.pointers.base(access);
  const row = routine.hold(routine.offset(linear, [...kernel.batch, ...kernel.rows], base), code);
  for (const step of range(layout.deep)) {
    const point = pointOf(step, [...plan.depth.segments, plan.depth.run]);
    const exists = access.guards.map((guard) => {
      const expression = substituteIndex(guard.expression, (loop) => {
        const index = point.get(loop);
        return index === undefined ? undefined : indexConstant(index);
      });
      const key = JSON.stringify([expression, guard.divisor, guard.size]);
      const found = known.get(key) ?? routine.hold(holds(routine, { ...guard, expression }), code);
      known.set(key, found);
      return found;
    });
    const offset = loops.reduce((sum, loop) => sum + strideOf(linear, loop) * (point.get(loop.id) ?? 0), 0);
    const value = memory("f32.load", plus(row, offset * FLOAT), 0);
    const all = exists.reduce<Code | undefined>((both, each) => (both ? ins("i32.and", both, each) : each), undefined);
    const element = all ? choose("f32", all, value, f32(access.fill)) : value;
    code.push(memory("f32.store", local.get(at), step * layout.height * FLOAT, element));
  }
  return code;
}

/** Indices of loops at a point, the last loop running fastest. */
function pointOf(flat: number, loops: readonly Loop[]): Map<number, number> {
  const point = new Map<number, number>();
  let rest = flat;
  for (const { id, size } of [...loops].reverse()) {
    point.set(id, rest % size);
    rest = Math.floor(rest / size);
  }
  return point;
}

function holds(routine: Routine, { expression, divisor, size }: Guard): Code {
  const value = routine.assembler.index(expression);
  const inside = ins("i32.lt_u", value, i32(size * divisor));
  return divisor === 1 ? inside : ins("i32.and", inside, ins("i32.eqz", ins("i32.rem_s", value, i32(divisor))));
}

/** Run by run: where it exists it is copied. */
function byRuns(writer: OperandWriter, linear: Linear, routine: Routine, at: LocalReference, whole: Range): Code {
  const { kernel, plan, layout } = writer;
  const { access } = plan.a;
  const { run, segments } = plan.depth;
  const stride = i32(strideOf(linear, run) * FLOAT);
  const copy = copyFunction(writer.support, layout.height);
  const fill = fillFunction(writer.support, layout.height);
  const code: Code[] = [];
  const base = routine.pointers.base(access);
  const row = routine.hold(routine.offset(linear, [...kernel.batch, ...kernel.rows], base), code);
  const [low, high] = [routine.integer(), routine.integer()];
  code.push(
    writer.eachSegment(routine, whole, (_, inner) => {
      const end = routine.hold(add(whole.k0, whole.kn), inner);
      inner.push(local.set(low, whole.k0), local.set(high, end));
      for (const guard of access.guards) inner.push(cut(routine, guard, run, low, high));
      const part = (name: string, steps: Code, ...values: Code[]): Code =>
        routine.callShared(name, local.get(at), steps, ...values);
      const advance = (steps: Code): Code => local.set(at, add(local.get(at), times(steps, layout.height * FLOAT)));
      const filled = (from: Code, to: Code): Code => {
        const steps = ins("i32.sub", to, from);
        return when(ins("i32.gt_s", to, from), [part(fill, steps, f32(access.fill)), advance(steps)]);
      };
      const steps = ins("i32.sub", local.get(high), local.get(low));
      const start = add(row, routine.offset(linear, segments), times(local.get(low), strideOf(linear, run) * FLOAT));
      inner.push(
        local.set(low, least(local.get(low), end)),
        local.set(
          high,
          ins("select", local.get(low), local.get(high), ins("i32.gt_s", local.get(low), local.get(high))),
        ),
        filled(whole.k0, local.get(low)),
        when(ins("i32.gt_s", steps, i32(0)), [part(copy, steps, start, stride), advance(steps)]),
        filled(local.get(high), end),
      );
    }),
  );
  return code;
}

function byElements(writer: OperandWriter, routine: Routine, at: LocalReference, whole: Range): Code {
  const { kernel, plan, layout } = writer;
  const { k0, kn } = whole;
  return writer.eachSegment(routine, whole, (_, each) =>
    each.push(
      count(routine.builder, k0, add(k0, kn), 1, (k) =>
        routine.assembler.nest.at(new Map([[plan.depth.run.id, k]]), (inner) =>
          inner.push(
            memory("f32.store", local.get(at), 0, elementOf(routine, kernel.a)),
            local.set(at, plus(local.get(at), layout.height * FLOAT)),
          ),
        ),
      ),
    ),
  );
}

/** Steps per turn of the loops below. */
const STEPS = 4;

/** to[k * height] = from[k * stride] for k < steps, at least one. Parameters: to, steps, from, stride (bytes). */
function copyFunction(support: Support, height: number): string {
  const name = `copy_${height}`;
  if (support.has(name)) return name;
  const builder = new FunctionBuilder();
  const { to, steps, from, stride } = parameters(builder, "to", "steps", "from", "stride");
  const step = (k: number): Code => [
    memory("f32.store", local.get(to), k * height * FLOAT, memory("f32.load", local.get(from), 0)),
    local.set(from, add(local.get(from), local.get(stride))),
  ];
  builder.body.push(turns(steps, to, height, step));
  support.set(name, builder);
  return name;
}

/** to[k * height] = value for k < steps, at least one. Parameters: to, steps, value. */
function fillFunction(support: Support, height: number): string {
  const name = `fill_${height}`;
  if (support.has(name)) return name;
  const builder = new FunctionBuilder();
  const [to, steps] = [builder.parameter("i32"), builder.parameter("i32")];
  const value = builder.parameter("f32");
  const step = (k: number): Code => memory("f32.store", local.get(to), k * height * FLOAT, local.get(value));
  builder.body.push(turns(steps, to, height, step));
  support.set(name, builder);
  return name;
}

function turns(steps: LocalReference, to: LocalReference, height: number, step: (k: number) => Code): Code {
  return block(
    repeatWhile(
      [
        range(STEPS).map((k) => [step(k), k < STEPS - 1 ? leave(1, ins("i32.eq", local.get(steps), i32(k + 1))) : []]),
        local.set(to, plus(local.get(to), STEPS * height * FLOAT)),
        local.set(steps, plus(local.get(steps), -STEPS)),
      ],
      ins("i32.gt_s", local.get(steps), i32(0)),
    ),
  );
}

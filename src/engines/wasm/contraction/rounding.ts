import {
  type Code,
  FunctionBuilder,
  i32,
  ins,
  laneMemory,
  local,
  memory,
  repeatWhile,
  v128,
  when,
} from "../encode/index.ts";
import { parameters, plus } from "./arithmetic.ts";
import { FLOAT, VECTOR } from "./lanes.ts";
import type { Support } from "./routine.ts";

/** Rounds floats in memory to bfloat16, as `bfloat16` of the scalar language does. Parameters: at, end (addresses). */
export function roundPanel(support: Support): string {
  const name = "round_panel";
  if (support.has(name)) return name;
  const builder = new FunctionBuilder();
  const { at, end } = parameters(builder, "at", "end");
  const x = builder.local("v128");
  const splat = (value: number): Code => ins("i32x4.splat", i32(value));
  const bits = local.get(x);
  const half = ins("i32x4.add", ins("v128.and", ins("i32x4.shr_u", bits, i32(16)), splat(1)), splat(0x7fff));
  const nearest = ins("v128.and", ins("i32x4.add", bits, half), splat(0xffff0000 | 0));
  // 2^-126 by its bits.
  const normal = ins("f32x4.le", splat(0x00800000), ins("f32x4.abs", bits));
  const rounded = ins("v128.bitselect", nearest, ins("f32x4.mul", bits, v128(0)), normal);
  const turns = (step: number, load: Code, store: (value: Code) => Code): Code => {
    const left = ins("i32.le_u", plus(local.get(at), step), local.get(end));
    return when(
      left,
      repeatWhile([local.set(x, load), store(rounded), local.set(at, plus(local.get(at), step))], left),
    );
  };
  builder.body.push(
    turns(VECTOR, memory("v128.load", local.get(at), 0), (value) => memory("v128.store", local.get(at), 0, value)),
    turns(FLOAT, memory("v128.load32_zero", local.get(at), 0), (value) =>
      laneMemory("v128.store32_lane", 0, local.get(at), 0, value),
    ),
  );
  support.set(name, builder);
  return name;
}

import type { Reduction, ScalarType } from "../../../ir/index.ts";
import { type Code, type FunctionBuilder, i32, ins, lane, local, shuffle32, when } from "../encode/index.ts";
import { valueType } from "./scalar.ts";

/** The lanes of an accumulator as one value: halves onto halves, so that the order is always the same. */
export function combineLanes(
  reduction: Reduction,
  type: ScalarType,
  accumulator: Code,
  position: Code | undefined,
  builder: FunctionBuilder,
  block: Code[],
): Code {
  if (reduction === "argmax") return combineArgmax(type, accumulator, position!, builder, block);
  let lanes = builder.hold("v128", accumulator, block);
  for (const order of [
    [2, 3, 0, 1],
    [1, 0, 3, 2],
  ]) {
    const others = builder.hold("v128", shuffle32(lanes, lanes, order), block);
    lanes = builder.hold("v128", join(reduction, type, lanes, others), block);
  }
  return builder.hold(valueType(type, "scalar"), first(type, lanes), block);
}

const first = (type: ScalarType, lanes: Code): Code =>
  lane(type === "f32" ? "f32x4.extract_lane" : "i32x4.extract_lane", 0, lanes);

function join(reduction: Exclude<Reduction, "argmax">, type: ScalarType, a: Code, b: Code): Code {
  const floats = type === "f32";
  switch (reduction) {
    case "sum":
      return ins(floats ? "f32x4.add" : "i32x4.add", a, b);
    case "prod":
      return ins(floats ? "f32x4.mul" : "i32x4.mul", a, b);
    case "max":
    case "min":
      // Of floats, NaN is what is left of NaN and anything.
      return floats ? ins(`f32x4.${reduction}`, a, b) : ins(`i32x4.${reduction}_${type === "u32" ? "u" : "s"}`, a, b);
  }
}

/** The place of the greatest, NaN above all, the first of equals. */
function combineArgmax(type: ScalarType, values: Code, places: Code, builder: FunctionBuilder, block: Code[]): Code {
  const scalar = valueType(type, "scalar");
  const extract = (number: number, of: ScalarType, lanes: Code) =>
    lane(of === "f32" ? "f32x4.extract_lane" : "i32x4.extract_lane", number, lanes);
  const [best, place] = [builder.local(scalar), builder.local("i32")];
  block.push(local.set(best, extract(0, type, values)), local.set(place, extract(0, "i32", places)));
  for (const number of [1, 2, 3]) {
    const value = builder.hold(scalar, extract(number, type, values), block);
    const at = builder.hold("i32", extract(number, "i32", places), block);
    const old = local.get(best);
    const unordered = (each: Code) => (type === "f32" ? ins("f32.ne", each, each) : i32(0));
    const greater =
      type === "f32" ? ins("f32.gt", value, old) : ins(type === "u32" ? "i32.gt_u" : "i32.gt_s", value, old);
    const better = ins("i32.or", greater, ins("i32.and", unordered(value), ins("i32.eqz", unordered(old))));
    const equal = ins(
      "i32.or",
      ins(type === "f32" ? "f32.eq" : "i32.eq", value, old),
      ins("i32.and", unordered(value), unordered(old)),
    );
    const earlier = ins("i32.lt_s", at, local.get(place));
    block.push(
      when(ins("i32.or", better, ins("i32.and", equal, earlier)), [local.set(best, value), local.set(place, at)]),
    );
  }
  return local.get(place);
}

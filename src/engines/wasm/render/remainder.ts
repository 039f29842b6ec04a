import {
  block,
  type Code,
  FunctionBuilder,
  f64,
  ins,
  leave,
  local,
  repeatWhile,
  type WasmFunction,
} from "../encode/index.ts";

/**
 * fmod of float32 numbers, exactly: |a| - q |b| in float64, in steps whose quotient q has at most 24 bits, so that each product is exact.
 */
export function remainderFunction(): WasmFunction {
  const builder = new FunctionBuilder("f32");
  const [a, b] = [builder.parameter("f32"), builder.parameter("f32")];
  const [rest, by, scaled] = [builder.local("f64"), builder.local("f64"), builder.local("f64")];
  const { get, set, tee } = local;
  const size = (value: Code) => ins("f64.abs", ins("f64.promote_f32", value));
  const STEP = f64(2 ** 24);
  const infinite = f64(Number.POSITIVE_INFINITY);
  const reduce: Code = [
    set(scaled, get(by)),
    block([
      // The largest multiple of |b| by powers of 2^24 that is not above the rest.
      0x03,
      0x40,
      leave(1, ins("f64.lt", get(rest), ins("f64.mul", get(scaled), STEP))),
      set(scaled, ins("f64.mul", get(scaled), STEP)),
      0x0c,
      0x00,
      0x0b,
    ]),
    set(
      rest,
      ins("f64.sub", get(rest), ins("f64.mul", ins("f64.trunc", ins("f64.div", get(rest), get(scaled))), get(scaled))),
    ),
    // A quotient rounded up to a whole number takes one too many.
    set(rest, ins("select", ins("f64.add", get(rest), get(scaled)), get(rest), ins("f64.lt", get(rest), f64(0)))),
  ];
  const finite: Code = [
    block([leave(0, ins("f64.lt", get(rest), get(by))), repeatWhile(reduce, ins("f64.ge", get(rest), get(by)))]),
    ins("f32.copysign", ins("f32.demote_f64", get(rest)), get(a)),
  ];
  const possible = ins(
    "i32.and",
    ins("f64.lt", tee(rest, size(get(a))), infinite),
    ins("f64.lt", f64(0), tee(by, size(get(b)))),
  );
  // Of what is infinite or not a number, or by 0: a * b / (a * b) is NaN in all these cases. By infinity: a itself.
  const notANumber = ins("f32.div", ins("f32.sub", get(a), get(a)), ins("f32.sub", get(a), get(a)));
  builder.body.push(
    possible,
    [0x04, 0x7d],
    ins("f64.lt", get(by), infinite),
    [0x04, 0x7d],
    finite,
    0x05,
    get(a),
    0x0b,
    0x05,
    notANumber,
    0x0b,
  );
  return builder;
}

import type { RandomKernel } from "../../../passes/index.ts";
import { PHILOX } from "../../../util/index.ts";
import {
  type Code,
  f32,
  i32,
  i32x4,
  ins,
  laneMemory,
  local,
  memory,
  repeatWhile,
  shuffle32,
  when,
} from "../encode/index.ts";
import { type AssemblerOptions, LANES } from "./assembler.ts";
import { type RenderedKernel, simpleKernel } from "./kernel.ts";

/** Elements that are made together: see the random op for which element gets which word of which block. */
const GROUP = 64;

/** A random kernel: groups of elements are shared between workers. */
export function renderRandom(kernel: RandomKernel, options: AssemblerOptions): RenderedKernel {
  const { key, counter, target, count, stream } = kernel;
  return simpleKernel(options, ({ builder, pointers, assembler }, block) => {
    const word = (address: Code, number: number) => memory("i32.load", address, number * 4);
    const splat = (value: Code) => builder.hold("v128", ins("i32x4.splat", value), block);
    const keys = [0, 1].map((number) => builder.hold("i32", word(pointers.base(key).code, number), block));
    const weyl = [PHILOX.W0, PHILOX.W1];
    // The keys of all rounds.
    const rounds = Array.from({ length: PHILOX.rounds }, (_, round) =>
      keys.map((each, i) => splat(ins("i32.add", each, i32(Math.imul(weyl[i]!, round))))),
    );
    const [m0, m1] = [PHILOX.M0, PHILOX.M1].map((factor) => splat(i32(factor))) as [Code, Code];
    const step = splat(word(pointers.base(counter).code, 0));
    const stored = pointers.base(target).code;
    const group = { id: 0, size: Math.ceil(count / GROUP) };
    assembler.share([group], block, (inner) => {
      const number = assembler.index({ constant: 0, terms: [{ coefficient: 1, of: group.id }] });
      const [part, at] = [builder.local("i32"), builder.local("i32")];
      const body: Code[] = [];
      const first = ins("i32.add", ins("i32.shl", number, i32(4)), local.get(part));
      let x: Code[] = [
        builder.hold("v128", ins("i32x4.add", ins("i32x4.splat", first), i32x4([0, 1, 2, 3])), body),
        splat(i32(stream)),
        step,
        splat(i32(0)),
      ];
      for (const [k0, k1] of rounds as [Code, Code][]) {
        const [high0, low0] = multiply(x[0]!, m0);
        const [high1, low1] = multiply(x[2]!, m1);
        x = [
          ins("v128.xor", ins("v128.xor", high1, x[1]!), k0),
          low1,
          ins("v128.xor", ins("v128.xor", high0, x[3]!), k1),
          low0,
        ].map((each) => builder.hold("v128", each, body));
      }
      const element = ins("i32.add", ins("i32.mul", number, i32(GROUP)), local.get(part));
      body.push(local.set(at, element));
      x.forEach((words, w) => {
        const value = builder.hold("v128", target.dtype === "float32" ? uniform(words) : words, body);
        const address = builder.hold(
          "i32",
          ins("i32.add", stored, ins("i32.shl", ins("i32.add", local.get(at), i32(w * 16)), i32(2))),
          body,
        );
        const all = memory("v128.store", address, 0, value);
        if (count % GROUP === 0) return body.push(all);
        const left = builder.hold("i32", ins("i32.sub", i32(count - w * 16), local.get(at)), body);
        const some = [0, 1, 2].map((l) =>
          when(ins("i32.lt_s", i32(l), left), laneMemory("v128.store32_lane", l, address, l * 4, value)),
        );
        return body.push(when(ins("i32.ge_s", left, i32(LANES)), all, some));
      });
      const next = local.tee(part, ins("i32.add", local.get(part), i32(LANES)));
      inner.push(local.set(part, i32(0)), repeatWhile(body, ins("i32.lt_s", next, i32(16))));
    });

    /** High and low words of the products of all lanes. */
    function multiply(a: Code, by: Code): [high: Code, low: Code] {
      const low = builder.local("v128");
      const high = builder.local("v128");
      const products: Code = [
        local.set(low, ins("i64x2.extmul_low_i32x4_u", a, by)),
        local.set(high, ins("i64x2.extmul_high_i32x4_u", a, by)),
      ];
      const words = (order: readonly number[]) => shuffle32(local.get(low), local.get(high), order);
      // The high words are asked for first.
      return [[products, words([1, 3, 5, 7])], words([0, 2, 4, 6])];
    }

    /** 24 bits as a number in [0, 1). */
    function uniform(words: Code): Code {
      const whole = ins("f32x4.convert_i32x4_s", ins("i32x4.shr_u", words, i32(8)));
      return ins("f32x4.mul", whole, ins("f32x4.splat", f32(2 ** -24)));
    }
  });
}

import type { IndexExpression, Quotient } from "../../../ir/index.ts";
import type { Loop } from "../../../passes/index.ts";
import { type Code, type FunctionBuilder, i32, ins, type LocalReference, local } from "../encode/index.ts";

/** What a loop adds to its indices from one turn to the next, and multiples of its index that are counted along with it. */
interface Steps {
  readonly step: number;
  /** Set before the first turn. */
  readonly before: Code[];
  /** Done after each turn. */
  readonly after: Code[];
  readonly known: Map<number, LocalReference>;
}

/** A loop that is being written: what is computed at the head of each turn is there for all loops inside of it. */
interface Frame {
  readonly indices: ReadonlyMap<number, LocalReference>;
  readonly steps: Steps | undefined;
  readonly head: Code[];
  readonly known: Map<string, Code>;
}

/**
 * The loops around the place where code is being written, and index arithmetic over them: every part of a sum is computed in the
 * outermost loop where it is known, and multiples of an index are counted, not multiplied.
 */
export class Nest {
  private readonly frames: Frame[] = [];

  constructor(
    readonly builder: FunctionBuilder,
    /** Code at the start of the function. */
    top: Code[],
  ) {
    this.frames.push({ indices: new Map(), steps: undefined, head: top, known: new Map() });
  }

  /** Computes a value once per call of the function, however often it is asked for. */
  constant(key: string, type: "i32" | "v128", value: Code): Code {
    const { known, head } = this.frames[0]!;
    const found = known.get(key) ?? this.builder.hold(type, value, head);
    known.set(key, found);
    return found;
  }

  /** Code of one point of loops whose indices are set already. */
  at(indices: ReadonlyMap<number, LocalReference>, body: (inner: Code[]) => void): Code {
    return this.write({ indices, steps: undefined, head: [], known: new Map() }, body);
  }

  /** Code of a loop from its index as it is now to below `to`, by `step`; it has at least one turn. */
  turns(index: LocalReference, { id }: Loop, step: number, to: Code, body: (inner: Code[]) => void): Code {
    const steps: Steps = { step, before: [], after: [], known: new Map() };
    const frame: Frame = { indices: new Map([[id, index]]), steps, head: [], known: new Map() };
    const inner = this.write(frame, body);
    const next = local.tee(index, ins("i32.add", local.get(index), i32(step)));
    const last = step === 1 ? to : ins("i32.sub", to, i32(step - 1));
    return [steps.before, 0x03, 0x40, inner, steps.after, ins("i32.lt_s", next, last), 0x0d, 0, 0x0b];
  }

  private write(frame: Frame, body: (inner: Code[]) => void): Code {
    this.frames.push(frame);
    const inner: Code[] = [];
    body(inner);
    this.frames.pop();
    return [frame.head, inner];
  }

  /** base + (expression without its constant) * scale, as i32; `name` tells bases apart. */
  sum({ terms }: IndexExpression, scale: number, base?: { readonly name: string; readonly code: Code }): Code {
    let total = base?.code;
    let key = `${base?.name ?? ""}`;
    const innermost = this.frames.length - 1;
    for (let depth = 0; depth <= innermost; depth++) {
      const frame = this.frames[depth]!;
      let changed = false;
      for (const { coefficient, of } of terms) {
        if (this.depthOf(of) !== depth) continue;
        const factor = coefficient * scale;
        key += `+${factor}*${typeof of === "number" ? of : JSON.stringify(of)}`;
        const part = this.multiple(frame, of, factor);
        total = total === undefined ? part : ins("i32.add", total, part);
        changed = true;
      }
      if (!changed || depth === innermost) continue;
      const found = frame.known.get(key) ?? this.builder.hold("i32", total!, frame.head);
      frame.known.set(key, found);
      total = found;
    }
    return total ?? i32(0);
  }

  /** The loop in which an index or a quotient of indices is known. */
  private depthOf(of: number | Quotient): number {
    if (typeof of !== "number") return Math.max(0, ...of.expression.terms.map((term) => this.depthOf(term.of)));
    const depth = this.frames.findLastIndex(({ indices }) => indices.has(of));
    if (depth < 0) throw new Error(`Descent bug: the loop ${of} is not around this place`);
    return depth;
  }

  private multiple({ indices, steps, head, known }: Frame, of: number | Quotient, factor: number): Code {
    if (typeof of !== "number") {
      const { expression, divisor } = of;
      const value = ins("i32.add", this.sum(expression, 1), i32(expression.constant));
      return times(ins("i32.div_s", value, i32(divisor)), factor);
    }
    const index = indices.get(of)!;
    if (factor === 1) return local.get(index);
    if (!steps) {
      const key = `${factor}*${of}`;
      const found = known.get(key) ?? this.builder.hold("i32", times(local.get(index), factor), head);
      known.set(key, found);
      return found;
    }
    let counted = steps.known.get(factor);
    if (!counted) {
      counted = this.builder.local("i32");
      steps.known.set(factor, counted);
      steps.before.push(local.set(counted, times(local.get(index), factor)));
      steps.after.push(local.set(counted, ins("i32.add", local.get(counted), i32(factor * steps.step))));
    }
    return local.get(counted);
  }
}

function times(value: Code, factor: number): Code {
  if (factor === 1) return value;
  const power = Math.log2(factor);
  return Number.isInteger(power) ? ins("i32.shl", value, i32(power)) : ins("i32.mul", value, i32(factor));
}

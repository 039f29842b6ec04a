import type { BlockedPlan, Layout } from "../../../codegen/index.ts";
import type { ContractionKernel } from "../../../passes/index.ts";
import { type Code, i32, ins, local, memory } from "../encode/index.ts";
import type { AssemblerOptions } from "../render/assembler.ts";
import { add, count, multiply, times } from "./arithmetic.ts";
import type { Range } from "./geometry.ts";
import { FLOAT } from "./lanes.ts";
import { type Callee, Routine, type Support } from "./routine.ts";
import type { Rows } from "./rows.ts";

/** What the functions that read the operands have in common. */
export class OperandWriter {
  /** Whether steps of the depth that no row of a panel meets are left out. */
  readonly skips: boolean;

  constructor(
    readonly kernel: ContractionKernel,
    readonly plan: BlockedPlan,
    readonly layout: Layout,
    readonly rows: Rows,
    readonly options: AssemblerOptions,
    readonly support: Support,
  ) {
    const { a, packA } = plan;
    const own = packA === "direct" || (packA === "chunk" && plan.rowsOuter);
    this.skips = a.source === "rows" && own && kernel.a.guards.length > 0;
  }

  /** A function of `named` parameters and a range, written at a point of the batch (the first parameter). */
  routine(
    named: number,
    write: (routine: Routine, parameters: readonly Code[], range: Range, block: Code[]) => void,
    result?: (routine: Routine) => Code,
  ): Callee {
    const routine = new Routine(named + 4, this.options, ...(result ? (["i32"] as const) : []));
    const values = routine.arguments;
    const [s0, s1, k0, kn] = values.slice(named) as [Code, Code, Code, Code];
    const block: Code[] = [];
    routine.at(values[0]!, this.kernel.batch, block, (inner) =>
      write(routine, values.slice(0, named), { s0, s1, k0, kn }, inner),
    );
    routine.builder.body.push(block, result ? result(routine) : []);
    return routine.finish(this.support);
  }

  eachSegment(routine: Routine, { s0, s1 }: Range, body: (s: Code, inner: Code[]) => void): Code {
    return count(routine.builder, s0, s1, 1, (s) => {
      const block: Code[] = [];
      routine.at(local.get(s), this.plan.depth.segments, block, (inner) => body(local.get(s), inner));
      return block;
    });
  }

  /** Where a segment begins in B: its steps so far when packed, else its place (from step k0 of the run on). */
  startInB(routine: Routine, s: Code, { s0, kn }: Range): Code {
    const { packB, b, depth } = this.plan;
    if (packB !== "direct") return multiply(ins("i32.sub", s, s0), kn);
    return routine.place(b.linear, depth.segments);
  }

  /** Bytes from a row's address to where segment s begins. */
  startInA(routine: Routine, { k0 }: Range): Code {
    const { a, depth } = this.plan;
    return add(routine.offset(a.linear, depth.segments), times(k0, FLOAT));
  }

  /** The list of a panel that is packed whole. */
  one(list: Code, to: Code, { s0, s1, kn }: Range): Code {
    return [
      memory("i32.store", list, 0, to),
      memory("i32.store", list, 4, i32(0)),
      memory("i32.store", list, 8, multiply(ins("i32.sub", s1, s0), kn)),
    ];
  }
}

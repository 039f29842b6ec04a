import type { Linear } from "../../../codegen/index.ts";
import type { IndexExpression } from "../../../ir/index.ts";
import type { Loop } from "../../../passes/index.ts";
import {
  type Code,
  call,
  FunctionBuilder,
  functionKey,
  type LocalReference,
  local,
  type WasmFunction,
} from "../encode/index.ts";
import { type AssemblerOptions, WasmAssembler } from "../render/assembler.ts";
import { type Actual, Pointers } from "../render/pointers.ts";
import { plus, quotient, remainder } from "./arithmetic.ts";

/** Functions that phases call, by names that say all of what they do. */
export type Support = Map<string, WasmFunction>;

/** A function that a {@link Routine} became: its name, and the addresses it wants after its other arguments. */
export interface Callee {
  readonly name: string;
  readonly actual: readonly Actual[];
}

/** A function of a contraction kernel while it is being written. */
export class Routine {
  readonly builder: FunctionBuilder;
  readonly parameters: readonly LocalReference[];
  readonly pointers: Pointers;
  readonly assembler: WasmAssembler;

  /** A function of `parameters` integers (a kernel function: worker and workers), then addresses. */
  constructor(parameters: number, options: AssemblerOptions, ...results: "i32"[]) {
    this.builder = new FunctionBuilder(...results);
    this.parameters = Array.from({ length: parameters }, () => this.builder.parameter("i32"));
    this.pointers = new Pointers(this.builder);
    const [worker, workers] = this.parameters as [LocalReference, LocalReference];
    const top: Code[] = [];
    this.builder.body.push(top);
    this.assembler = new WasmAssembler(this.builder, this.pointers, worker, workers, top, options);
  }

  /** Values of the parameters. */
  get arguments(): Code[] {
    return this.parameters.map((each) => local.get(each));
  }

  integer(): LocalReference {
    return this.builder.local("i32");
  }

  hold(value: Code, block: Code[]): Code {
    return this.builder.hold("i32", value, block);
  }

  /** Sets the indices of `loops` to the point number `flat`, the last loop running fastest, and writes what is done there. */
  at(flat: Code, loops: readonly Loop[], block: Code[], body: (inner: Code[]) => void): void {
    const indices = new Map(loops.map(({ id }) => [id, this.integer()]));
    const [first, ...others] = loops;
    if (first) {
      const rest = this.integer();
      block.push(local.set(rest, flat));
      for (const { id, size } of others.reverse()) {
        block.push(local.set(indices.get(id)!, remainder(local.get(rest), size)));
        block.push(local.set(rest, quotient(local.get(rest), size)));
      }
      block.push(local.set(indices.get(first.id)!, local.get(rest)));
    }
    block.push(this.assembler.nest.at(indices, body));
  }

  /** Bytes from the element of all-zero loops to where the given loops lead. */
  offset(linear: Linear, loops: readonly Loop[], base?: { readonly name: string; readonly code: Code }): Code {
    const sum = this.assembler.nest.sum(linearIndex(linear, loops), 4, base);
    return plus(sum, base ? linear.constant * 4 : 0);
  }

  /** The same in elements, without a base. */
  place(linear: Linear, loops: readonly Loop[]): Code {
    return this.assembler.nest.sum(linearIndex(linear, loops), 1);
  }

  /** Calls a function that wants nothing but the given values. */
  callShared(name: string, ...values: readonly Code[]): Code {
    return call(name, ...values);
  }

  /** Calls another function of the kernel. */
  call({ name, actual }: Callee, ...values: readonly Code[]): Code {
    return call(name, ...values, ...actual.map((each) => this.#address(each)));
  }

  #address(actual: Actual): Code {
    if (typeof actual === "string") return this.pointers.memory(actual);
    const { buffer, bytes } = actual;
    const index = { constant: bytes, terms: [] };
    return this.pointers.base({ buffer, dtype: "uint8", index, guards: [], fill: 0 }).code;
  }

  /** The function as others call it. */
  finish(support: Support): Callee {
    const name = functionKey(this.builder);
    support.set(name, this.builder);
    return { name, actual: this.pointers.actual };
  }
}

function linearIndex({ coefficients }: Linear, loops: readonly Loop[]): IndexExpression {
  const terms = loops.flatMap(({ id }) => {
    const coefficient = coefficients.get(id) ?? 0;
    return coefficient === 0 ? [] : [{ coefficient, of: id }];
  });
  return { constant: 0, terms };
}

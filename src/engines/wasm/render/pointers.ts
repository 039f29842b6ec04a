import { DTYPES } from "../../../ir/index.ts";
import type { Access } from "../../../passes/index.ts";
import { type Code, type FunctionBuilder, local } from "../encode/index.ts";

/** What a caller passes to a kernel function after the worker and the number of workers. */
export type Actual = { readonly buffer: number; readonly bytes: number } | "scratch" | "shared";

/**
 * The addresses that a kernel function is given. Constant parts of indices are part of the address, so that kernels which differ only
 * in where they work are the same code.
 */
export class Pointers {
  private readonly known = new Map<string, { readonly name: string; readonly code: Code }>();
  readonly actual: Actual[] = [];

  constructor(private readonly builder: FunctionBuilder) {}

  /** Address of the access' element of all-zero loops. */
  base({ buffer, dtype, index }: Access): { readonly name: string; readonly code: Code } {
    return this.take({ buffer, bytes: index.constant * DTYPES[dtype].bytes });
  }

  /** This worker's scratch memory, or the memory that workers share. */
  memory(kind: "scratch" | "shared"): Code {
    return this.take(kind).code;
  }

  private take(actual: Actual): { readonly name: string; readonly code: Code } {
    const key = JSON.stringify(actual);
    let found = this.known.get(key);
    if (!found) {
      found = { name: `p${this.actual.length}`, code: local.get(this.builder.parameter("i32")) };
      this.actual.push(actual);
      this.known.set(key, found);
    }
    return found;
  }
}

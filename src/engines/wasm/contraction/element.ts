import type { Access } from "../../../passes/index.ts";
import { type Code, f32 } from "../encode/index.ts";
import type { Routine } from "./routine.ts";

/** An element of an operand by its index and guards. */
export function elementOf({ assembler }: Routine, access: Access): Code {
  const value = assembler.element(access);
  if (access.guards.length === 0) return value;
  return assembler.guarded(access.guards, value, f32(access.fill), "f32", "scalar");
}

import { signed, unsigned } from "./leb128.ts";
import {
  LANE_BYTES,
  type LaneInstruction,
  type LaneMemoryInstruction,
  MEMORY_FACTS,
  type MemoryInstruction,
  PLAIN_BYTES,
  type PlainInstruction,
} from "./opcodes.ts";

/** A local variable of the function that the code is in; its number is known once the parameters are. */
export interface LocalReference {
  readonly kind: "local" | "parameter";
  readonly number: number;
}

/** A function of the module, by its name. */
export interface FunctionReference {
  readonly kind: "function";
  readonly name: string;
}

export type Reference = LocalReference | FunctionReference;

/**
 * Instructions as bytes, nested in any way. An expression is the code that leaves its value on the stack: composing expressions is
 * putting operands before the instruction.
 */
export type Code = number | Reference | readonly Code[];

export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128";

export const VALUE_TYPES: Readonly<Record<ValueType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
};

const words = new DataView(new ArrayBuffer(8));

/** An instruction over its operands: `ins("i32.add", a, b)`. */
export function ins(name: PlainInstruction, ...operands: readonly Code[]): Code {
  return [...operands, PLAIN_BYTES[name]];
}

/** A load or store at `address` + `offset` bytes. Atomics need the address to be a multiple of their size. */
export function memory(name: MemoryInstruction, address: Code, offset: number, ...operands: readonly Code[]): Code {
  const { bytes, size, atomic } = MEMORY_FACTS[name];
  // The alignment is a hint, but for atomics, which state their own.
  return [address, ...operands, bytes, atomic ? Math.log2(size) : 0, unsigned(offset)];
}

/** Loads lane `lane` of `vector` (an operand) from memory, or stores it there. */
export function laneMemory(
  name: LaneMemoryInstruction,
  lane: number,
  address: Code,
  offset: number,
  vector: Code,
): Code {
  return [address, vector, LANE_BYTES[name], 0, unsigned(offset), lane];
}

/** Takes a lane out of a vector, or puts a value into it. */
export function lane(name: LaneInstruction, number: number, ...operands: readonly Code[]): Code {
  return [...operands, LANE_BYTES[name], number];
}

/** Bytes of two vectors (0 to 15, 16 to 31) in a new order. */
export function shuffle(a: Code, b: Code, order: readonly number[]): Code {
  return [a, b, 0xfd, 13, order];
}

/** Lanes of 32 bits of two vectors (0 to 3, 4 to 7) in a new order. */
export function shuffle32(a: Code, b: Code, order: readonly number[]): Code {
  return shuffle(
    a,
    b,
    order.flatMap((from) => [0, 1, 2, 3].map((byte) => from * 4 + byte)),
  );
}

export function i32(value: number): Code {
  return [0x41, signed(value)];
}

export function f32(value: number): Code {
  words.setFloat32(0, value, true);
  return [0x43, bytesOf(4)];
}

export function f64(value: number): Code {
  words.setFloat64(0, value, true);
  return [0x44, bytesOf(8)];
}

/** A vector of four equal 32-bit lanes, given by their bits. */
export function v128(bits: number): Code {
  words.setInt32(0, bits, true);
  const each = bytesOf(4);
  return [0xfd, 12, each, each, each, each];
}

/** A vector of four integers. */
export function i32x4(values: readonly [number, number, number, number]): Code {
  return [
    0xfd,
    12,
    values.map((value) => {
      words.setInt32(0, value, true);
      return bytesOf(4);
    }),
  ];
}

/** The bits of a float32. */
export function bitsOf(value: number): number {
  words.setFloat32(0, value, true);
  return words.getInt32(0, true);
}

function bytesOf(count: number): number[] {
  return Array.from({ length: count }, (_, i) => words.getUint8(i));
}

export const local = {
  get: (variable: LocalReference): Code => [0x20, variable],
  set: (variable: LocalReference, value: Code): Code => [value, 0x21, variable],
  tee: (variable: LocalReference, value: Code): Code => [value, 0x22, variable],
};

/** Whether code does nothing but to read a local or to give a constant. */
export function isSimple(code: Code): boolean {
  return Array.isArray(code) && (code[0] === 0x20 || code[0] === 0x41 || code[0] === 0x43);
}

/** Calls a function. */
export function call(name: string, ...operands: readonly Code[]): Code {
  return [...operands, 0x10, { kind: "function", name }];
}

const NO_RESULT = 0x40;

/** `then` where the condition is not 0. */
export function when(condition: Code, then: Code, otherwise?: Code): Code {
  return [condition, 0x04, NO_RESULT, then, otherwise === undefined ? [] : [0x05, otherwise], 0x0b];
}

/** One of two values; only the one that is wanted is computed. */
export function choose(type: ValueType, condition: Code, then: Code, otherwise: Code): Code {
  return [condition, 0x04, VALUE_TYPES[type], then, 0x05, otherwise, 0x0b];
}

/** Runs `body` and begins again while `condition`, computed after it, is not 0. */
export function repeatWhile(body: Code, condition: Code): Code {
  return [0x03, NO_RESULT, body, condition, 0x0d, 0x00, 0x0b];
}

/** A block that `leave(depth)` inside of it jumps to the end of. */
export function block(body: Code): Code {
  return [0x02, NO_RESULT, body, 0x0b];
}

/** Jumps out of `depth` enclosing structures where the condition is not 0. */
export function leave(depth: number, condition: Code): Code {
  return [condition, 0x0d, unsigned(depth)];
}

/** Sets `bytes` bytes from `address` to 0. */
export function zero(address: Code, bytes: Code): Code {
  return [address, i32(0), bytes, 0xfc, 0x0b, 0x00];
}

/** Copies `bytes` bytes to `address`. */
export function copy(address: Code, from: Code, bytes: Code): Code {
  return [address, from, bytes, 0xfc, 0x0a, 0x00, 0x00];
}

import { unsigned } from "./leb128.ts";

/** Instructions without immediates, by their names in the WebAssembly text format; numbers from the core specification's index. */
const PLAIN = {
  unreachable: 0x00,
  return: 0x0f,
  drop: 0x1a,
  select: 0x1b,
  "i32.eqz": 0x45,
  "i32.eq": 0x46,
  "i32.ne": 0x47,
  "i32.lt_s": 0x48,
  "i32.lt_u": 0x49,
  "i32.gt_s": 0x4a,
  "i32.gt_u": 0x4b,
  "i32.le_s": 0x4c,
  "i32.le_u": 0x4d,
  "i32.ge_s": 0x4e,
  "i32.ge_u": 0x4f,
  "f32.eq": 0x5b,
  "f32.ne": 0x5c,
  "f32.lt": 0x5d,
  "f32.gt": 0x5e,
  "f32.le": 0x5f,
  "f32.ge": 0x60,
  "f64.lt": 0x63,
  "f64.gt": 0x64,
  "f64.ge": 0x66,
  "i32.add": 0x6a,
  "i32.sub": 0x6b,
  "i32.mul": 0x6c,
  "i32.div_s": 0x6d,
  "i32.div_u": 0x6e,
  "i32.rem_s": 0x6f,
  "i32.rem_u": 0x70,
  "i32.and": 0x71,
  "i32.or": 0x72,
  "i32.xor": 0x73,
  "i32.shl": 0x74,
  "i32.shr_s": 0x75,
  "i32.shr_u": 0x76,
  "i64.add": 0x7c,
  "i64.mul": 0x7e,
  "i64.div_u": 0x80,
  "i64.shl": 0x86,
  "i64.shr_u": 0x88,
  "f32.abs": 0x8b,
  "f32.neg": 0x8c,
  "f32.ceil": 0x8d,
  "f32.floor": 0x8e,
  "f32.trunc": 0x8f,
  "f32.nearest": 0x90,
  "f32.sqrt": 0x91,
  "f32.add": 0x92,
  "f32.sub": 0x93,
  "f32.mul": 0x94,
  "f32.div": 0x95,
  "f32.copysign": 0x98,
  "f64.abs": 0x99,
  "f64.neg": 0x9a,
  "f64.trunc": 0x9d,
  "f64.add": 0xa0,
  "f64.sub": 0xa1,
  "f64.mul": 0xa2,
  "f64.div": 0xa3,
  "f64.copysign": 0xa6,
  "i32.wrap_i64": 0xa7,
  "i64.extend_i32_s": 0xac,
  "i64.extend_i32_u": 0xad,
  "f32.convert_i32_s": 0xb2,
  "f32.convert_i32_u": 0xb3,
  "f32.demote_f64": 0xb6,
  "f64.promote_f32": 0xbb,
  "i32.reinterpret_f32": 0xbc,
  "f32.reinterpret_i32": 0xbe,
} as const;

/** The same behind the prefix 0xfc. */
const SATURATING = { "i32.trunc_sat_f32_s": 0, "i32.trunc_sat_f32_u": 1 } as const;

/** The same behind the prefix 0xfd: 128-bit vectors; from 0x100 on relaxed ones. */
const VECTOR = {
  "i8x16.splat": 15,
  "i32x4.splat": 17,
  "f32x4.splat": 19,
  "f64x2.splat": 20,
  "i32x4.eq": 55,
  "i32x4.ne": 56,
  "i32x4.lt_s": 57,
  "i32x4.lt_u": 58,
  "i32x4.gt_s": 59,
  "i32x4.gt_u": 60,
  "i32x4.le_s": 61,
  "i32x4.le_u": 62,
  "i32x4.ge_s": 63,
  "i32x4.ge_u": 64,
  "f32x4.eq": 65,
  "f32x4.ne": 66,
  "f32x4.lt": 67,
  "f32x4.gt": 68,
  "f32x4.le": 69,
  "f32x4.ge": 70,
  "v128.not": 77,
  "v128.and": 78,
  "v128.andnot": 79,
  "v128.or": 80,
  "v128.xor": 81,
  "v128.bitselect": 82,
  "v128.any_true": 83,
  "i8x16.narrow_i16x8_s": 101,
  "i8x16.narrow_i16x8_u": 102,
  "f32x4.ceil": 103,
  "f32x4.floor": 104,
  "f32x4.trunc": 105,
  "f32x4.nearest": 106,
  "i16x8.narrow_i32x4_s": 133,
  "i16x8.narrow_i32x4_u": 134,
  "i16x8.extend_low_i8x16_s": 135,
  "i16x8.extend_low_i8x16_u": 137,
  "i32x4.abs": 160,
  "i32x4.neg": 161,
  "i32x4.extend_low_i16x8_s": 167,
  "i32x4.extend_low_i16x8_u": 169,
  "i32x4.shl": 171,
  "i32x4.shr_s": 172,
  "i32x4.shr_u": 173,
  "i32x4.add": 174,
  "i32x4.sub": 177,
  "i32x4.mul": 181,
  "i32x4.min_s": 182,
  "i32x4.min_u": 183,
  "i32x4.max_s": 184,
  "i32x4.max_u": 185,
  "i64x2.extmul_low_i32x4_u": 222,
  "i64x2.extmul_high_i32x4_u": 223,
  "f32x4.abs": 224,
  "f32x4.neg": 225,
  "f32x4.sqrt": 227,
  "f32x4.add": 228,
  "f32x4.sub": 229,
  "f32x4.mul": 230,
  "f32x4.div": 231,
  "f32x4.min": 232,
  "f32x4.max": 233,
  "f32x4.pmin": 234,
  "f32x4.pmax": 235,
  "i32x4.trunc_sat_f32x4_s": 248,
  "i32x4.trunc_sat_f32x4_u": 249,
  "f32x4.convert_i32x4_s": 250,
  "f32x4.convert_i32x4_u": 251,
  "f32x4.relaxed_madd": 0x105,
} as const;

/** Loads and stores: the prefix, if any, the number, and the bytes they touch. */
const MEMORY = {
  "i32.load": [0x28, 4],
  "i64.load": [0x29, 8],
  "f32.load": [0x2a, 4],
  "i32.load8_u": [0x2d, 1],
  "i32.load8_s": [0x2c, 1],
  "i32.store": [0x36, 4],
  "i64.store": [0x37, 8],
  "f32.store": [0x38, 4],
  "f64.load": [0x2b, 8],
  "f64.store": [0x39, 8],
  "i32.store8": [0x3a, 1],
  "v128.load": [0xfd00, 16],
  "v128.load8x8_u": [0xfd02, 8],
  "v128.load32_splat": [0xfd09, 4],
  "v128.load64_splat": [0xfd0a, 8],
  "v128.load32_zero": [0xfd5c, 4],
  "v128.load64_zero": [0xfd5d, 8],
  "v128.store": [0xfd0b, 16],
  "i32.atomic.load": [0xfe10, 4],
  "i32.atomic.store": [0xfe17, 4],
  "i32.atomic.rmw.add": [0xfe1e, 4],
  "memory.atomic.notify": [0xfe00, 4],
  "memory.atomic.wait32": [0xfe01, 4],
} as const;

/** Loads and stores of one lane. */
const LANE_MEMORY = {
  "v128.load8_lane": 84,
  "v128.load32_lane": 86,
  "v128.load64_lane": 87,
  "v128.store8_lane": 88,
  "v128.store32_lane": 90,
  "v128.store64_lane": 91,
} as const;

/** Access to a lane whose number is an immediate. */
const LANE = {
  "i8x16.extract_lane_u": 22,
  "i32x4.extract_lane": 27,
  "i32x4.replace_lane": 28,
  "f32x4.extract_lane": 31,
  "f32x4.replace_lane": 32,
} as const;

export type PlainInstruction = keyof typeof PLAIN | keyof typeof SATURATING | keyof typeof VECTOR;
export type MemoryInstruction = keyof typeof MEMORY;
export type LaneMemoryInstruction = keyof typeof LANE_MEMORY;
export type LaneInstruction = keyof typeof LANE;

const entries = (table: Readonly<Record<string, number>>, encode: (number: number) => readonly number[]) =>
  Object.entries(table).map(([name, number]) => [name, encode(number)] as const);

const vector = (number: number): readonly number[] => [0xfd, ...unsigned(number)];

/** Bytes of every instruction without immediates. */
export const PLAIN_BYTES = Object.fromEntries([
  ...entries(PLAIN, (number) => [number]),
  ...entries(SATURATING, (number) => [0xfc, number]),
  ...entries(VECTOR, vector),
]) as Readonly<Record<PlainInstruction, readonly number[]>>;

interface MemoryFacts {
  readonly bytes: readonly number[];
  readonly size: number;
  readonly atomic: boolean;
}

const factsOf = ([number, size]: readonly [number, number]): MemoryFacts => ({
  bytes: number > 0xff ? [number >> 8, ...unsigned(number & 0xff)] : [number],
  size,
  atomic: number >> 8 === 0xfe,
});

/** Bytes of loads and stores without their immediates, and the bytes of memory they touch. */
export const MEMORY_FACTS = Object.fromEntries(
  Object.entries(MEMORY).map(([name, each]) => [name, factsOf(each)]),
) as unknown as Readonly<Record<MemoryInstruction, MemoryFacts>>;

/** Bytes of lane-wise instructions without their immediates. */
export const LANE_BYTES = Object.fromEntries([...entries(LANE_MEMORY, vector), ...entries(LANE, vector)]) as Readonly<
  Record<LaneMemoryInstruction | LaneInstruction, readonly number[]>
>;

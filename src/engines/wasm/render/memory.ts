import type { DType } from "../../../ir/index.ts";
import { type Code, type FunctionBuilder, i32, ins, lane, laneMemory, memory, v128 } from "../encode/index.ts";

/** Lanes of a 128-bit vector. */
const LANES = 4;

/** Elements as lanes hold them: bool lies in memory as 0 or 1 and is all bits or none in a lane, uint8 is 32 bits wide. */
const NARROW: Readonly<Record<DType, boolean>> = {
  float32: false,
  int32: false,
  uint32: false,
  uint8: true,
  bool: true,
};

/** One element as a lane holds it. */
export function loadElement(dtype: DType, address: Code): Code {
  if (dtype === "float32") return memory("f32.load", address, 0);
  if (!NARROW[dtype]) return memory("i32.load", address, 0);
  const value = memory("i32.load8_u", address, 0);
  return dtype === "bool" ? ins("i32.sub", i32(0), value) : value;
}

/** The first `count` lanes from memory; the others are 0. */
export function loadVector(dtype: DType, address: Code, count: number, builder: FunctionBuilder): Code {
  if (NARROW[dtype]) {
    const bytes = count === LANES ? memory("v128.load32_zero", address, 0) : loadBytes(address, count, builder);
    const wide = ins("i32x4.extend_low_i16x8_u", ins("i16x8.extend_low_i8x16_u", bytes));
    return dtype === "bool" ? ins("i32x4.neg", wide) : wide;
  }
  switch (count) {
    case 4:
      return memory("v128.load", address, 0);
    case 3: {
      const block: Code[] = [];
      const at = builder.hold("i32", address, block);
      return [block, laneMemory("v128.load32_lane", 2, at, 8, memory("v128.load64_zero", at, 0))];
    }
    case 2:
      return memory("v128.load64_zero", address, 0);
    default:
      return memory("v128.load32_zero", address, 0);
  }
}

function loadBytes(address: Code, count: number, builder: FunctionBuilder): Code {
  const block: Code[] = [];
  const at = builder.hold("i32", address, block);
  let vector = v128(0);
  for (let i = 0; i < count; i++) vector = laneMemory("v128.load8_lane", i, at, i, vector);
  return [block, vector];
}

/** Stores one element. */
export function storeElement(dtype: DType, address: Code, offset: number, value: Code): Code {
  if (dtype === "float32") return memory("f32.store", address, offset, value);
  if (!NARROW[dtype]) return memory("i32.store", address, offset, value);
  return memory("i32.store8", address, offset, dtype === "bool" ? ins("i32.and", value, i32(1)) : value);
}

/** Stores one lane of a vector. */
export function storeLane(dtype: DType, address: Code, number: number, vector: Code): Code {
  if (!NARROW[dtype]) return laneMemory("v128.store32_lane", number, address, 0, vector);
  return storeElement(dtype, address, 0, lane("i32x4.extract_lane", number, vector));
}

/** Stores the first `count` lanes side by side. */
export function storeVector(dtype: DType, address: Code, vector: Code, count: number, builder: FunctionBuilder): Code {
  if (!NARROW[dtype] && count === LANES) return memory("v128.store", address, 0, vector);
  const block: Code[] = [];
  const at = builder.hold("i32", address, block);
  const lanes = builder.hold("v128", vector, block);
  if (NARROW[dtype]) {
    // Higher bits are cut off first: narrowing saturates.
    const low = ins("v128.and", lanes, v128(dtype === "bool" ? 1 : 0xff));
    const halves = builder.hold("v128", ins("i16x8.narrow_i32x4_u", low, low), block);
    const bytes = builder.hold("v128", ins("i8x16.narrow_i16x8_u", halves, halves), block);
    if (count === LANES) return [block, laneMemory("v128.store32_lane", 0, at, 0, bytes)];
    for (let i = 0; i < count; i++) block.push(laneMemory("v128.store8_lane", i, at, i, bytes));
    return block;
  }
  if (count === 1) return [block, laneMemory("v128.store32_lane", 0, at, 0, lanes)];
  block.push(laneMemory("v128.store64_lane", 0, at, 0, lanes));
  if (count === 3) block.push(laneMemory("v128.store32_lane", 2, at, 8, lanes));
  return block;
}

import { type Code, laneMemory, memory } from "../encode/index.ts";

/** Bytes of a vector and of a float, and floats in a vector. */
export const VECTOR = 16;
export const FLOAT = 4;
export const LANES = 4;

/** Stores the first `lanes` floats of a vector. */
export function storeLanes(address: Code, offset: number, value: Code, lanes: number): Code {
  if (lanes === LANES) return memory("v128.store", address, offset, value);
  const two = lanes >= 2 ? laneMemory("v128.store64_lane", 0, address, offset, value) : [];
  return lanes % 2 === 0
    ? two
    : [two, laneMemory("v128.store32_lane", lanes - 1, address, offset + (lanes - 1) * FLOAT, value)];
}

/** Loads `lanes` floats; the other lanes are 0. */
export function loadLanes(address: Code, offset: number, lanes: number): Code {
  switch (lanes) {
    case 1:
      return memory("v128.load32_zero", address, offset);
    case 2:
      return memory("v128.load64_zero", address, offset);
    case 3:
      return laneMemory(
        "v128.load32_lane",
        2,
        address,
        offset + 2 * FLOAT,
        memory("v128.load64_zero", address, offset),
      );
    default:
      return memory("v128.load", address, offset);
  }
}

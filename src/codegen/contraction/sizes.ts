import type { Loop } from "../../passes/index.ts";
import { product } from "../../util/index.ts";

/** Number of points of loops. */
export const sizeOf = (loops: readonly Loop[]): number => product(loops.map(({ size }) => size));

import type { Target } from "../../../codegen/index.ts";

/**
 * WebAssembly's 128-bit vectors, as V8 compiles them: of the 16 registers of x86 one is its own, and it loads all elements of a step of
 * the depth before it multiplies, so that a tile of 4 x 2 needs 8 sums, 2 vectors and 4 elements: 14. A tile that needs one more than
 * there are runs at half the speed.
 */
export const WASM_TARGET: Target = {
  vectorBytes: 16,
  lanes: 4,
  tileRows: 4,
  tallRows: 6,
  tileVectors: (rows) => (rows === 1 ? 6 : 2),
  directRows: 16,
  // Arrays end before their memory does.
  readsBehind: true,
};

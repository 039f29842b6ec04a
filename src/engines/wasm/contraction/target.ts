import type { Target } from "../../../codegen/index.ts";

/**
 * WebAssembly's 128-bit vectors, as V8 compiles them: of the 16 registers of x86 one is its own, and it loads all elements of a step of
 * the depth before it multiplies, so that a tile of 4 x 2 needs 8 sums, 2 vectors and 4 elements: 14. A tile that needs one more than
 * there are runs at half the speed. Of packed rows one load brings four elements, which are spread when they are needed: 5 x 2 needs
 * 10 sums, 2 vectors, 2 of elements and 1 to spread. Ten sums under way keep two multipliers of a latency of 4 busy with some to spare;
 * eight just do.
 */
export const WASM_TARGET: Target = {
  vectorBytes: 16,
  lanes: 4,
  tileRows: 5,
  mostRows: 5,
  unevenRows: false,
  pointerRows: 4,
  tallRows: 6,
  tileVectors: (rows) => (rows === 1 ? 6 : 2),
  directRows: 16,
  roundedRows: false,
  // Arrays end before their memory does.
  readsBehind: true,
};

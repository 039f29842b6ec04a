/** What of a machine decides the form of its contraction kernels. */
export interface Target {
  /** Bytes of a vector register. */
  readonly vectorBytes: 16 | 32 | 64;
  /** Floats in a vector. */
  readonly lanes: number;
  /** Rows of a register tile that is two vectors wide. */
  readonly tileRows: number;
}

/** 32 registers hold 12 rows of two accumulators, two vectors of B and one element of A; 16 registers hold 6 rows. */
export function contractionTarget(vectorBytes: 16 | 32 | 64, registers: 16 | 32): Target {
  return { vectorBytes, lanes: vectorBytes / 4, tileRows: registers === 32 ? 12 : 6 };
}

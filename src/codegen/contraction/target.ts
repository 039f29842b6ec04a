/** What of a machine decides the form of its contraction kernels. */
export interface Target {
  /** Bytes of a vector register. */
  readonly vectorBytes: 16 | 32 | 64;
  /** Floats in a vector. */
  readonly lanes: number;
  /** Rows of a register tile that is two vectors wide. */
  readonly tileRows: number;
  /** The most such rows that registers hold, where rows are packed: for products whose rows they divide better. */
  readonly mostRows: number;
  /** Whether packed rows may be shared out by tiles of one row less too, rather than a last one be filled up. */
  readonly unevenRows: boolean;
  /** Rows of such a tile where every row is read through a pointer of its own. */
  readonly pointerRows: number;
  /** Rows of a register tile that is one vector wide, where rows are packed. */
  readonly tallRows: number;
  /** Vectors of a register tile of so few rows that sums of two would wait for each other. */
  readonly tileVectors: (rows: number) => number;
  /** Rows up to which packing B costs more than its packed panels gain. */
  readonly directRows: number;
  /** Whether rows of A that would be read where they lie are read from a copy in halves of a word, where they are rounded to bfloat16. */
  readonly roundedRows: boolean;
  /** Whether a vector may be read that begins in an array and ends behind it. */
  readonly readsBehind: boolean;
}

/** 32 registers hold up to 14 rows of two accumulators, two vectors of B and one element of A; 16 registers hold 6 rows. */
export function contractionTarget(vectorBytes: 16 | 32 | 64, registers: 16 | 32): Target {
  const tileRows = registers === 32 ? 12 : 6;
  return {
    vectorBytes,
    lanes: vectorBytes / 4,
    tileRows,
    mostRows: registers === 32 ? 14 : 6,
    unevenRows: registers === 32,
    pointerRows: tileRows,
    tallRows: 2 * tileRows,
    tileVectors: (rows) => Math.min(8, Math.floor((2 * tileRows) / rows)),
    directRows: 2 * tileRows,
    roundedRows: true,
    readsBehind: false,
  };
}

import type { RowUpdates } from "../../passes/index.ts";

/** Pages rarely train large tables: they update all rows of them, to the same bits, and load less. */
export const updateRows: RowUpdates | undefined = undefined;

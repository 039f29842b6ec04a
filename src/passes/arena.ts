/** A block of memory needed from one step to another, both included. */
export interface Lifetime {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

/** Blocks start on cache lines; those smaller than one lie within one. */
export const ALIGNMENT = 64;
const SMALLEST = 16;

/** What a block's offset is a multiple of. */
export function alignmentOf(bytes: number): number {
  let alignment = SMALLEST;
  while (alignment < bytes && alignment < ALIGNMENT) alignment *= 2;
  return alignment;
}

/**
 * Offsets for blocks such that those alive at the same time do not overlap: greedily, the largest first, each into the lowest gap
 * that fits (best known as "greedy by size", Pisarchyk and Lee 2020).
 */
export function planArena(blocks: readonly Lifetime[]): { readonly offsets: number[]; readonly bytes: number } {
  const offsets = new Array<number>(blocks.length).fill(0);
  const order = blocks.map((_, i) => i).sort((a, b) => blocks[b]!.bytes - blocks[a]!.bytes || a - b);
  const placed: number[] = [];
  let total = 0;
  for (const i of order) {
    const { bytes, first, last } = blocks[i]!;
    const alignment = alignmentOf(bytes);
    const aligned = (place: number): number => Math.ceil(place / alignment) * alignment;
    const size = aligned(bytes);
    const rivals = placed
      .filter((j) => blocks[j]!.first <= last && first <= blocks[j]!.last)
      .sort((a, b) => offsets[a]! - offsets[b]!);
    let at = 0;
    for (const j of rivals) {
      if (at + size <= offsets[j]!) break;
      at = Math.max(at, aligned(offsets[j]! + blocks[j]!.bytes));
    }
    offsets[i] = at;
    placed.push(i);
    total = Math.max(total, at + size);
  }
  return { offsets, bytes: total };
}

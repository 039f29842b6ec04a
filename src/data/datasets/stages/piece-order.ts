import type { HostRandom } from "../../../util/index.ts";

/** Pieces that are in use at a time: a window of shuffled samples is made of so many of them, or more. */
const INTERLEAVED = 8;

/**
 * An order of chance in which batches are read, where reading one reads its piece: pieces in an order of chance, a few at a time, of which
 * chance says whose batch comes next; those of a piece have an order of chance, too.
 *
 * @param starts numbers of the batches with which pieces begin, the first one 0.
 * @param count batches.
 * @returns the numbers of all batches.
 */
export function orderInPieces(starts: readonly number[], count: number, random: HostRandom): Uint32Array {
  const coming = random.shuffle(starts.map((first, i) => ({ first, stop: starts[i + 1] ?? count })));
  const draw = (): Uint32Array | undefined => {
    const piece = coming.pop();
    return piece && random.shuffle(Uint32Array.from({ length: piece.stop - piece.first }, (_, i) => piece.first + i));
  };
  const open: { batches: Uint32Array; given: number }[] = [];
  const order = new Uint32Array(count);
  for (let at = 0; at < count; at++) {
    while (open.length < INTERLEAVED) {
      const batches = draw();
      if (!batches) break;
      open.push({ batches, given: 0 });
    }
    const place = random.integer(open.length);
    const piece = open[place] as (typeof open)[number];
    order[at] = piece.batches[piece.given++] as number;
    if (piece.given === piece.batches.length) open.splice(place, 1);
  }
  return order;
}

import type { HostRandom } from "../util/index.ts";

/**
 * Divides `seats` among groups in proportion to their sizes, by largest remainder: every group gets its share rounded down, and the
 * seats left go to the largest remainders; ties are drawn by `random`. scikit-learn's `_approximate_mode`.
 *
 * @returns Seats per group, never more than the group's size; they sum to `seats`.
 */
export function apportion(sizes: readonly number[], seats: number, random: HostRandom): number[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const shares = sizes.map((size) => Math.floor((size * seats) / total));
  // The remainders are kept as whole numbers (size * seats mod total), so that ties are exact.
  const remainders = sizes.map((size) => (size * seats) % total);
  let left = seats - shares.reduce((sum, share) => sum + share, 0);
  const order = random.shuffle(sizes.map((_, group) => group)).sort((a, b) => remainders[b]! - remainders[a]!);
  for (const group of order) {
    if (left === 0) break;
    shares[group] = shares[group]! + 1;
    left--;
  }
  return shares;
}

import { fail } from "./errors.ts";

/** Number of single-character edits between two words; two neighbors that changed places are one (Damerau-Levenshtein). */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? (beforePrevious[j - 2] ?? 0) + 1 : substitution;
      row.push(Math.min(substitution, swap, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    beforePrevious = previous;
    previous = row;
  }
  return previous[b.length] ?? 0;
}

/**
 * The candidate that `name` means most likely: spelled as in Python ("leaky_relu"), abbreviated ("mse", "acc"), or closest in spelling;
 * undefined when none is near.
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  const all = [...candidates];
  return all.includes(name) ? name : (written(name, all) ?? closest(name, all));
}

/** The candidate of the same letters, with these initials, or the shortest one that begins with them. */
function written(name: string, candidates: readonly string[]): string | undefined {
  const letters = (word: string) => word.toLowerCase().replace(/[_-]/g, "");
  const own = letters(name);
  if (own.length < 2) return undefined;
  const initials = (word: string) => `${word.charAt(0)}${word.slice(1).replace(/[^A-Z]/g, "")}`.toLowerCase();
  const longer = candidates.filter((word) => own.length > 2 && letters(word).startsWith(own));
  return (
    candidates.find((word) => letters(word) === own) ??
    candidates.find((word) => initials(word) === own) ??
    longer.sort((a, b) => a.length - b.length)[0]
  );
}

function closest(name: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 2)) + 0.5;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance && distance < Math.max(name.length, candidate.length)) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Fails for a name that is not among the known ones, naming the nearest. */
export function unknownName(what: string, name: string, known: Iterable<string>): never {
  const all = [...known];
  const near = nearest(name, all);
  fail(`unknown ${what} "${name}"`, `one of ${all.join(", ")}`, near ? `did you mean "${near}"?` : undefined);
}

/**
 * Refuses option names that `where` does not know; undefined values are allowed.
 *
 * @throws DescentError naming the unknown option and the nearest known one.
 */
export function checkOptions(where: string, options: object | undefined, allowed: readonly string[]): void {
  for (const name of Object.keys(options ?? {})) {
    if (allowed.includes(name)) continue;
    if (allowed.length === 0) fail(`unknown option of ${where}: "${name}"`, "none: it has no options");
    unknownName(`option of ${where}:`, name, allowed);
  }
}

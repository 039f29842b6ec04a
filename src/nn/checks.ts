import { fail, type Shape, show } from "../util/index.ts";

/** Refuses everything but a positive integer. */
export function checkCount(where: string, name: string, value: unknown): void {
  if (!Number.isInteger(value) || (value as number) < 1)
    fail(`${where} got ${name} = ${show(value)}`, "a positive integer");
}

/** Refuses everything but a finite number within [low, high]. */
export function checkNumber(
  where: string,
  name: string,
  value: unknown,
  low = Number.NEGATIVE_INFINITY,
  high = Number.POSITIVE_INFINITY,
): void {
  if (typeof value === "number" && Number.isFinite(value) && value >= low && value <= high) return;
  if (low === Number.MIN_VALUE) {
    fail(
      `${where} got ${name} = ${show(value)}`,
      high < Infinity ? `a number above 0, up to ${high}` : "a positive number",
    );
  }
  const above = low > Number.NEGATIVE_INFINITY ? ` from ${low}` : "";
  const below = high < Number.POSITIVE_INFINITY ? ` to ${high}` : "";
  fail(`${where} got ${name} = ${show(value)}`, `a finite number${above}${below}`);
}

/** Refuses everything but one of the `known` words. */
export function checkWord(where: string, name: string, value: unknown, known: readonly string[]): void {
  if (typeof value === "string" && known.includes(value)) return;
  fail(`${where} got ${name} = ${show(value)}`, known.map((word) => `"${word}"`).join(" or "));
}

/** Refuses rates outside of [0, 1). */
export function checkRate(kind: string, rate: number): void {
  checkNumber(kind, "rate", rate, 0, 1);
  if (rate === 1) fail(`${kind} got rate = 1, which leaves nothing`, "a number from 0 up to, but not, 1");
}

/** "[batch, 28, 28]". */
export function formatBatch(shape: Shape): string {
  return `[${["batch", ...shape].join(", ")}]`;
}

/** Refuses everything but true and false. */
export function checkFlag(where: string, name: string, value: unknown): void {
  if (typeof value !== "boolean") fail(`${where} got ${name} = ${show(value)}`, "true or false");
}

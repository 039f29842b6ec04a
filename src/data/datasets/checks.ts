import { fail, show } from "../../util/index.ts";

/** Refuses everything but a whole number of at least `least`. */
export function checkCount(where: string, name: string, value: unknown, least: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= least) return;
  const range = least > Number.MIN_SAFE_INTEGER ? ` of at least ${least}` : "";
  fail(`${where}: ${name} is ${show(value)}`, `a whole number${range}`);
}

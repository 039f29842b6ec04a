import { fail, unknownName } from "../util/index.ts";

/** Values by the names of a model's inputs or outputs. */
export type Named<T> = { readonly [name: string]: T };

/**
 * The values of a record, in the order of `names`; undefined where there is none.
 *
 * @param where in errors: "compile: loss".
 * @param what one of the names: "output".
 * @throws DescentError for a name that is not among them, naming the nearest.
 */
export function inOrder<T>(record: Named<T>, names: readonly string[], where: string, what: string): (T | undefined)[] {
  for (const name of Object.keys(record)) if (!names.includes(name)) unknownName(`${what} in ${where}:`, name, names);
  return names.map((name) => record[name]);
}

/** One value for each output: from one for all of them, a list, or a record. */
export function perOutput<T>(
  given: T | readonly (T | null)[] | Named<T>,
  names: readonly string[],
  what: string,
  isOne: (given: unknown) => boolean,
): (T | undefined)[] {
  if (isOne(given)) return names.map(() => given as T);
  if (!Array.isArray(given)) return inOrder(given as Named<T>, names, `compile's ${what}`, "output");
  if (given.length !== names.length) {
    fail(`compile got ${given.length} ${what}`, `one for each of the ${names.length} outputs: ${names.join(", ")}`);
  }
  return given.map((each: T | null) => each ?? undefined);
}

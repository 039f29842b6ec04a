import { Tensor } from "../../src/index.ts";

/** Every number of `found` near the same one of `wanted`; everything else equal. */
function near(found: unknown, wanted: unknown): boolean {
  if (typeof found === "number" && typeof wanted === "number") {
    return Object.is(found, wanted) || Math.abs(found - wanted) <= 1e-4 * Math.max(1, Math.abs(wanted));
  }
  if (typeof found !== "object" || typeof wanted !== "object" || !found || !wanted) return found === wanted;
  const keys = Object.keys(wanted);
  return (
    keys.length === Object.keys(found).length &&
    keys.every((key) => near(Reflect.get(found, key), Reflect.get(wanted, key)))
  );
}

/**
 * Checks what an example says in a comment about a value: its JSON, or a tensor's shape.
 *
 * @throws Error showing both.
 */
export async function promised(value: unknown, json: string): Promise<void> {
  const wanted: unknown = JSON.parse(json);
  const found = await value;
  const candidates = found instanceof Tensor ? [await found.array(), found.shape] : [found];
  if (!candidates.some((candidate) => near(candidate, wanted))) {
    throw new Error(`the example says ${json}, it is ${JSON.stringify(candidates[0])}`);
  }
}

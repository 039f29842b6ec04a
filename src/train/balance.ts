import type { HostRandom } from "../util/index.ts";
import { fail } from "../util/index.ts";
import type { Column } from "./column.ts";
import type { Head } from "./objective.ts";
import { classesOf } from "./weighting.ts";

/** The rows of each class. */
export type Strata = readonly Uint32Array[];

/**
 * The rows of each class that occurs.
 *
 * @throws DescentError for several outputs, and where there are less than two classes.
 */
export function strataOf(targets: readonly Column[], heads: readonly Head[]): Strata {
  const [target] = targets;
  const [head] = heads;
  if (!target || !head || heads.length > 1) {
    fail(`fit: balanceClasses for a model of ${heads.length} outputs`, "one output", "use sampleWeight");
  }
  const rows: number[][] = [];
  classesOf(target, head, "balanceClasses").forEach((label, row) => {
    rows[label] ??= [];
    rows[label].push(row);
  });
  const strata = rows.filter((group) => group !== undefined).map((group) => Uint32Array.from(group));
  if (strata.length < 2) fail(`fit: balanceClasses, but all of ${target.name} is of one class`, "two classes or more");
  return strata;
}

/**
 * An order of `order.length` rows in which all classes are as frequent, to one row: each class's rows one after the other, shuffled, and
 * again from the beginning, in another order, when there are no more; then all mixed. Of larger classes some rows wait for another epoch.
 */
export function balancedOrder(order: Uint32Array, strata: Strata, random: HostRandom): void {
  const first = random.integer(strata.length); // who has one more, when they do not divide evenly
  let next = 0;
  strata.forEach((rows, i) => {
    const turn = (i - first + strata.length) % strata.length;
    const share = Math.ceil((order.length - turn) / strata.length);
    const own = Uint32Array.from(rows);
    for (let drawn = 0; drawn < share; drawn += own.length) {
      random.shuffle(own);
      const part = own.subarray(0, Math.min(own.length, share - drawn));
      order.set(part, next);
      next += part.length;
    }
  });
  random.shuffle(order);
}

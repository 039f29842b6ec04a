import { fail, unknownName } from "../../util/index.ts";
import { describe } from "../arrays.ts";
import { minMaxScaler } from "./minMax.ts";
import { robustScaler } from "./robust.ts";
import type { Scaler } from "./scaler.ts";
import { standardScaler } from "./standard.ts";

type Factory = (options: Record<string, never>) => Scaler;

const factories: Readonly<Record<string, Factory>> = { standardScaler, minMaxScaler, robustScaler };

/** The learned numbers of each kind. */
const learned: Readonly<Record<string, readonly string[]>> = {
  standardScaler: ["mean", "variance", "scale"],
  minMaxScaler: ["min", "max"],
  robustScaler: ["median", "scale"],
};

/**
 * A fitted scaler from what {@link Scaler.toJSON} gave, as read from a file.
 *
 * @throws DescentError for an unknown kind, unknown options, or numbers that are missing, not finite or of unequal count.
 * @example
 * const scaler = await standardScaler().fit([[1, 2], [3, 4]]);
 * const again = scalerFromJSON(JSON.parse(JSON.stringify(scaler)));
 */
export function scalerFromJSON(json: unknown): Scaler {
  const { kind, options, statistics } = record(json, "a scaler");
  if (typeof kind !== "string") fail(`a scaler's kind is ${describe(kind)}`, Object.keys(factories).join(" or "));
  const factory = Object.hasOwn(factories, kind) ? factories[kind] : undefined;
  if (!factory) unknownName("scaler", kind, Object.keys(factories));
  const scaler = factory(record(options, `${kind}'s options`) as Record<string, never>);
  return scaler.learn(readStatistics(kind, record(statistics, `${kind}'s statistics`)));
}

function readStatistics(kind: string, statistics: Record<string, unknown>): Record<string, number[]> {
  const read: Record<string, number[]> = {};
  let columns: number | undefined;
  for (const name of learned[kind] ?? []) {
    const values = statistics[name];
    if (!Array.isArray(values) || values.length === 0)
      fail(`${kind}'s ${name} is ${describe(values)}`, "one number per column");
    const odd = values.findIndex((value) => !Number.isFinite(value));
    if (odd >= 0) fail(`${kind}'s ${name} holds ${describe(values[odd])} for column ${odd}`, "a finite number");
    columns ??= values.length;
    if (values.length !== columns) fail(`${kind}'s ${name} has ${values.length} numbers`, `${columns}, one per column`);
    read[name] = [...values];
  }
  for (const divisor of read["scale"] ?? []) {
    if (!(divisor > 0)) fail(`${kind}'s scale holds ${divisor}`, "numbers above zero");
  }
  return read;
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    fail(`${what} is ${describe(value)}`, "an object");
  return value as Record<string, unknown>;
}

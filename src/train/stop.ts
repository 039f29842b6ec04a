import { fail, show, unknownName } from "../util/index.ts";
import { directionOf } from "./monitor.ts";
import type { Logs } from "./values.ts";

/** Targets by name, such as { loss: 0.01, accuracy: 0.99 }: training stops when all are reached. */
export type StopWhen = Readonly<Record<string, number>>;

/**
 * Refuses targets that will never be measured.
 *
 * @param names everything that the logs of an epoch will hold.
 */
export function checkStopWhen(stopWhen: StopWhen, names: readonly string[]): void {
  for (const [name, target] of Object.entries(stopWhen)) {
    if (!names.includes(name)) unknownName("value in stopWhen:", name, names);
    if (typeof target !== "number" || !Number.isFinite(target)) {
      fail(`stopWhen: ${name} is ${show(target)}`, "a number to reach");
    }
  }
}

/** Why training may stop: "loss 0.0098 reached 0.01", or undefined while a target is not reached. */
export function reached(stopWhen: StopWhen, logs: Logs): string | undefined {
  const targets = Object.entries(stopWhen);
  const words: string[] = [];
  for (const [name, target] of targets) {
    const value = logs[name];
    if (typeof value !== "number") return undefined;
    if (directionOf(name) === "max" ? value < target : value > target) return undefined;
    words.push(`${name} ${Number(value.toPrecision(4))} reached ${target}`);
  }
  return words.length > 0 ? words.join(", ") : undefined;
}

import { fail, nearest } from "../util/index.ts";
import type { Logs } from "./values.ts";

/** Whether a smaller or a larger value is better; "auto" goes by the name. */
export type MonitorMode = "min" | "max" | "auto";

const larger =
  /accuracy|precision|recall|f1|fBeta|r2|auc|specificity|sensitivity|score|iou|correlation|kappa|variance|true/i;

/** "max" for accuracy and its like, "min" for losses and errors. */
export function directionOf(name: string, mode: MonitorMode = "auto"): "min" | "max" {
  if (mode === "auto") return larger.test(name) ? "max" : "min";
  return mode;
}

/**
 * Reads one number from an epoch's logs.
 *
 * @throws DescentError when there is no such value or it is not a single number.
 */
export function monitored(logs: Logs, name: string, where: string): number {
  const value = logs[name];
  if (value === undefined) {
    const known = Object.keys(logs);
    const near = nearest(name, known);
    const fix = name.startsWith("val")
      ? "give fit validationData or validationSplit"
      : near && `did you mean "${near}"?`;
    fail(`${where}: there is no "${name}"`, `one of ${known.join(", ")}`, fix);
  }
  if (typeof value !== "number") fail(`${where}: "${name}" is a list`, "a metric that is one number");
  return value;
}

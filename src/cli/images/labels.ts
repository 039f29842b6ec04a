import type { ImageNames } from "../../data/index.ts";
import type { TableTask } from "../../tabular/index.ts";
import { EXIT, refuse } from "../exit.ts";
import { taskNamed } from "../tabular/options.ts";

/** Where the targets stand, if not in the names of folders. */
export interface Labels {
  readonly table?: string;
  /** The table's column of paths; default "path". */
  readonly path?: string;
  /** The table's columns to predict; none named: "label", or those of the training. */
  readonly targets: readonly string[];
  readonly task?: TableTask;
}

/** What options say of where targets stand. */
export function labelsOf(options: {
  labels?: string;
  target?: readonly string[];
  path?: string;
  task?: string;
}): Labels {
  const { labels, path, target: targets = [] } = options;
  const task = taskNamed(options.task);
  if (labels !== undefined) return { table: labels, path: path ?? "path", targets, ...(task && { task }) };
  const given = { "--target": targets[0], "--path": path, "--task": task };
  const other = Object.entries(given).find(([, value]) => value !== undefined)?.[0];
  if (other) {
    const expected =
      other === "--task" ? "--labels TABLE, of whose target it is" : "--labels TABLE, whose columns these name";
    refuse(EXIT.usage, `${other} was given for a folder of images`, expected);
  }
  return { targets };
}

/** Where `fromImages` finds paths, and classes, too. */
export function imageNames({ table, path, targets }: Labels, withClasses: boolean): ImageNames {
  if (table === undefined) return {};
  return { table, ...(path !== undefined && { path }), ...(withClasses && { label: targets[0] ?? LABEL }) };
}

/** The column to predict where none was named. */
export const LABEL = "label";

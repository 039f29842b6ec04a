import { availableParallelism } from "node:os";
import { type Command, InvalidArgumentError } from "commander";

/** What all commands of the benchmark that compare understand. */
export interface CompareOptions {
  readonly case?: string[];
  readonly with?: string[];
  readonly threads: number;
  readonly blocks: number;
  readonly json?: string;
  readonly chromium?: true;
  readonly wait: boolean;
  readonly precision?: string;
}

export function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("expected a whole number of at least 1");
  return value;
}

/** Adds the options of {@link CompareOptions}. */
export function comparing(command: Command): Command {
  return command
    .option("--case <name...>", "only these cases")
    .option("--with <name...>", "only these contestants besides Descent (none: with an empty name)")
    .option("--threads <n>", "threads for every contestant", positive, availableParallelism())
    .option("--blocks <n>", "blocks per case and contestant; the median is reported", positive, 7)
    .option("--json <file>", "write all results to a file")
    .option("--no-wait", "don't wait for quiet moments, don't repeat what others disturbed");
}

/** Those of `all` whose names were asked for. @throws when there is no such name. */
export function chosen<T>(names: readonly string[] | undefined, all: readonly T[], nameOf: (each: T) => string): T[] {
  const unknown = names?.filter((name) => !all.some((each) => nameOf(each) === name)) ?? [];
  if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(", ")}; known: ${all.map(nameOf).join(", ")}`);
  return all.filter((each) => !names || names.includes(nameOf(each)));
}

/**
 * The door of the command line: what configs and examples use (config types, reports, tables for terminals), and `main`,
 * which loads the rest only when it runs.
 */
export { type Config, type DataFile, type DataSource, defineConfig } from "./config/define.ts";
export { formatMetric, formatNumber, formatSeconds, percent } from "./format.ts";
export {
  type Highlight,
  type Mistake,
  type Report,
  type ReportHistory,
  renderReport,
  writeReport,
} from "./report/index.ts";
export { accuracyOf, type ClassScores, classScores, confusionMatrix, macroAverage } from "./scores.ts";
export { classTable, colorEnabled, confusionTable, paint, picture, sideBySide, table } from "./terminal/index.ts";

/** Runs the command `descent` with these arguments; the exit code is the answer. */
export async function main(args: readonly string[]): Promise<number> {
  process.stdout.on("error", quitWhenNobodyReads);
  const { run } = await import("./run.ts");
  return run(args);
}

/** `descent predict ... | head`: what is piped away may be closed early, which is no failure. */
function quitWhenNobodyReads(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
}

import { access, constants, mkdir, stat } from "node:fs/promises";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import type { History, Model } from "../../train/index.ts";
import { writeFileAtomic } from "../../util/node.ts";
import { EXIT, oneLine, refuse } from "../exit.ts";
import { formatMetric, formatSeconds, groupDigits, metricTitle, percent } from "../format.ts";
import type { TextBaselines } from "../language/baselines.ts";
import { type Highlight, type Report, type ReportSection, writeReport } from "../report/index.ts";
import { accuracyOf, classScores } from "../scores.ts";
import { VERSION } from "../version.ts";
import type { Outcome } from "./outcome.ts";

/** All that is known when a training is over. */
export interface Trained {
  title: string;
  /** Where the samples came from. */
  source: string;
  model: Model;
  history: History;
  engine: string;
  seed: number;
  batchSize: number;
  trainSamples: number;
  /** Updates in all, those of processes that this one went on from, too. */
  steps: number;
  isSplit: boolean;
  outcome: Outcome;
  classNames: readonly string[] | undefined;
  /** What simple answers reach, of a text. */
  baselines?: TextBaselines;
  /** The column that is predicted, when it has a name. */
  targetName: string | undefined;
}

/** Makes the output folder, or refuses one that can't be written before anything is trained. */
export async function openOutput(folder: string): Promise<void> {
  try {
    // Asked first: mkdir says "no such file" of a folder in a read-only place.
    await access(await nearestFolder(folder), constants.W_OK);
    await mkdir(folder, { recursive: true });
  } catch (error) {
    refuse(
      EXIT.failed,
      `nothing can be written to ${oneLine(error)}`,
      "a folder that can be written",
      "--output FOLDER",
    );
  }
}

/** The folder itself, or the nearest one above it that exists. */
async function nearestFolder(folder: string): Promise<string> {
  const found = await stat(folder).catch(() => undefined);
  return found || dirname(folder) === folder ? folder : nearestFolder(dirname(folder));
}

/** Samples that were trained per second, over all epochs; of a training that was gone on with, over its last part. */
export function speedOf({ history, trainSamples, steps }: Trained): number {
  const part = steps > 0 ? history.steps / steps : 0;
  return (part * trainSamples * history.epochs.length) / Math.max(history.seconds, 1e-9);
}

/** Writes metrics.json and report.html; the model is there already. */
export async function writeResults(folder: string, trained: Trained): Promise<void> {
  await writeFileAtomic(join(folder, "metrics.json"), `${JSON.stringify(metricsOf(trained), null, 2)}\n`);
  await writeReport(join(folder, "report.html"), reportOf(trained));
}

function metricsOf(trained: Trained): object {
  const { history, outcome, engine, seed, trainSamples, steps, isSplit } = trained;
  const { regression, confusion, samples, metrics } = outcome;
  return {
    descent: VERSION,
    engine,
    seed,
    epochs: history.epochs.length,
    steps,
    seconds: history.seconds,
    samplesPerSecond: speedOf(trained),
    stopped: history.reason,
    trainSamples,
    test: { samples, on: isSplit ? "samples held back" : "the training samples", ...metrics },
    ...(trained.baselines && { baselines: trained.baselines }),
    ...(regression && { regression: { r2: regression.r2, meanAbsoluteError: regression.meanAbsoluteError } }),
    ...(confusion && { confusion, perClass: classScores(confusion), classNames: trained.classNames }),
    history: history.history,
  };
}

function reportOf(trained: Trained): Report {
  const { outcome, history, trainSamples, isSplit, model, targetName } = trained;
  const tested = `${groupDigits(outcome.samples)} ${isSplit ? "test samples" : "training samples"}`;
  return {
    title: trained.title,
    subtitle: isSplit
      ? `Trained on ${groupDigits(trainSamples)} samples and tested on ${groupDigits(outcome.samples)} others.`
      : `Trained and tested on the same ${groupDigits(trainSamples)} samples.`,
    highlights: highlightsOf(trained),
    ...(trained.baselines && { lead: [comparison(trained.baselines, outcome.metrics)] }),
    history: numbersOnly(history.history),
    countedOn: tested,
    modelSummary: model.summary(),
    facts: factsOf(trained),
    ...(outcome.confusion && { confusion: outcome.confusion }),
    ...(trained.classNames && { classNames: trained.classNames }),
    ...(outcome.mistakes && { mistakes: outcome.mistakes }),
    ...(outcome.regression && {
      regression: { ...outcome.regression, ...(targetName !== undefined && { name: targetName }) },
    }),
  };
}

function comparison({ unigram, bigram }: TextBaselines, metrics: Outcome["metrics"]): ReportSection {
  const row = (name: string, loss: number) => [
    name,
    formatMetric("loss", loss),
    formatMetric("perplexity", Math.exp(loss)),
    formatMetric("bits", loss / Math.LN2),
  ];
  const caption = "On the part held back. Perplexity: how many tokens it hesitates between.";
  const rows = [
    row("this model", metrics["loss"] ?? Number.NaN),
    row("how often a token follows the one before", bigram.loss),
    row("how frequent a token is", unigram.loss),
  ];
  return {
    title: "Against simple answers",
    tables: [{ caption, columns: ["", "loss", "perplexity", "bits a token"], rows }],
  };
}

/** The figures to see first; the terminal shows the same. */
export function highlightsOf(trained: Trained): Highlight[] {
  const { outcome, history, isSplit } = trained;
  const on = isSplit ? "Test" : "Training";
  const { loss, ...others } = outcome.metrics;
  const metrics = Object.entries(others).map(([name, value]) => ({
    label: `${on} ${metricTitle(name)}`,
    value: formatMetric(name, value),
  }));
  const known = new Set(metrics.map(({ label }) => label));
  const extra: Highlight[] = [];
  if (outcome.confusion) extra.push({ label: `${on} accuracy`, value: percent(accuracyOf(outcome.confusion)) });
  if (outcome.regression) extra.push({ label: `${on} R²`, value: formatMetric("r2", outcome.regression.r2) });
  return [
    ...extra.filter(({ label }) => !known.has(label)),
    ...metrics,
    ...(loss === undefined ? [] : [{ label: `${on} loss`, value: formatMetric("loss", loss) }]),
    { label: "Training time", value: formatSeconds(history.seconds) },
    { label: "Speed", value: `${groupDigits(speedOf(trained))} samples/s` },
  ];
}

function factsOf({ history, engine, seed, source, batchSize }: Trained): Record<string, string | number> {
  return {
    data: source,
    engine,
    epochs: history.epochs.length,
    "stopped by": history.reason,
    "batch size": batchSize,
    seed,
    "training time": formatSeconds(history.seconds),
    Descent: VERSION,
    Node: process.version,
    processor: cpus()[0]?.model.trim() || "unknown",
  };
}

/** Curves are of single numbers; a confusion matrix per epoch has none. */
function numbersOnly(history: History["history"]): Record<string, number[]> {
  const curves: Record<string, number[]> = {};
  for (const [name, values] of Object.entries(history)) {
    if (values.every((value) => typeof value === "number")) curves[name] = values as number[];
  }
  return curves;
}

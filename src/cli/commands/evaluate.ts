import { describeSamples, readSampleFile } from "../data/samples.ts";
import { EXIT, type ExitCode, part } from "../exit.ts";
import { formatMetric, metricTitle } from "../format.ts";
import { labelsOf } from "../images/labels.ts";
import { evaluateImages, imageModelOf } from "../images/use.ts";
import { classScores } from "../scores.ts";
import { refuseTableUse } from "../tabular/source.ts";
import { evaluateTable, tableModelOf } from "../tabular/use.ts";
import { outcomeOf } from "../training/outcome.ts";
import { applyScalers } from "../training/prepare.ts";
import { openModel } from "../training/saved.ts";
import { describeOutcome } from "../training/show.ts";
import { taskOf } from "../training/task.ts";

export interface EvaluateOptions {
  json?: boolean;
  labels?: string;
  target?: string[];
  path?: string;
  memory?: number;
}

/** `descent evaluate`: tests a saved model on data with known answers. */
export async function evaluateCommand(folder: string, path: string, options: EvaluateOptions): Promise<ExitCode> {
  const { json, memory } = options;
  const { model, scalers, columns, labels } = await openModel(folder);
  const ofTable = tableModelOf(model);
  if (ofTable) return evaluateTable(ofTable, path, { json: json ?? false, memory });
  refuseTableUse(path, memory);
  const ofImages = imageModelOf(model);
  if (ofImages) return evaluateImages(ofImages, path, labelsOf(options), json ?? false);
  const { x, y } = await readSampleFile(path, columns);
  const outcome = await part(EXIT.data, async () => {
    const scaled = await applyScalers(scalers, x);
    const scores = await model.evaluate(scaled, y);
    const prediction = await model.predict(scaled);
    const output = { data: await prediction.data(), shape: prediction.shape };
    return outcomeOf(scores, taskOf(y, model.outputs[0]?.shape ?? []), y, output, x);
  });
  const { samples, metrics, confusion, regression } = outcome;
  if (json) {
    const { r2, meanAbsoluteError } = regression ?? {};
    const perClass = confusion && classScores(confusion);
    console.log(JSON.stringify({ samples, ...metrics, r2, meanAbsoluteError, confusion, perClass }, null, 2));
    return EXIT.ok;
  }
  console.log(`Data: ${describeSamples(x)}, from ${path}`);
  const highlights = Object.entries(metrics).map(([name, value]) => ({
    label: metricTitle(name),
    value: formatMetric(name, value),
  }));
  if (regression && !("r2" in metrics)) highlights.push({ label: "R²", value: formatMetric("r2", regression.r2) });
  console.log(describeOutcome(highlights, outcome, labels).trimEnd());
  return EXIT.ok;
}

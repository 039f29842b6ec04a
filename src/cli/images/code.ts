import { relative, resolve, sep } from "node:path";
import { planTraining } from "../../tabular/index.ts";
import { imageNames, LABEL, type Labels } from "./labels.ts";
import { type LayerConfig, layerCode } from "./layers.ts";
import type { ReadImages } from "./read.ts";
import { type ImagePlan, linearLayers, networkLayers } from "./rules.ts";
import { type ImageParts, VALIDATION_SIZE } from "./split.ts";
import { momentsOf, widthOf } from "./target.ts";
import { LINEAR_EPOCHS, LINEAR_PATIENCE, type TrainedImages } from "./training.ts";

/** What the images were trained by. */
export interface CodeRequest {
  readonly images: ReadImages;
  readonly parts: ImageParts;
  readonly plan: ImagePlan;
  readonly trained: TrainedImages;
  /** Where the program stands, and what it reads. */
  readonly folder: string;
  readonly source: string;
  readonly labels: Labels;
  readonly testSize: number;
  readonly seed: number;
}

/** The training as a program that makes it again and can be edited. */
export function trainingCode(request: CodeRequest): string {
  const { images, parts, plan, trained, source, testSize, seed } = request;
  const { target, leftOut } = images;
  const { model } = trained;
  const isLinear = trained.chosen === "linear";
  const output = { ...target, ...momentsOf(target, parts.train) };
  const list = isLinear ? linearLayers(plan, output) : networkLayers(plan, output);
  const { loss, metrics } = planTraining(target.task, parts.train.length);
  const patience = isLinear ? LINEAR_PATIENCE : plan.patience;
  const augment = isLinear ? [] : plan.augment;
  const weights = trained.classWeight && `  classWeight: ${JSON.stringify(trained.classWeight)},\n`;
  const { imports, reading, stratify, facts } = target.meaning ? toldCode(request) : classesCode(request);
  return `// Written by descent train: the training of ${oneLine(source)}, to edit and to run (npx tsx train.ts).
import { fileURLToPath } from "node:url";
import { callbacks, layers, optimizers, sequential } from "descent";
${imports}

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const reading = ${JSON.stringify({ size: plan.size, channels: plan.channels, fit: plan.fit })} as const;
${reading}
// Images that cannot be read, copies of others, and those of which nothing is known.
const leftOut = new Set<number>(${JSON.stringify(leftOut)});
const usable = [...labels.keys()].filter((i) => !leftOut.has(i));
const holdOut = (rows: readonly number[], testSize: number) => {
  const { train, test } = splitIndices(rows.length, { testSize, ${stratify}seed: ${seed} });
  const of = (places: Uint32Array) => Array.from(places, (i) => rows[i] ?? 0).sort((a, b) => a - b);
  return [of(train), of(test)] as const;
};
${partsCode(images, testSize)}

const model = sequential(
  [
${list.map((layer) => `    ${layerCode(layer)},`).join("\n")}
  ],
  { seed: ${seed} },
);
model.compile({
  optimizer: optimizers.adam({ learningRate: ${plan.learningRate} }),
  loss: ${JSON.stringify(loss)},
  metrics: ${JSON.stringify(metrics)},
${model.precision === "float32" ? "" : `  precision: "${model.precision}",\n`}});
await model.fit(images.select(train).shuffle({ seed: ${seed} }).batch(${plan.batchSize}), {
  epochs: ${isLinear ? Math.min(plan.epochs, LINEAR_EPOCHS) : plan.epochs},
  validationData: images.select(validation).batch(256),
  seed: ${seed},
${weights ?? ""}${augmentCode(augment)}  callbacks: [
    callbacks.earlyStopping({ patience: ${patience}, restoreBestWeights: true }),
    callbacks.reduceLearningRateOnPlateau({ patience: ${Math.max(1, Math.round(patience / 3))}, factor: 0.5 }),
  ],
});
console.log(await model.evaluate(images.select(test).batch(256)));
await model.save(at("edited-model"), {
${facts}});
`;
}

/** How images are held out, where no folders do. */
function partsCode({ given }: ReadImages, testSize: number): string {
  const has = (part: string) => given?.some((each) => each === part) ?? false;
  const share = has("test") ? `${VALIDATION_SIZE}` : `${VALIDATION_SIZE} / ${1 - testSize}`;
  const rest = given ? 'of("train")' : "usable";
  return [
    ...(given ? ["const of = (part: string) => usable.filter((i) => parts[i] === part);"] : []),
    has("test") ? `const [rest, test] = [${rest}, of("test")];` : `const [rest, test] = holdOut(${rest}, ${testSize});`,
    has("validation")
      ? 'const [train, validation] = [rest, of("validation")];'
      : `const [train, validation] = holdOut(rest, ${share});`,
  ].join("\n");
}

/** What a program reads, and how it tells parts from it. */
interface ReadingCode {
  readonly imports: string;
  readonly reading: string;
  readonly stratify: string;
  readonly facts: string;
}

const HOW = "images: { size: [...reading.size], channels: reading.channels, fit: reading.fit }";

function classesCode({ images, folder, source, labels }: CodeRequest): ReadingCode {
  return {
    imports: 'import { fromImages, splitIndices } from "descent/data";',
    reading: `const { dataset, classes, labels = new Int32Array()${images.given ? ", parts = []" : ""} } = await fromImages(at(${pathCode(folder, source)}), {
  ...reading,${namesCode(labels, folder, true)}
});
const images = dataset${images.inMemory ? ".cache()" : ""};
`,
    stratify: "stratify: rows.map((i) => labels[i] ?? 0), ",
    facts: `  preprocessing: { ${HOW} },\n  labels: classes,\n`,
  };
}

/** Numbers and labels, which stand in a table. */
function toldCode({ images, folder, source, labels }: CodeRequest): ReadingCode {
  const { target } = images;
  const isLabels = target.task === "multi-label";
  const width = widthOf(target);
  const { table = "", targets } = labels;
  const named = targets.length > 1 ? targets : (targets[0] ?? LABEL);
  const tools = isLabels ? "rarestLabels, readTarget" : "readTarget";
  return {
    imports: `import { fromArrays, fromImages, splitIndices } from "descent/data";\nimport { ${tools} } from "descent/tabular";`,
    reading: `const { meaning, y } = await readTarget(at(${pathCode(folder, table)}), {
  target: ${JSON.stringify(named)},
  task: "${target.task}",
});
const { dataset } = await fromImages(at(${pathCode(folder, source)}), {
  ...reading,${namesCode(labels, folder, false)}
});
// ${isLabels ? "1 and 0 for each label" : "The number"} of each image.
const labels = Array.from({ length: y.length / ${width} }, (_, i) => y.subarray(${width} * i, ${width} * (i + 1)));
const targets = fromArrays({ y: { data: y, shape: [labels.length, ${width}] } });
const images = dataset${images.inMemory ? ".cache()" : ""}.zip(targets);
`,
    stratify: isLabels
      ? `stratify: rarestLabels(rows.flatMap((i) => [...(labels[i] ?? [])]), ${width}, testSize), `
      : "",
    facts: `  preprocessing: { ${HOW}, target: JSON.parse(JSON.stringify(meaning)) },\n  labels: ${isLabels ? "[...meaning.classes]" : "null"},\n`,
  };
}

function pathCode(folder: string, to: string): string {
  return JSON.stringify(relative(folder, resolve(to)).split(sep).join("/"));
}

function namesCode(labels: Labels, folder: string, withClasses: boolean): string {
  const { table, path, label } = imageNames(labels, withClasses);
  if (table === undefined) return "";
  const column = label === undefined ? "" : `\n  label: ${JSON.stringify(label)},`;
  return `\n  table: at(${pathCode(folder, table)}),\n  path: ${JSON.stringify(path)},${column}`;
}

function augmentCode(augment: readonly LayerConfig[]): string {
  return augment.length === 0
    ? ""
    : `  augment: [\n${augment.map((each) => `    ${layerCode(each)},\n`).join("")}  ],\n`;
}

const oneLine = (text: string) => text.replace(/\s+/g, " ");

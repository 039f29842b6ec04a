import { basename, join, resolve } from "node:path";
import type { Network, NetworkConfig } from "../nn/index.ts";
import type { Callback } from "../train/index.ts";
import { checkOptions, DescentError, fail } from "../util/index.ts";
import { EventFile } from "./event-file.ts";
import type { Hyperparameters } from "./hyperparameters.ts";

/** Options of {@link tensorBoard}. */
export interface TensorBoardOptions {
  /** Histograms of all weights every so many epochs; default 0: none (Keras). */
  histogramEvery?: number | undefined;
  /** Loss and learning rate every so many steps, too; default 0: after epochs only (Keras's updateFreq "epoch"). */
  everySteps?: number | undefined;
  /** What the run was made with: a session of the HParams tab, where runs are compared, and a table among the texts. */
  hyperparameters?: Hyperparameters | undefined;
  /** The model's layers for the graph tab; default true (Keras's writeGraph). */
  graph?: boolean | undefined;
}

/**
 * Writes what TensorBoard shows: `tensorboard --logdir FOLDER`. As Keras has it, numbers of the training go to FOLDER/train, those of the validation
 * to FOLDER/validation under the same tags ("epoch_loss"), and the learning rate, the graph of the model and its summary to FOLDER/train;
 * hyperparameters stand in FOLDER itself, so that a session of the HParams tab has the numbers of both.
 *
 * @param folder a folder for this run; its events are added to those that are there.
 * @throws DescentError when the folder can't be written.
 * @example
 * await model.fit(x, y, { epochs: 3, callbacks: [tensorBoard("logs/first", { hyperparameters: { units: 4 } })] });
 */
export function tensorBoard(folder: string, options: TensorBoardOptions = {}): Callback {
  checkOptions("tensorBoard", options, ["histogramEvery", "everySteps", "hyperparameters", "graph"]);
  const { histogramEvery = 0, everySteps = 0, hyperparameters, graph = true } = options;
  for (const [name, every] of Object.entries({ histogramEvery, everySteps })) {
    if (!Number.isInteger(every) || every < 0)
      fail(`tensorBoard got ${name} = ${every}`, "a whole number, 0 for never");
  }
  const train = new EventFile(join(folder, "train"));
  const validation = new EventFile(join(folder, "validation"));
  const session = hyperparameters && new EventFile(folder);
  let begun = false;
  return {
    lateSteps: true,
    async onTrainBegin({ training }) {
      await train.text("model", `\`\`\`\n${training.model.summary()}\n\`\`\``, 0);
      if (graph) await train.graph(layersOf(training.model));
      if (!session || !hyperparameters) return;
      await train.text("hyperparameters", table(hyperparameters), 0);
      await session.hyperparameters(hyperparameters, basename(resolve(folder)));
    },
    async onEpochBegin({ training, epoch }) {
      if (begun) return;
      begun = true;
      // What was written after the checkpoint comes again. Steps and epochs are numbers of one kind to readers: by steps, nothing is forgotten.
      if (!training.resumed || everySteps > 0) return;
      await train.restart(epoch);
      await validation.restart(epoch);
    },
    async onTrainEnd({ reason }) {
      const failed = reason === "error" || reason === "interrupted";
      await session?.sessionEnd(failed ? "failure" : "success");
    },
    onStepEnd({ training, step, loss }) {
      if (everySteps === 0 || step % everySteps !== 0) return undefined;
      return train.scalars({ batch_loss: loss, batch_learning_rate: training.learningRate }, step);
    },
    async onEpochEnd({ training, epoch, logs }) {
      const numbers = Object.entries(logs).filter((entry): entry is [string, number] => typeof entry[1] === "number");
      const isValidation = (name: string) => /^val[A-Z]/.test(name);
      const tagged = numbers.map(([name, value]) => {
        const own = isValidation(name) ? name.charAt(3).toLowerCase() + name.slice(4) : name;
        return { of: isValidation(name) ? validation : train, tag: `epoch_${own}`, value };
      });
      for (const file of [train, validation]) {
        const own = tagged.filter(({ of }) => of === file).map(({ tag, value }) => [tag, value] as const);
        const rate = file === train ? { epoch_learning_rate: training.learningRate } : {};
        const values = { ...Object.fromEntries(own), ...rate };
        if (Object.keys(values).length > 0) await file.scalars(values, epoch);
      }
      if (histogramEvery === 0 || epoch % histogramEvery !== 0) return;
      for (const [path, values] of Object.entries(training.model.getWeights()))
        await train.histogram(path, values, epoch);
    },
  };
}

/** The network's layers; of one with functions that no file can hold, their names in order. */
function layersOf(network: Network): NetworkConfig {
  try {
    return network.toConfig();
  } catch (error) {
    if (!(error instanceof DescentError)) throw error;
    const names = network.layers.map(({ path }) => path);
    const layers = names.map((name, i) => ({
      name,
      kind: "layer",
      options: {},
      calls: i > 0 ? [[names[i - 1] as string]] : [],
    }));
    return { name: network.name, layers, inputs: [], outputs: [] };
  }
}

/** A table as TensorBoard's texts show it. */
function table(values: Readonly<Record<string, string | number | boolean>>): string {
  const rows = Object.entries(values).map(([name, value]) => `| ${name} | ${String(value)} |`);
  return ["| name | value |", "| --- | --- |", ...rows].join("\n");
}

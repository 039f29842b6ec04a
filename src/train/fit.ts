import type { Network } from "../nn/index.ts";
import { fail } from "../util/index.ts";
import { strataOf } from "./balance.ts";
import { compileBatch, layoutOf } from "./batch-program.ts";
import { Batches } from "./batches.ts";
import { cutDataset, type Data, type Dataset, readDataset } from "./dataset.ts";
import { explainLoss } from "./diagnose.ts";
import { evaluationBatch, prepareEvaluation } from "./evaluate.ts";
import { Events } from "./events.ts";
import { type FitSettings, validationFrom } from "./fit-options.ts";
import type { History } from "./history.ts";
import { onInterrupt } from "./interrupt.ts";
import { type StepParts, train, trainingStep } from "./loop.ts";
import type { Objective } from "./objective.ts";
import { progress } from "./progress.ts";
import { Run } from "./run.ts";
import { Scorer } from "./scorer.ts";
import { checkStopWhen } from "./stop.ts";
import { standardTerminal } from "./terminal.ts";
import { programsFor, type Trainer } from "./trainer.ts";
import { validationName } from "./values.ts";

/** What `fit` needs of the model. */
export interface FitSubject {
  readonly network: Network;
  readonly objective: Objective;
  /** Makes the model ready to train on so many samples in all (epochs counted), on the engine that suits that. */
  readonly prepare: (samples: number) => Promise<{ readonly trainer: Trainer; readonly reason: string }>;
  /** Saves the model; for Ctrl-C. */
  readonly save: (folder: string) => Promise<void>;
}

/** Checks everything, compiles everything, trains, and tells what came of it. */
export async function runFit(subject: FitSubject, x: Data, y: Data, settings: FitSettings): Promise<History> {
  const { network, objective } = subject;
  const data = await trainingData(subject, x, y, settings);
  const epochs = Math.max(0, settings.epochs - settings.initialEpoch);
  const { trainer, reason: engineReason } = await subject.prepare(epochs * data.training.rows);
  const events = new Events(callbacksOf(settings));
  const session = await profileSession(settings);
  const checkpointer = await checkpointerOf(data, settings);
  const run = await prepareRun(data, events, settings);
  const started = performance.now();
  let firstStep = trainer.step;
  const remove = onInterrupt(() => run.interrupt());
  let keptIn: string | undefined;
  let savedTo: string | undefined;
  try {
    try {
      await events.trainBegin({ training: run });
      checkpointer?.restore(run);
      firstStep = trainer.step;
      await train(run);
      keptIn = await checkpointer?.finish(run);
    } catch (error) {
      run.stop("error");
      throw error;
    } finally {
      await checkpointer?.idle();
      await events.trainEnd({ training: run, reason: run.reason });
    }
    if (run.interrupted && keptIn) savedTo = tellKept(keptIn, settings);
    if (run.interrupted && (!keptIn || settings.saveTo)) savedTo = await saveInterrupted(subject, settings);
  } finally {
    remove();
  }
  const seconds = (performance.now() - started) / 1000;
  return {
    history: run.chronicle.history,
    epochs: run.chronicle.epochs,
    steps: trainer.step - firstStep,
    seconds,
    engine: trainer.memory.engine.name,
    reason: run.reason,
    interrupted: run.interrupted,
    savedTo,
    profile: await session?.finish(),
  };

  async function profileSession({ profile }: FitSettings) {
    if (!profile) return undefined;
    const { ProfileSession } = await import("./profile/session.ts");
    return ProfileSession.open(trainer, profile);
  }

  async function checkpointerOf({ training, validation }: TrainingData, settings: FitSettings) {
    const { checkpoint, seed, shuffle, terminal, batchSize } = settings;
    if (!checkpoint) return undefined;
    const paper = terminal ?? standardTerminal();
    const [{ Checkpointer }, { digestOf }] = await Promise.all([
      import("./checkpoint/checkpointer.ts"),
      import("./checkpoint/digest.ts"),
    ]);
    return Checkpointer.open(checkpoint, {
      network,
      objective,
      trainer,
      callbacks: settings.callbacks,
      say: (line) => {
        if (settings.verbose !== 0) paper.write(`${line}\n`);
      },
      warn: (line) => paper.write(`${line}\n`),
      settings: {
        seed,
        shuffle,
        batchSize: batchSizeFor(objective, training.rows, batchSize),
        samples: training.rows,
        validationSamples: validation?.rows ?? 0,
        data: digestOf(columnsOf(training)),
        optimizer: objective.optimizer.kind,
        metrics: new Scorer(objective.heads, targetShapesOf(training), network.lossTerms).names.slice(),
      },
    });
  }

  function callbacksOf({ verbose, callbacks, terminal }: FitSettings) {
    return verbose === 0 ? callbacks : [progress(terminal ?? standardTerminal(), verbose), ...callbacks];
  }

  async function prepareRun({ training, validation }: TrainingData, events: Events, settings: FitSettings) {
    const { memory, cache } = trainer;
    const scorer = new Scorer(objective.heads, targetShapesOf(training), network.lossTerms);
    const known = validation ? [...scorer.names, ...scorer.names.map(validationName)] : scorer.names;
    checkStopWhen(settings.stopWhen, known);

    const columns = columnsOf(training);
    const layout = layoutOf(training.inputs, training.targets, training.weight);
    const batchSize = batchSizeFor(objective, training.rows, settings.batchSize);
    const strata = settings.balanceClasses ? strataOf(training.targets, objective.heads) : undefined;
    const plain = new Batches(columns, training.rows, batchSize, strata);
    const { augment, accumulate, recompute } = settings;
    const parts: StepParts = { network, optimizer: objective.optimizer, scorer, augment, accumulate, recompute };
    if (accumulate > 1) scorer.checkUncoupled();
    const way = `train${accumulate > 1 ? ` in ${accumulate} parts` : ""}${recompute > 0 ? `, ${recompute} again` : ""}`;
    // Only steps of full batches are profiled.
    const profiled = (size: number) => session !== undefined && size === plain.sizeOf(0);
    const [programs, evaluation] = await Promise.all([
      programsFor(plain, (size) =>
        cache.get(`${way}${profiled(size) ? ", profiled" : ""}`, layout, size, augment, () =>
          compileBatch("train", network, memory, layout, size, true, trainingStep(parts), profiled(size)),
        ),
      ),
      validation &&
        prepareEvaluation(
          trainer,
          objective.heads,
          validation,
          settings.validationBatchSize ?? evaluationBatch(validation.rows),
        ),
    ]);
    const { batches, full, last } = session ? session.watch(plain, programs) : { batches: plain, ...programs };
    const run: Run = new Run({
      model: network,
      trainer,
      engineReason,
      batches,
      full,
      last,
      scorer,
      events,
      epochs: settings.epochs,
      initialEpoch: settings.initialEpoch,
      seed: settings.seed,
      shuffle: settings.shuffle,
      stopWhen: settings.stopWhen,
      checkpoints: checkpointer,
      validationSamples: validation?.rows ?? 0,
      validate: evaluation && (() => evaluation.measure(() => run.interrupted)),
      explain: ({ step, epoch, event, learningRate }, program) =>
        explainLoss(trainer, parts, layout, program, {
          step: step + 1,
          epoch: epoch + 1,
          loss: event.loss,
          learningRate,
        }),
    });
    return run;
  }
}

const columnsOf = ({ inputs, targets, weight }: Dataset) => [...inputs, ...targets, ...(weight ? [weight] : [])];

const targetShapesOf = ({ targets }: Dataset) => targets.map(({ rowShape }) => rowShape);

interface TrainingData {
  readonly training: Dataset;
  readonly validation: Dataset | undefined;
}

async function trainingData(subject: FitSubject, x: Data, y: Data, settings: FitSettings): Promise<TrainingData> {
  const { network, objective } = subject;
  const { heads } = objective;
  const { sampleWeight, classWeight, validationSplit, validationData } = settings;
  const { parameters, frozen } = network.lengths;
  if (parameters === 0 && frozen > 0) {
    fail("all layers of this model are frozen", "one that is trained", "set its trainable to true and compile again");
  }
  if (parameters === 0) fail("this model has no trainable weights", "a layer with weights, such as dense");
  const all = await readDataset(network, heads, x, y, { sampleWeight, classWeight });
  if (validationSplit > 0) {
    const [training, validation] = cutDataset(all, validationSplit);
    return { training, validation };
  }
  if (!validationData) return { training: all, validation: undefined };
  const given = validationFrom(validationData);
  const weighting = { sampleWeight: given.sampleWeight };
  return { training: all, validation: await readDataset(network, heads, given.x, given.y, weighting, "validation ") };
}

function batchSizeFor({ optimizer }: Objective, rows: number, asked: number | undefined): number {
  if (optimizer.fullBatch && asked !== undefined && asked < rows) {
    fail(
      `fit got batchSize ${asked} for ${optimizer.kind}, which uses all ${rows} samples in every step`,
      "no batchSize",
      'leave batchSize out, or train in batches with the optimizer "sgd"',
    );
  }
  return Math.min(rows, optimizer.fullBatch ? rows : (asked ?? defaultBatch));
}

/** Keras's. */
const defaultBatch = 32;

function tellKept(path: string, settings: FitSettings): string {
  const terminal = settings.terminal ?? standardTerminal();
  terminal.write(`Interrupted: kept in ${path}; go on with checkpoint: { folder, resume: true }\n`);
  return path;
}

/** Saves what Ctrl-C interrupted and says where; a failure is told too, since the weights are still there. */
async function saveInterrupted(subject: FitSubject, settings: FitSettings): Promise<string | undefined> {
  const terminal = settings.terminal ?? standardTerminal();
  const time = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
  const folder = settings.saveTo ?? `descent-interrupted-${time}`;
  try {
    await subject.save(folder);
    terminal.write(`Interrupted: saved to ${folder}; go on with loadModel("${folder}")\n`);
    return folder;
  } catch (error) {
    terminal.write(`Interrupted, and not saved: ${error instanceof Error ? error.message : String(error)}\n`);
    return undefined;
  }
}

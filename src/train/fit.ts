import type { Dataset } from "../data/index.ts";
import type { Network } from "../nn/index.ts";
import { fail, hasNode } from "../util/index.ts";
import { arraySources } from "./array-source.ts";
import { type BatchProgram, compileBatch } from "./batch-program.ts";
import type { Checkpointer } from "./checkpoint/checkpointer.ts";
import type { Data } from "./dataset.ts";
import { explainLoss } from "./diagnose.ts";
import { Events } from "./events.ts";
import { type FitSettings, isDataset } from "./fit-options.ts";
import type { History } from "./history.ts";
import { onInterrupt } from "./interrupt.ts";
import { type StepParts, train, trainingStep } from "./loop.ts";
import type { Objective } from "./objective.ts";
import type { ProfileSession } from "./profile/session.ts";
import { Run } from "./run.ts";
import { Scorer } from "./scorer.ts";
import type { FitSources } from "./source.ts";
import { withStatesApart } from "./states.ts";
import { checkStopWhen } from "./stop.ts";
import { standardTerminal } from "./terminal.ts";
import type { Trainer } from "./trainer.ts";
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

/** What the engine is chosen by where nobody knows how many samples there are. */
const MANY = 100_000;

/** What is done at Ctrl-C; of no use in browsers. */
const interrupted = () => import("./interrupted.ts");

/** Checks everything, compiles everything, trains, and tells what came of it. */
export async function runFit(
  subject: FitSubject,
  x: Data | Dataset,
  y: Data | undefined,
  settings: FitSettings,
): Promise<History> {
  const { network, objective } = subject;
  const data = await sourcesFor(subject, x, y, settings);
  const epochs = Math.max(0, settings.epochs - settings.initialEpoch);
  const { trainer, reason: engineReason } = await subject.prepare(epochs * (data.training.rows ?? MANY));
  let run: Run | undefined;
  let leave: (nothing: undefined) => void;
  const left = new Promise<undefined>((resolve) => {
    leave = resolve;
  });
  const remove = onInterrupt(() => {
    run?.interrupt();
    leave(undefined);
  });
  // Loaded before it is needed: Ctrl-C also ends what a TypeScript program is translated by.
  if (hasNode()) interrupted().catch(() => undefined);
  try {
    const events = new Events(await callbacksOf(settings));
    const session = await profileSession(settings);
    const checkpointer = await checkpointerOf(data, settings);
    const preparing = prepareRun(data, events, settings, session, checkpointer);
    run = await Promise.race([preparing, left]); // compiling may take long
    if (!run) {
      preparing.then(({ feed }) => feed.close()).catch(() => undefined);
      return (await interrupted()).untrained(trainer, settings);
    }
    const begun = performance.now();
    let firstStep = trainer.step;
    let keptIn: string | undefined;
    let savedTo: string | undefined;
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
      await run.feed.close();
      await events.trainEnd({ training: run, reason: run.reason });
    }
    if (run.interrupted) savedTo = await (await interrupted()).keep(subject.save, settings, keptIn);
    return {
      history: run.chronicle.history,
      epochs: run.chronicle.epochs,
      steps: trainer.step - firstStep,
      seconds: (performance.now() - begun) / 1000,
      waiting: run.waiting,
      engine: trainer.memory.engine.name,
      reason: run.reason,
      interrupted: run.interrupted,
      savedTo,
      profile: await session?.finish(),
    };
  } finally {
    remove();
  }

  async function profileSession({ profile }: FitSettings) {
    if (!profile) return undefined;
    const { ProfileSession } = await import("./profile/session.ts");
    return ProfileSession.open(trainer, profile);
  }

  async function checkpointerOf({ training, validation }: FitSources, settings: FitSettings) {
    const { checkpoint, seed, shuffle, terminal } = settings;
    if (!checkpoint) return undefined;
    const paper = terminal ?? standardTerminal();
    const { Checkpointer } = await import("./checkpoint/checkpointer.ts");
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
        batchSize: training.batchSize,
        samples: training.rows ?? 0,
        validationSamples: validation?.rows ?? 0,
        data: await training.digest(),
        optimizer: objective.optimizer.kind,
        metrics: new Scorer(objective.heads, training.targetShapes, network.lossTerms).names.slice(),
      },
    });
  }

  async function callbacksOf({ verbose, callbacks, terminal }: FitSettings) {
    if (verbose === 0) return callbacks;
    const { progress } = await import("./progress.ts");
    return [progress(terminal ?? standardTerminal(), verbose), ...callbacks];
  }

  async function prepareRun(
    { training, validation }: FitSources,
    events: Events,
    settings: FitSettings,
    session: ProfileSession | undefined,
    checkpointer: Checkpointer | undefined,
  ) {
    const { memory, cache } = trainer;
    const { layout, batchSize } = training;
    const scorer = new Scorer(objective.heads, training.targetShapes, network.lossTerms);
    const known = validation ? [...scorer.names, ...scorer.names.map(validationName)] : scorer.names;
    checkStopWhen(settings.stopWhen, known);

    // A profile is of single steps.
    const stepsPerCall = session ? 1 : (settings.stepsPerCall ?? (events.wantsEachStep ? 1 : undefined));
    const { augment, accumulate, recompute } = settings;
    const parts: StepParts = { network, optimizer: objective.optimizer, scorer, augment, accumulate, recompute };
    if (accumulate > 1) scorer.checkUncoupled();
    const way = `train${accumulate > 1 ? ` in ${accumulate} parts` : ""}${recompute > 0 ? `, ${recompute} again` : ""}`;
    // Only steps of full batches are profiled.
    const profiled = (size: number) => session !== undefined && size === batchSize;
    const programFor = async (size: number) => {
      const program = await cache.get(`${way}${profiled(size) ? ", profiled" : ""}`, layout, size, augment, () =>
        compileBatch("train", network, memory, layout, size, true, trainingStep(parts), profiled(size)),
      );
      return withSeed(program, settings.seed);
    };
    const [{ feed, full }, evaluation] = await Promise.all([
      training.feed(programFor, stepsPerCall),
      validation?.evaluation(trainer),
    ]);
    const run: Run = new Run({
      model: network,
      trainer,
      engineReason,
      feed: session ? session.watch(feed, full) : feed,
      scorer,
      events,
      epochs: settings.epochs,
      initialEpoch: settings.initialEpoch,
      stopWhen: settings.stopWhen,
      checkpoints: checkpointer,
      validationSamples: () => validation?.rows ?? 0,
      validate: evaluation && (() => withStatesApart(network, () => evaluation.measure(() => run.interrupted))),
      explain: ({ step, epoch, event, learningRate }, program) =>
        explainLoss(trainer, parts, layout, program, {
          step: step + 1,
          epoch: epoch + 1,
          loss: event.loss,
          learningRate,
        }),
    });
    // What came meanwhile is heard before the first step: after the second turn, Node has looked for signals.
    await run.pace.rest();
    await run.pace.rest();
    return run;
  }
}

/** A program that draws its random numbers from a seed. */
function withSeed(program: BatchProgram, seed: number): BatchProgram {
  program.control[0] = seed >>> 0;
  program.control[1] = Math.floor(seed / 4294967296) >>> 0;
  return program;
}

async function sourcesFor(
  { network, objective }: FitSubject,
  x: Data | Dataset,
  y: Data | undefined,
  settings: FitSettings,
): Promise<FitSources> {
  const { parameters, frozen } = network.lengths;
  if (parameters === 0 && frozen > 0) {
    fail("all layers of this model are frozen", "one that is trained", "set its trainable to true and compile again");
  }
  if (parameters === 0) fail("this model has no trainable weights", "a layer with weights, such as dense");
  if (!isDataset(x)) {
    if (settings.stepsPerEpoch === undefined) return arraySources(network, objective, x, y as Data, settings);
    fail("fit got stepsPerEpoch and arrays", "a dataset", "fromArrays({ x, y }).shuffle() is one of them");
  }
  return (await import("./stream/source.ts")).streamSources(network, objective, x, settings);
}

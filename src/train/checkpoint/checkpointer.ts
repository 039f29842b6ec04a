import type { Network } from "../../nn/index.ts";
import { DescentError, decodeSafetensors, encodeSafetensors, fail, type SavedTensor } from "../../util/index.ts";
import type { Callback } from "../callback.ts";
import { directionOf } from "../monitor.ts";
import type { Objective } from "../objective.ts";
import type { Checkpoints, Run } from "../run.ts";
import { reason } from "../save/file-error.ts";
import { slotsFor, valuesFor } from "../save/flat-tensors.ts";
import { libraryVersion, OPTIMIZER, WEIGHTS } from "../save/format.ts";
import type { ModelPart } from "../save/place.ts";
import { saveModel, snapshot } from "../save/save.ts";
import type { Trainer } from "../trainer.ts";
import type { Logs } from "../values.ts";
import { CheckpointFolder, type WholeCheckpoint } from "./folder.ts";
import type { CheckpointSettings } from "./options.ts";
import type { CheckpointRecord, RunSettings } from "./record.ts";

/** What callbacks remember of the weights. */
const CALLBACKS = "callbacks.safetensors";

/** What a checkpoint is taken of. */
export interface CheckpointSubject {
  readonly network: Network;
  readonly objective: Objective;
  readonly trainer: Trainer;
  readonly callbacks: readonly Callback[];
  readonly settings: RunSettings;
  /** Shows a line, unless the user wants silence. */
  readonly say: (line: string) => void;
  /** Shows a line about something that went wrong. */
  readonly warn: (line: string) => void;
}

/** Everything of a checkpoint, copied: training goes on while it is written. */
interface Taken {
  readonly record: Omit<CheckpointRecord, "files">;
  readonly parts: () => Promise<readonly ModelPart[]>;
}

/** Writes checkpoints of a training beside it, keeps those that the settings want, and takes up the newest. */
export class Checkpointer implements Checkpoints {
  private readonly folder: CheckpointFolder;
  private found: WholeCheckpoint | undefined;
  private writing: Promise<void> | undefined;
  private lastStep = 0;
  private lastEpoch = 0;
  private lastTime = performance.now();
  private overdue = false;
  private newestPath: string | undefined;
  private writtenStep = -1;
  /** The best score of those kept. */
  private best: number | undefined;

  private constructor(
    private readonly options: CheckpointSettings,
    private readonly subject: CheckpointSubject,
  ) {
    this.folder = new CheckpointFolder(options.folder);
  }

  /**
   * Opens the folder and looks for the checkpoint to go on from.
   *
   * @throws DescentError when it cannot be written, holds checkpoints that nobody asked to go on from, or ones of another training.
   */
  static async open(options: CheckpointSettings, subject: CheckpointSubject): Promise<Checkpointer> {
    const checkpointer = new Checkpointer(options, subject);
    const { folder } = checkpointer;
    await folder.open();
    const names = await folder.names();
    if (!options.resume && names.length > 0) {
      fail(
        `${options.folder} holds ${names.length} checkpoint${names.length > 1 ? "s" : ""} of an earlier training`,
        "an empty folder, or resume: true to go on from the newest",
      );
    }
    checkpointer.found = await folder.newest((words) => subject.warn(`Not whole, left out: ${words}`));
    const { found } = checkpointer;
    if (found) {
      checkSame(found, subject.settings);
      const [step, epoch] = [found.record.step, found.record.epoch + 1];
      subject.say(`Going on from ${found.path}: ${step} steps done, epoch ${epoch}`);
    }
    return checkpointer;
  }

  /** Puts everything back to where the checkpoint was taken; after `onTrainBegin`, since callbacks begin anew there. */
  restore(run: Run): void {
    if (!this.found) return;
    const { record, files, path } = this.found;
    const { network, trainer, callbacks } = this.subject;
    const tensors = (file: string) => {
      const data = files.get(file);
      return data ? decodeSafetensors(data, `${path}/${file}`) : new Map<string, SavedTensor>();
    };
    const slots = slotsFor(network, tensors(OPTIMIZER));
    const remembered = tensors(CALLBACKS);
    network.setWeights(valuesFor(network, tensors(WEIGHTS), `${path}/${WEIGHTS}`, (name) => name, true));
    trainer.takeUp({ step: record.step, learningRateFactor: record.learningRateFactor, slots });
    run.takeUp({ ...record, history: record.history as never });
    const keepers = callbacks.filter(remembers);
    if (keepers.map(({ name }) => name).join() !== record.callbacks.map(({ name }) => name).join()) {
      fail(
        `${path} was written with the callbacks [${record.callbacks.map(({ name }) => name).join(", ")}]`,
        `the same, not [${keepers.map(({ name }) => name).join(", ")}]`,
      );
    }
    keepers.forEach((callback, i) => {
      const prefix = `${i}/`;
      const own = [...remembered].filter(([name]) => name.startsWith(prefix));
      callback.restoreState({
        values: record.callbacks[i]?.values,
        arrays: Object.fromEntries(own.map(([name, { data }]) => [name.slice(prefix.length), data])),
      });
    });
    [this.lastStep, this.lastEpoch, this.newestPath] = [record.step, record.epoch, path];
  }

  stepsLeft(run: Run): number {
    const { steps } = this.options.every;
    if (steps === undefined || this.overdue) return Number.POSITIVE_INFINITY;
    return Math.max(1, this.lastStep + steps - run.step);
  }

  stepEnd(run: Run): void {
    const { steps, minutes } = this.options.every;
    this.overdue ||=
      (steps !== undefined && run.step - this.lastStep >= steps) ||
      (minutes !== undefined && performance.now() - this.lastTime >= minutes * 60_000);
    if (this.overdue && !this.writing && !run.stopped)
      this.begin(this.take(run, run.epoch, run.stepInEpoch, undefined));
  }

  epochEnd(run: Run, epoch: number, logs: Logs): Promise<void> | undefined {
    const { epochs } = this.options.every;
    const score = this.scoreOf(logs, epoch);
    const due = epochs !== undefined && epoch + 1 - this.lastEpoch >= epochs;
    if (!due && !this.overdue && !this.isBetter(score)) return undefined;
    return this.settled(() => this.begin(this.take(run, epoch + 1, 0, score)));
  }

  /** Waits for what is being written, and writes where the training ended: its path, or undefined when that failed. */
  async finish(run: Run): Promise<string | undefined> {
    const ended = run.interrupted ? [run.epoch, run.stepInEpoch] : [run.epochs, 0];
    const [epoch = 0, stepInEpoch = 0] = ended;
    await this.settled(() => undefined);
    if (run.interrupted || this.writtenStep !== run.step) {
      this.begin(this.take(run, epoch, stepInEpoch, undefined));
      await this.writing;
    }
    return this.writtenStep === run.step ? this.newestPath : undefined;
  }

  /** Waits for what is being written. */
  async idle(): Promise<void> {
    await this.writing;
  }

  private isBetter(score: number | null): boolean {
    if (score === null || this.options.best === 0) return false;
    return this.best === undefined || this.compare(score, this.best) < 0;
  }

  /** Below zero when score a is better than b. */
  private compare(a: number, b: number): number {
    return directionOf(this.monitor, this.options.mode) === "max" ? b - a : a - b;
  }

  private get monitor(): string {
    return this.options.monitor ?? (this.subject.settings.validationSamples > 0 ? "valLoss" : "loss");
  }

  private scoreOf(logs: Logs, epoch: number): number | null {
    const value = logs[this.monitor];
    if (typeof value === "number") return value;
    fail(
      `checkpoint: after epoch ${epoch + 1} there is no number "${this.monitor}"`,
      `one of ${Object.keys(logs).join(", ")}`,
    );
  }

  /** Runs `then` when nothing is being written; at once if so. */
  private settled(then: () => void): Promise<void> | undefined {
    if (this.writing) return this.writing.then(then);
    then();
    return undefined;
  }

  private take(run: Run, epoch: number, stepInEpoch: number, score: number | null | undefined): Taken {
    const { network, objective, trainer, callbacks, settings } = this.subject;
    const taken = snapshot(network, trainer.state);
    const states = callbacks.filter(remembers).map((callback) => ({ name: callback.name, ...callback.saveState() }));
    const arrays = new Map<string, SavedTensor>();
    states.forEach(({ arrays: own = {} }, i) => {
      for (const [name, data] of Object.entries(own)) {
        arrays.set(`${i}/${name}`, { shape: [data.length], data: Float32Array.from(data) });
      }
    });
    const record: Taken["record"] = {
      format: "descent-checkpoint",
      formatVersion: 1,
      library: libraryVersion,
      engine: trainer.memory.engine.name,
      settings,
      epoch,
      stepInEpoch,
      ...run.standing(),
      ...(stepInEpoch === 0 && !run.feed.continues && { position: null }),
      score: score ?? null,
      learningRateFactor: trainer.learningRateFactor,
      callbacks: states.map(({ name, values }) => ({ name, values: structuredClone(values) })),
    };
    const parts = async () => [
      ...(await modelParts(network, objective, taken)),
      ...(arrays.size > 0 ? [{ name: CALLBACKS, data: encodeSafetensors(arrays) }] : []),
    ];
    [this.lastStep, this.lastTime, this.overdue] = [run.step, performance.now(), false];
    if (stepInEpoch === 0) this.lastEpoch = epoch;
    return { record, parts };
  }

  /** Writes in the background. A disk that is full is told, and the training goes on with the checkpoints there are. */
  private begin({ record, parts }: Taken): void {
    this.writing = (async () => {
      try {
        this.newestPath = await this.folder.write(record, await parts());
        this.writtenStep = record.step;
        await this.prune();
      } catch (error) {
        const kept = this.newestPath ? `${this.newestPath} stays the newest` : "there is none yet";
        this.subject.warn(`No checkpoint at step ${record.step}: ${reason(error)}; ${kept}`);
      } finally {
        this.writing = undefined;
      }
    })();
  }

  /** Removes what the settings don't keep. */
  private async prune(): Promise<void> {
    const { last, best } = this.options;
    const names = await this.folder.names();
    const records = await Promise.all(names.map(async (name) => ({ name, record: await this.folder.recordOf(name) })));
    const scored = records
      .flatMap(({ name, record }) => (record && record.score !== null ? [{ name, score: record.score }] : []))
      .sort((a, b) => this.compare(a.score, b.score));
    this.best = scored[0]?.score;
    const kept = new Set([...names.slice(-last), ...scored.slice(0, best).map(({ name }) => name)]);
    for (const name of names) if (!kept.has(name)) await this.folder.remove(name);
  }
}

type Keeper = Callback & { readonly name: string } & Required<Pick<Callback, "saveState" | "restoreState">>;

function remembers(callback: Callback): callback is Keeper {
  return callback.saveState !== undefined && callback.restoreState !== undefined && callback.name !== undefined;
}

/** The files of the model itself; of one with functions that no file can hold, its weights and the optimizer's slots. */
async function modelParts(
  network: Network,
  objective: Objective,
  taken: ReturnType<typeof snapshot>,
): Promise<readonly ModelPart[]> {
  const encoded = (name: string, tensors: ReadonlyMap<string, SavedTensor>): ModelPart[] =>
    tensors.size > 0 ? [{ name, data: encodeSafetensors(tensors, { format: "descent" }) }] : [];
  const parts: ModelPart[] = [];
  try {
    const target = { write: async (files: readonly ModelPart[]) => void parts.push(...files) };
    await saveModel(target, network, objective, taken, { preprocessing: null, labels: null });
  } catch (error) {
    if (!(error instanceof DescentError)) throw error;
    parts.push(...encoded(WEIGHTS, taken.weights));
  }
  const hasSlots = parts.some(({ name }) => name === OPTIMIZER);
  return hasSlots ? parts : [...parts, ...encoded(OPTIMIZER, taken.optimizer)];
}

/** Refuses to go on with another training than the one that the checkpoint is of. */
function checkSame({ path, record }: WholeCheckpoint, now: RunSettings): void {
  for (const name of Object.keys(now) as (keyof RunSettings)[]) {
    const [before, after] = [record.settings[name], now[name]].map((value) => JSON.stringify(value));
    if (before === after) continue;
    const what = name === "data" ? "other training data" : `${name} ${before}`;
    fail(
      `${path} is of a training with ${what}`,
      name === "data" ? "the same samples and targets" : `the same, not ${after}`,
      "train in another folder, or begin from its weights with loadModel",
    );
  }
}

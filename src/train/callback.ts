import type { Network } from "../nn/index.ts";
import type { Logs } from "./values.ts";

/** A training under way, as callbacks see and steer it. */
export interface Training {
  readonly model: Network;
  /** Name of the engine that computes, and why it was chosen. */
  readonly engine: string;
  readonly engineReason: string;
  /** Samples per epoch; undefined while nobody knows. */
  readonly samples: number | undefined;
  readonly validationSamples: number;
  readonly batchSize: number;
  /** Undefined while nobody knows. */
  readonly stepsPerEpoch: number | undefined;
  /** Seconds that the steps so far have waited for data. */
  readonly waiting: number;
  /** Epochs asked for. */
  readonly epochs: number;
  /** The present epoch, counted from 0. */
  readonly epoch: number;
  /** Steps done in the present epoch. */
  readonly stepInEpoch: number;
  /** Updates done since the model was compiled. */
  readonly step: number;
  /** Whether it goes on from a checkpoint; known from the first `onEpochBegin` on. */
  readonly resumed: boolean;
  /** Learning rate of the next update. */
  readonly learningRate: number;
  /** Multiplies the learning rate, and whatever its schedule says later, by `factor`. */
  scaleLearningRate(factor: number): void;
  /** Ends the training after the present step; `reason` appears in the history. */
  stop(reason: string): void;
  /** Loss and metrics over the samples seen so far in the present epoch. */
  runningLogs(): Logs;
  /** A copy of all weights, to be given to {@link Training.setWeights}. */
  copyWeights(): WeightsCopy;
  setWeights(copy: WeightsCopy): void;
}

/** All weights of a model at one moment. */
export interface WeightsCopy {
  readonly parameters: Float32Array;
  readonly moving: Float32Array;
}

/** After an update. The same object is used for every step: copy what you keep. */
export interface StepEvent {
  readonly training: Training;
  /** The epoch, counted from 0. */
  epoch: number;
  /** Updates done since the model was compiled. */
  step: number;
  /** The loss of this batch, before the update: its mean over the samples. */
  loss: number;
  /** Samples in this batch. */
  size: number;
}

/** What a callback remembers between events. */
export interface CallbackState {
  /** Plain data, as JSON holds it; any number. */
  readonly values: unknown;
  readonly arrays?: Readonly<Record<string, Float32Array>> | undefined;
}

/** Before and after an epoch. */
export interface EpochEvent {
  readonly training: Training;
  /** The epoch, counted from 0. */
  readonly epoch: number;
}

/** After an epoch and its validation. */
export interface EpochEndEvent extends EpochEvent {
  readonly logs: Logs;
  /** Seconds that the epoch took, without validation. */
  readonly seconds: number;
}

/** Before and after the training. */
export interface TrainEvent {
  readonly training: Training;
}

/** After the training. */
export interface TrainEndEvent extends TrainEvent {
  /** Why it ended: "epochs", what `stopWhen` said, what a callback said, or "interrupted". */
  readonly reason: string;
}

/**
 * Code that runs at the events of a training. All methods are optional; a promise is waited for.
 *
 * @example
 * const printer: Callback = { onEpochEnd: ({ epoch, logs }) => console.log(epoch, logs["loss"]) };
 * await model.fit(x, y, { callbacks: [printer] });
 */
export interface Callback {
  /** Needed with `saveState`: tells in a checkpoint whose state it is. */
  readonly name?: string;
  /** What it remembers, for a checkpoint. */
  saveState?(): CallbackState;
  /** Takes up what `saveState` gave; called after `onTrainBegin` of a training that goes on from a checkpoint. */
  restoreState?(state: CallbackState): void;
  onTrainBegin?(event: TrainEvent): void | Promise<void>;
  onEpochBegin?(event: EpochEvent): void | Promise<void>;
  /**
   * Whether `onStepEnd` may be told of steps late, several at a time and in their order, when the weights have gone on: for callbacks that only take
   * notes. `fit` then does many short steps in one call. Default false.
   */
  readonly lateSteps?: boolean | undefined;
  /** Called very often: keep it short. */
  onStepEnd?(event: Readonly<StepEvent>): void | Promise<void>;
  /** The steps of the epoch are done and its validation begins. */
  onValidationBegin?(event: EpochEvent): void | Promise<void>;
  onEpochEnd?(event: EpochEndEvent): void | Promise<void>;
  /** Also called when the training fails or is interrupted. */
  onTrainEnd?(event: TrainEndEvent): void | Promise<void>;
}

/** Names of all events. */
export const eventNames = [
  "onTrainBegin",
  "onEpochBegin",
  "onStepEnd",
  "onValidationBegin",
  "onEpochEnd",
  "onTrainEnd",
] as const satisfies readonly (keyof Callback)[];

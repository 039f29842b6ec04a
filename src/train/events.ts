import { fail, show, unknownName } from "../util/index.ts";
import {
  type Callback,
  type EpochEndEvent,
  type EpochEvent,
  eventNames,
  type StepEvent,
  type TrainEndEvent,
  type TrainEvent,
} from "./callback.ts";

/** Tells callbacks, in their order, what happens. */
export class Events {
  private readonly stepListeners: readonly Callback[];

  constructor(private readonly callbacks: readonly Callback[]) {
    this.stepListeners = callbacks.filter((callback) => callback.onStepEnd);
  }

  /** Whether somebody wants to hear of every step before the next one is done. */
  get wantsEachStep(): boolean {
    return this.stepListeners.some((callback) => !callback.lateSteps);
  }

  async trainBegin(event: TrainEvent): Promise<void> {
    for (const callback of this.callbacks) await callback.onTrainBegin?.(event);
  }

  async epochBegin(event: EpochEvent): Promise<void> {
    for (const callback of this.callbacks) await callback.onEpochBegin?.(event);
  }

  /** Undefined when nobody has to be waited for. */
  stepEnd(event: StepEvent): Promise<void> | undefined {
    let waiting: Promise<void> | undefined;
    for (const callback of this.stepListeners) {
      if (waiting) waiting = waiting.then(() => callback.onStepEnd?.(event));
      else waiting = callback.onStepEnd?.(event) ?? undefined;
    }
    return waiting;
  }

  async validationBegin(event: EpochEvent): Promise<void> {
    for (const callback of this.callbacks) await callback.onValidationBegin?.(event);
  }

  async epochEnd(event: EpochEndEvent): Promise<void> {
    for (const callback of this.callbacks) await callback.onEpochEnd?.(event);
  }

  async trainEnd(event: TrainEndEvent): Promise<void> {
    for (const callback of this.callbacks) await callback.onTrainEnd?.(event);
  }
}

/** Refuses what is no callback, naming a mistyped event's nearest known one. */
export function checkCallback(callback: Callback, i: number): void {
  if (typeof callback !== "object" || callback === null) {
    fail(`callbacks[${i}] is ${show(callback)}`, "an object with methods such as onEpochEnd");
  }
  for (const name of Object.keys(callback)) {
    if (/^on[A-Z]/.test(name) && !(eventNames as readonly string[]).includes(name)) {
      unknownName("event of a callback:", name, eventNames);
    }
  }
}

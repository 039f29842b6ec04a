import type { Profile } from "./profile/profile.ts";
import type { Logs, MetricValue } from "./values.ts";

/** The values of all epochs by name; those of the validation data begin with "val", as "valLoss". */
export interface HistoryRecord {
  readonly loss: readonly number[];
  readonly [name: string]: readonly MetricValue[];
}

/** What a training came to. */
export interface History {
  /** Every value of every epoch: `history.history.loss[3]` is the loss of the fourth (Keras's name). */
  readonly history: HistoryRecord;
  /** The epochs completed, counted from 0. */
  readonly epochs: readonly number[];
  /** Updates done. */
  readonly steps: number;
  readonly seconds: number;
  /** Seconds of these that steps waited for data; 0 for arrays in memory. */
  readonly waiting: number;
  /** Name of the engine that computed. */
  readonly engine: string;
  /** Why it ended: "epochs", what `stopWhen` or a callback said, or "interrupted". */
  readonly reason: string;
  /** True when Ctrl-C ended it. */
  readonly interrupted: boolean;
  /** The folder that Ctrl-C saved the model to. */
  readonly savedTo: string | undefined;
  /** Where the time of steps went, if `profile` was asked for and a step was done. `String(history.profile)` is a table. */
  readonly profile: Profile | undefined;
}

/** Collects the logs of the epochs. */
export class Chronicle {
  readonly epochs: number[] = [];
  readonly history: { loss: number[]; [name: string]: MetricValue[] } = { loss: [] };

  /** Everything so far, copied. */
  copy(): { epochs: number[]; values: Record<string, MetricValue[]> } {
    return structuredClone({ epochs: this.epochs, values: this.history });
  }

  restore({ epochs, values }: ReturnType<Chronicle["copy"]>): void {
    this.epochs.splice(0, this.epochs.length, ...epochs);
    Object.assign(this.history, values);
  }

  add(epoch: number, logs: Logs): void {
    this.epochs.push(epoch);
    for (const [name, value] of Object.entries(logs)) {
      this.history[name] ??= [];
      this.history[name].push(value);
    }
  }
}

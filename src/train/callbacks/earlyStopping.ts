import { checkOptions, fail } from "../../util/index.ts";
import type { Callback, WeightsCopy } from "../callback.ts";
import { directionOf, type MonitorMode, monitored } from "../monitor.ts";

/** Options of {@link earlyStopping}; the defaults are those of Keras's `EarlyStopping`. */
export interface EarlyStoppingOptions {
  /** The value watched; default "valLoss". */
  monitor?: string | undefined;
  /** Epochs without improvement after which training stops; default 0. */
  patience?: number | undefined;
  /** Smaller improvements do not count; default 0. */
  minDelta?: number | undefined;
  /** Default "auto": by the name. */
  mode?: MonitorMode | undefined;
  /** Put back the weights of the best epoch at the end; default false. */
  restoreBestWeights?: boolean | undefined;
  /** Epochs before watching begins; default 0. */
  startFromEpoch?: number | undefined;
}

/**
 * Stops the training when a value no longer improves.
 *
 * @throws DescentError after the first epoch when there is no such value.
 * @example
 * await model.fit(x, y, { validationSplit: 0.2, callbacks: [callbacks.earlyStopping({ patience: 5, restoreBestWeights: true })] });
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  const names = ["monitor", "patience", "minDelta", "mode", "restoreBestWeights", "startFromEpoch"];
  checkOptions("callbacks.earlyStopping", options, names);
  const { monitor = "valLoss", patience = 0, minDelta = 0, restoreBestWeights = false, startFromEpoch = 0 } = options;
  if (!(patience >= 0)) fail(`callbacks.earlyStopping: patience is ${patience}`, "a number of epochs, 0 or more");
  if (!(minDelta >= 0)) fail(`callbacks.earlyStopping: minDelta is ${minDelta}`, "0 or more");
  const sign = directionOf(monitor, options.mode) === "max" ? -1 : 1;

  let best = Number.POSITIVE_INFINITY;
  let bestEpoch = -1;
  let bestWeights: WeightsCopy | undefined;
  let waited = 0;
  return {
    name: "earlyStopping",
    saveState: () => ({ values: { best, bestEpoch, waited }, arrays: { ...bestWeights } }),
    restoreState({ values, arrays }) {
      ({ best, bestEpoch, waited } = values as { best: number; bestEpoch: number; waited: number });
      const { parameters, moving = new Float32Array(0) } = arrays ?? {};
      bestWeights = parameters && { parameters, moving };
    },
    onTrainBegin() {
      best = Number.POSITIVE_INFINITY;
      bestEpoch = -1;
      bestWeights = undefined;
      waited = 0;
    },
    onEpochEnd({ training, epoch, logs }) {
      const value = sign * monitored(logs, monitor, "callbacks.earlyStopping");
      if (epoch < startFromEpoch) return;
      if (value < best - minDelta || bestEpoch === -1) {
        best = value;
        bestEpoch = epoch;
        waited = 0;
        if (restoreBestWeights) bestWeights = training.copyWeights();
        return;
      }
      waited++;
      if (waited >= patience) training.stop(`${monitor} has not improved since epoch ${bestEpoch + 1}`);
    },
    onTrainEnd({ training }) {
      if (bestWeights) training.setWeights(bestWeights);
      bestWeights = undefined;
    },
  };
}

import { checkOptions, fail } from "../../util/index.ts";
import type { Callback } from "../callback.ts";
import { directionOf, type MonitorMode, monitored } from "../monitor.ts";

/** Options of {@link reduceLearningRateOnPlateau}; the defaults are those of Keras's `ReduceLROnPlateau`. */
export interface ReduceLearningRateOptions {
  /** The value watched; default "valLoss". */
  monitor?: string | undefined;
  /** What the learning rate is multiplied by; default 0.1. */
  factor?: number | undefined;
  /** Epochs without improvement after which it is; default 10. */
  patience?: number | undefined;
  /** Smaller improvements do not count; default 1e-4. */
  minDelta?: number | undefined;
  /** Default "auto": by the name. */
  mode?: MonitorMode | undefined;
  /** Epochs to wait after a reduction; default 0. */
  cooldown?: number | undefined;
  /** The learning rate never falls below this; default 0. */
  minLearningRate?: number | undefined;
}

/**
 * Lowers the learning rate (a schedule's as well: it is scaled) when a value no longer improves.
 *
 * @throws DescentError after the first epoch when there is no such value.
 * @example
 * await model.fit(x, y, { callbacks: [callbacks.reduceLearningRateOnPlateau({ monitor: "loss", patience: 3 })] });
 */
export function reduceLearningRateOnPlateau(options: ReduceLearningRateOptions = {}): Callback {
  const where = "callbacks.reduceLearningRateOnPlateau";
  const names = ["monitor", "factor", "patience", "minDelta", "mode", "cooldown", "minLearningRate"];
  checkOptions(where, options, names);
  const {
    monitor = "valLoss",
    factor = 0.1,
    patience = 10,
    minDelta = 1e-4,
    cooldown = 0,
    minLearningRate = 0,
  } = options;
  if (!(factor > 0 && factor < 1)) fail(`${where}: factor is ${factor}`, "a number between 0 and 1");
  if (!(patience >= 0)) fail(`${where}: patience is ${patience}`, "a number of epochs, 0 or more");
  const sign = directionOf(monitor, options.mode) === "max" ? -1 : 1;

  let best = Number.POSITIVE_INFINITY;
  let waited = 0;
  let cooling = 0;
  return {
    name: "reduceLearningRateOnPlateau",
    saveState: () => ({ values: { best, waited, cooling } }),
    restoreState({ values }) {
      ({ best, waited, cooling } = values as { best: number; waited: number; cooling: number });
    },
    onTrainBegin() {
      best = Number.POSITIVE_INFINITY;
      waited = 0;
      cooling = 0;
    },
    onEpochEnd({ training, logs }) {
      const value = sign * monitored(logs, monitor, where);
      if (cooling > 0) {
        cooling--;
        waited = 0;
      }
      if (value < best - minDelta) {
        best = value;
        waited = 0;
      } else if (cooling === 0) {
        waited++;
        const rate = training.learningRate;
        if (waited >= patience && rate > minLearningRate) {
          training.scaleLearningRate(Math.max(factor, minLearningRate / rate));
          cooling = cooldown;
          waited = 0;
        }
      }
    },
  };
}

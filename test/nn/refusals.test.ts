import { describe, expect, test } from "vitest";
import { losses, lossNames, metricNames, metrics } from "../../src/nn/index.ts";
import { optimizerNames, optimizers, scheduleNames, schedules, wrapperNames } from "../../src/optim/index.ts";
import { DescentError } from "../../src/util/index.ts";

type Factory = (options: object) => unknown;

/** The error of a factory's refusal; it has to be one for users. */
function refusal(factory: Factory, options: object): string {
  try {
    factory(options);
  } catch (error) {
    expect(error, String(error)).toBeInstanceOf(DescentError);
    return (error as Error).message;
  }
  return "";
}

/** What a factory needs to make anything at all. */
const NEEDED: Record<string, object> = {
  ...Object.fromEntries(wrapperNames.map((name) => [name, { optimizer: "adam" }])),
  gradientAccumulation: { optimizer: "adam", steps: 4 },
  layerLearningRates: { optimizer: "adam", rates: { dense: 0.5 } },
  exponentialDecay: { learningRate: 0.1, decaySteps: 10, decayRate: 0.5 },
  stepDecay: { learningRate: 0.1, decaySteps: 10 },
  cosineDecay: { learningRate: 0.1, decaySteps: 10 },
  cosineDecayRestarts: { learningRate: 0.1, firstDecaySteps: 10 },
  piecewiseConstant: { boundaries: [10], values: [0.1, 0.05] },
  polynomialDecay: { learningRate: 0.1, decaySteps: 10 },
  warmup: { steps: 10, learningRate: 0.1 },
  oneCycle: { maxLearningRate: 0.1, steps: 100 },
  inverseSquareRoot: { learningRate: 0.1, warmupSteps: 10 },
  warmupStableDecay: { learningRate: 0.1, warmupSteps: 10, stableSteps: 10, decaySteps: 10 },
  constant: { learningRate: 0.1 },
};

const KINDS: [string, Record<string, unknown>, readonly string[]][] = [
  ["loss", losses, lossNames],
  ["metric", metrics, metricNames],
  ["optimizer", optimizers, [...optimizerNames, ...wrapperNames]],
  ["schedule", schedules, scheduleNames],
];

describe.each(KINDS)("every %s", (_, factories, names) => {
  test.each([...names])("%s refuses options that it does not have, and values that these cannot have", (name) => {
    const factory = factories[name] as Factory;
    const needed = NEEDED[name] ?? {};
    expect(factory(needed)).toBeDefined();

    const unknown = refusal(factory, { ...needed, nonsense: 1 });
    expect(unknown).toContain(`${name}: "nonsense"`);
    const options = /Expected one of ([^.]*)\./.exec(unknown)?.[1]?.split(", ") ?? [];
    for (const option of options) {
      expect(refusal(factory, { ...needed, [`${option}s`]: 1 }), option).toContain(`"${option}"`); // the nearest
      for (const value of [{ wrong: true }, Number.NaN]) {
        const message = refusal(factory, { ...needed, [option]: value });
        expect(message, `${option}: ${String(value)}`).toMatch(/Expected |Fix: /);
      }
    }
  });
});

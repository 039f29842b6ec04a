import { describe, expect, test } from "vitest";
import {
  activationNames,
  constraintNames,
  constraints,
  createLayer,
  initializerNames,
  initializers,
  layerNames,
  layers,
  losses,
  lossNames,
  metricNames,
  metrics,
  regularizerNames,
  regularizers,
  resolveActivation,
} from "../../src/nn/index.ts";
import { optimizerNames, optimizers, scheduleNames, schedules, wrapperNames } from "../../src/optim/index.ts";
import { DescentError, type Shape } from "../../src/util/index.ts";
import { LAYER_SAMPLES, type LayerSample, TEXT_LAYERS } from "./layer-samples.ts";

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
  input: { shape: [2] },
};

const KINDS: [string, Record<string, unknown>, readonly string[]][] = [
  ["loss", losses, lossNames],
  ["metric", metrics, metricNames],
  ["optimizer", optimizers, [...optimizerNames, ...wrapperNames]],
  ["schedule", schedules, scheduleNames],
  ["initializer", initializers, initializerNames],
  ["regularizer", regularizers, regularizerNames],
  ["constraint", constraints, constraintNames],
  ["activation", Object.fromEntries(activationNames.map((kind) => [kind, activation(kind)])), activationNames],
  ["layer", Object.fromEntries(layerNames.map((kind) => [kind, connected(kind)])), layerNames],
];

function activation(kind: string) {
  return (options: object) => resolveActivation({ kind, ...options } as never);
}

/** A layer from its options, applied to inputs of its first sample. */
function connected(kind: string) {
  return (options: object) => {
    if (kind === "input") return layers.input(options as never);
    const made = createLayer(kind, options as Record<string, unknown>);
    return made(inputsOf(kind, sampleOf(kind).inputs));
  };
}

function inputsOf(kind: string, shapes: readonly Shape[]) {
  return shapes.map((shape) => layers.input({ shape, dtype: TEXT_LAYERS.includes(kind) ? "string" : "float32" }));
}

function sampleOf(kind: string): LayerSample {
  if (kind === "lambda")
    return { kind, options: { function: (x: unknown) => x }, inputs: [[4]], output: [4], parameters: 0 };
  const sample = LAYER_SAMPLES.find((each) => each.kind === kind);
  if (!sample) throw new Error(`no sample of ${kind} in layer-samples.ts`);
  return sample;
}

describe.each(KINDS)("every %s", (what, factories, names) => {
  test.each([...names])("%s refuses options that it does not have, and values that these cannot have", (name) => {
    const factory = factories[name] as Factory;
    const needed =
      (what === "initializer" ? {} : NEEDED[name]) ??
      (what === "layer" && name !== "input" ? sampleOf(name).options : {});
    expect(factory(needed)).toBeDefined();

    const unknown = refusal(factory, { ...needed, nonsense: 1 });
    expect(unknown).toContain(`${name}: "nonsense"`);
    const options = /Expected one of ([^.]*)\./.exec(unknown)?.[1]?.split(", ") ?? [];
    const positional =
      what === "layer" ? ((layers as Record<string, { positional?: string[] }>)[name]?.positional ?? []) : [];
    for (const option of [...options, ...positional]) {
      if (options.includes(option)) {
        expect(refusal(factory, { ...needed, [`${option}s`]: 1 }), option).toContain(`"${option}"`); // the nearest
      }
      for (const value of [{ wrong: true }, Number.NaN]) {
        const message = refusal(factory, { ...needed, [option]: value });
        expect(message, `${option}: ${String(value)}`).toMatch(/Expected |Fix: /);
      }
    }
  });
});

test.each([...layerNames].filter((kind) => kind !== "input" && kind !== "lambda"))(
  "%s says what it expects of inputs of any rank and number, or takes them",
  (kind) => {
    const { options, inputs } = sampleOf(kind);
    const apply = (shapes: readonly Shape[]) => () =>
      createLayer(kind, options as Record<string, unknown>)(inputsOf(kind, shapes));
    const ranks = [[], [4], [4, 3], [4, 4, 3], [3, 3, 3, 3], [2, 2, 2, 2, 2]];
    const strange = [...ranks.map((shape) => inputs.map(() => shape)), [...inputs, ...inputs, ...inputs], []];
    for (const shapes of strange) {
      const message = refusal(apply(shapes) as Factory, {});
      if (message) expect(message, JSON.stringify(shapes)).toMatch(/ (received|got) .*Expected /);
    }
  },
);

import { describe, expect, test } from "vitest";
import { optimizerFrom, optimizers, schedules } from "../../src/optim/index.ts";

const segments = [
  { path: "dense/kernel", shape: [2, 2], offset: 0, size: 4 },
  { path: "dense/bias", shape: [2], offset: 4, size: 2 },
];

describe("wrappers", () => {
  test("are JSON and come back from it, whatever is inside", () => {
    const made = optimizers.ema({
      optimizer: optimizers.sam({
        optimizer: optimizers.decoupledWeightDecay({
          optimizer: optimizers.sgd({
            learningRate: schedules.stepDecay({ learningRate: 0.1, decaySteps: 3 }),
            clipNorm: 2,
          }),
          exclude: ["bias"],
        }),
        rho: 0.1,
      }),
    });
    const json = JSON.parse(JSON.stringify({ kind: made.kind, ...made.options }));
    const again = optimizerFrom(json);
    expect(json).toEqual({
      kind: "ema",
      momentum: 0.99,
      optimizer: {
        kind: "sam",
        rho: 0.1,
        optimizer: {
          kind: "decoupledWeightDecay",
          rate: 0.01,
          exclude: ["bias"],
          vectors: true,
          optimizer: {
            kind: "sgd",
            weightDecay: 0,
            clipNorm: 2,
            learningRate: { kind: "stepDecay", learningRate: 0.1, decaySteps: 3, decayRate: 0.1 },
          },
        },
      },
    });
    expect(again.options).toEqual(made.options);
    expect(again.slots).toEqual(made.slots);
    expect(again.learningRate.at(3)).toBeCloseTo(0.01, 12);
  });

  test("keep their slots beside those inside", () => {
    const made = optimizers.lookahead({ optimizer: optimizers.gradientAccumulation({ optimizer: "adam", steps: 2 }) });
    expect(Object.keys(made.slots)).toEqual([
      "firstMoment",
      "secondMoment",
      "gradientAccumulation.sum",
      "lookahead.slow",
    ]);
  });

  test("count updates, not batches, when gradients are accumulated", () => {
    const learningRate = (step: number) => 1 + step;
    const made = optimizers.gradientAccumulation({ optimizer: optimizers.sgd({ learningRate }), steps: 3 });
    expect([0, 1, 2, 3, 5, 6].map((step) => made.learningRate.at(step))).toEqual([1, 1, 1, 2, 2, 3]);
  });

  test.each([
    [() => optimizers.ema({} as never), /ema got no optimizer.*optimizers\.ema\(\{ optimizer: "adam" \}\)/],
    [() => optimizerFrom("ema" as never), /ema got no optimizer/],
    [() => optimizers.ema({ optimizer: "adamm" }), /unknown optimizer "adamm".*did you mean "adam"/],
    [() => optimizers.ema({ optimizer: optimizers.adam as never }), /factory adam itself.*optimizers\.adam\(\{/],
    [() => optimizers.ema({ optimizer: "adam", momentun: 0.9 } as never), /"momentun".*did you mean "momentum"/],
    [() => optimizers.ema({ optimizer: "adam", learningRate: 1 } as never), /ema got learningRate.*inside/],
    [() => optimizers.ema({ optimizer: "adam", momentum: 1 }), /ema: momentum is 1. Expected a number in \[0, 1\)/],
    [() => optimizers.swa({ optimizer: "adam", every: 0 }), /swa: every is 0. Expected an integer of at least 1/],
    [() => optimizers.gradientAccumulation({ optimizer: "adam" } as never), /steps is undefined/],
    [() => optimizers.ema({ optimizer: optimizers.ema({ optimizer: "adam" }) }), /ema is around another ema/],
    [
      () => optimizers.lookahead({ optimizer: optimizers.ema({ optimizer: "adam" }) }),
      /lookahead is around ema, whose parameters are an average.*Fix: optimizers\.ema\(\{ optimizer: optimizers\.lookahead/,
    ],
    [() => optimizers.swa({ optimizer: "scheduleFree" }), /swa is around scheduleFree/],
    [
      () => optimizers.gradientAccumulation({ optimizer: optimizers.sam({ optimizer: "adam" }), steps: 2 }),
      /around sam, which asks for a second gradient.*Fix: optimizers\.sam\(\{ optimizer: optimizers\.gradientAccumulation/,
    ],
    [() => optimizers.gradientCentralization({ optimizer: "sophia" }), /around sophia.*Fix: sophia without/],
    [() => optimizers.gradientAccumulation({ optimizer: "lbfgs", steps: 2 }), /uses all samples in every step/],
    [() => optimizers.layerLearningRates({ optimizer: "adam" } as never), /rates is undefined/],
    [() => optimizers.layerLearningRates({ optimizer: "adam", rates: { dense: -1 } }), /rates\["dense"\] is -1/],
    [
      () => optimizers.layerLearningRates({ optimizer: "adam", rates: { dens: 1 } }).check?.(segments),
      /no weight is named "dens".*did you mean "dense"/,
    ],
    [
      () =>
        optimizers
          .ema({ optimizer: optimizers.decoupledWeightDecay({ optimizer: "adam", exclude: ["gamma_of_all"] }) })
          .check?.(segments),
      /exclude: no weight is named "gamma_of_all".*the weights are dense\/kernel, dense\/bias/,
    ],
    [() => optimizers.sgd({ dampening: 0.5 }), /dampening 0.5 without momentum/],
    [() => optimizers.sgd({ dampening: 0.5, momentum: 0.9, nesterov: true }), /dampening 0.5 and nesterov/],
    [() => optimizers.muon({ scale: "big" as never }), /muon: scale is "big"/],
    [() => schedules.oneCycle({ maxLearningRate: 1, steps: 9, shape: "flat" as never }), /oneCycle: shape is "flat"/],
    [
      () => schedules.warmupStableDecay({ learningRate: 1, warmupSteps: -1, stableSteps: 1, decaySteps: 1 }),
      /warmupSteps is -1/,
    ],
  ])("refuse what makes no sense (%#)", (make, message) => {
    expect(make).toThrow(message);
  });
});

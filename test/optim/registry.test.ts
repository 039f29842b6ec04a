import { describe, expect, test } from "vitest";
import { type OptimizerLike, optimizerFrom, optimizerNames, optimizers, schedules } from "../../src/optim/index.ts";

describe("optimizers by name", () => {
  test("are all known, and their JSON makes them again", () => {
    expect(optimizerNames).toContain("adam");
    for (const name of optimizerNames) {
      const made = optimizerFrom({
        kind: name,
        learningRate: { kind: "stepDecay", learningRate: 0.1, decaySteps: 3 },
        clipNorm: 2,
      });
      const json = JSON.parse(JSON.stringify({ kind: made.kind, ...made.options }));
      const again = optimizerFrom(json);
      expect(again.options).toEqual(made.options);
      expect(again.slots).toEqual(made.slots);
      expect(again.clipping).toEqual({ clipNorm: 2 });
      expect(again.learningRate.at(7)).toBeCloseTo(0.001, 12);
    }
  });

  test("in every form", () => {
    expect(optimizerFrom("adam").kind).toBe("adam");
    expect(optimizerFrom(optimizers.sgd()).kind).toBe("sgd");
    expect(optimizerFrom({ kind: "sgd", momentum: 0.9 }).kind).toBe("momentum");
    expect(optimizerFrom({ kind: "sgd", momentum: 0.9, nesterov: true }).kind).toBe("nesterov");
    expect(optimizerFrom(({ parameter }) => parameter).kind).toBe("custom");
  });

  test("with options that the compiler knows by the name", () => {
    const right: OptimizerLike[] = [
      { kind: "adam", learningRate: 0.01, beta1: 0.8 },
      { kind: "sgd", learningRate: { kind: "stepDecay", learningRate: 0.1, decaySteps: 3 } },
      { kind: "ema", optimizer: { kind: "adam", learningRate: 0.01 } },
    ];
    expect(right.map((like) => optimizerFrom(like).kind)).toEqual(["adam", "sgd", "ema"]);
    // @ts-expect-error: a slip in an option's name
    const slip: OptimizerLike = { kind: "adam", learningrate: 0.01 };
    expect(() => optimizerFrom(slip)).toThrow('did you mean "learningRate"');
    // @ts-expect-error: an option of another optimizer
    const other: OptimizerLike = { kind: "adam", momentum: 0.9 };
    expect(() => optimizerFrom(other)).toThrow('unknown option of adam: "momentum"');
  });

  test.each([
    [() => optimizerFrom("adamm" as "adam"), /unknown optimizer "adamm".*did you mean "adam"/],
    [() => optimizerFrom({ kind: "toString" }), /unknown optimizer "toString"/],
    [() => optimizerFrom(undefined as never), /optimizer is undefined/],
    [() => optimizers.adam({ learnignRate: 1 } as object), /"learnignRate".*did you mean "learningRate"/],
    [() => optimizers.adam({ learningRate: -1 }), /adam.learningRate is -1. Expected a positive number/],
    [() => optimizers.adam({ learningRate: "fast" as never }), /adam.learningRate is "fast"/],
    [() => optimizers.adam({ beta1: 1 }), /adam: beta1 is 1. Expected a number in \[0, 1\)/],
    [() => optimizers.sgd({ momentum: Number.NaN }), /sgd: momentum is NaN/],
    [() => optimizers.sgd({ clipNorm: 1, clipValue: 1 }), /at most one of clipNorm, clipValue and globalClipNorm/],
    [() => optimizers.sgd({ clipNorm: 0 }), /clipNorm is 0. Expected a positive number/],
    [() => optimizers.custom("sgd" as never), /got string. Expected an update function/],
    [
      () => optimizers.sgd({ learningRate: { kind: "cosine" } as never }),
      /unknown schedule "cosine". Expected one of .*cosineDecay/,
    ],
    [() => schedules.cosineDecay({ learningRate: 1, decaySteps: 0 }), /decaySteps is 0. Expected a positive number/],
    [() => schedules.piecewiseConstant({ boundaries: [1], values: [1] }), /one value more/],
    [() => schedules.piecewiseConstant({ boundaries: [2, 1], values: [1, 1, 1] }), /rising numbers/],
    [() => schedules.warmup({ steps: 3, learningRate: 0.1, from: 2 }), /from is 2. Expected a fraction/],
  ])("refuses what it cannot use (%#)", (make, message) => {
    expect(make).toThrow(message);
  });
});

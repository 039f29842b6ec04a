import { describe, expect, test } from "vitest";
import {
  clipGradient,
  optimizerFrom,
  optimizerNames,
  scheduleFrom,
  scheduleNames,
  wrapperNames,
} from "../../src/optim/index.ts";
import { concatenate, eye } from "../../src/tensor/index.ts";
import { expectClose, forEachEngine, optimizerCase, runOn } from "../../src/testing/index.ts";
import { asTensor, type GoldenArray, golden } from "./golden.ts";

interface GoldenOptimizers {
  readonly problem: [
    {
      readonly a: GoldenArray;
      readonly center: GoldenArray;
      readonly start: GoldenArray;
      readonly shapes: number[][];
    },
  ];
  readonly cases: {
    readonly name: string;
    readonly optimizer: string;
    readonly options: Record<string, unknown>;
    readonly learningRates?: number[];
    readonly steps: number[];
    readonly parameters: GoldenArray[];
    readonly kerasParameters?: GoldenArray[];
    /** Without what A has beside its diagonal. */
    readonly diagonal?: boolean;
  }[];
  readonly defaults: {
    readonly optimizer: string;
    readonly keras?: Record<string, unknown>;
    readonly pytorch?: Record<string, unknown>;
    /** Or its authors' code. */
    readonly paper?: Record<string, unknown>;
  }[];
  readonly clipping: {
    readonly kind: "globalNorm" | "value";
    readonly limit: number;
    readonly gradients: GoldenArray[];
    readonly clipped: GoldenArray[];
  }[];
  readonly schedules: {
    readonly name: string;
    readonly schedule: string;
    readonly options: Record<string, unknown>;
    readonly steps: number[];
    readonly rates: number[];
  }[];
}

const { problem, cases, defaults, clipping, schedules } = await golden<GoldenOptimizers>("optimizers");
const [{ a, center, start, shapes }] = problem;

test("every optimizer and schedule has golden numbers", () => {
  const covered = new Set(cases.map(({ optimizer }) => optimizer));
  expect([...optimizerNames, ...wrapperNames].filter((name) => !covered.has(name))).toEqual([]);
  const documented = new Set(defaults.map(({ optimizer }) => optimizer));
  expect(optimizerNames.filter((name) => !documented.has(name))).toEqual([]);
  const scheduled = new Set(schedules.map(({ schedule }) => schedule));
  expect(scheduleNames.filter((name) => !scheduled.has(name))).toEqual([]);
});

await forEachEngine((engine) => {
  describe(`100 steps on ${engine}`, () => {
    test.each(cases)("$name", async (entry) => {
      const { optimizer, options, learningRates, steps, parameters, kerasParameters, diagonal } = entry;
      const matrix = diagonal ? asTensor(a).mul(eye(start.data.length)) : asTensor(a);
      await optimizerCase({
        optimizer: { kind: optimizer, ...options },
        start: asTensor(start),
        gradient: (p) =>
          matrix
            .matmul(p.sub(asTensor(center)).reshape([-1, 1]))
            .flatten()
            .add(p.sin().mul(0.25)),
        shapes,
        paths: ["dense/kernel", "dense/bias"],
        steps,
        learningRates,
        // With a changing rate, momentum follows Sutskever et al. (2013) and Keras, whose velocity holds past rates.
        expected: (kerasParameters ?? parameters).map(({ data }) => data),
        engines: [engine],
        rtol: 1e-5,
        atol: 1e-6,
      });
    });
  });

  describe(`clipping on ${engine}`, () => {
    test.each(clipping)("$kind to $limit", async ({ kind, limit, gradients, clipped }) => {
      let offset = 0;
      const segments = gradients.map(({ shape, data }) => {
        offset += data.length;
        return { shape, size: data.length, offset: offset - data.length };
      });
      const flat = concatenate(gradients.map((gradient) => asTensor(gradient).flatten()));
      const options = kind === "value" ? { clipValue: limit } : { globalClipNorm: limit };
      const { y } = await runOn(engine, { flat }, ({ flat }) => ({ y: clipGradient(flat, options, segments) }));
      expectClose(
        y.data,
        clipped.flatMap(({ data }) => [...data]),
      );
    });
  });
});

describe("defaults", () => {
  test.each(defaults)("each of $optimizer's is Keras's, PyTorch's or the paper's", ({ optimizer, ...sources }) => {
    const inner = wrapperNames.includes(optimizer) && { optimizer: "adam" };
    const { options } = optimizerFrom({ kind: optimizer, ...inner });
    const known = Object.values(sources);
    for (const name of new Set(known.flatMap((source) => Object.keys(source)))) {
      expect(
        known.map((source) => source[name]),
        name,
      ).toContain(options[name]);
    }
  });
});

describe("schedules", () => {
  test.each(schedules)("$name", ({ schedule, options, steps, rates }) => {
    const made = scheduleFrom({ kind: schedule, ...options }, "test");
    expectClose(
      steps.map((step) => made.at(step)),
      rates,
      { rtol: 1e-8, atol: 1e-15 },
    );
  });
});

import { describe, expect, test } from "vitest";
import {
  type CompileOptions,
  compile,
  defineLayer,
  type Layer,
  layers,
  optimizers,
  type Shape,
  sequential,
  type Tensor,
} from "../../src/index.ts";

const x = [[1], [2]];

async function train(
  more: readonly Layer[],
  options: Partial<CompileOptions> = {},
  dense: object = {},
): Promise<number> {
  const model = sequential([layers.dense(1, { inputShape: [1], ...dense }), ...more], { seed: 1 });
  model.compile({ optimizer: "sgd", loss: "meanSquaredError", engine: "reference", ...options });
  const { history } = await model.fit(x, x, { verbose: 0 });
  return history["loss"]?.[0] as number;
}

/** Trains with a function of the user's in some place. */
const PLACES: Readonly<Record<string, (f: () => never) => Promise<unknown>>> = {
  loss: (loss) => train([], { loss }),
  metric: (metric) => train([], { metrics: [metric] }),
  optimizer: (optimizer) => train([], { optimizer }),
  activation: (activation) => train([], {}, { activation }),
  regularizer: (kernelRegularizer) => train([], {}, { kernelRegularizer }),
  constraint: (kernelConstraint) => train([], {}, { kernelConstraint }),
  lambda: async (f) => train([layers.lambda(f)]),
  layer: (call) => train([defineLayer({ kind: "mine", options: {}, outputShape: (input) => input, call })]),
  compile: (f) => compile(f, { engine: "reference" })(),
};

describe.each(Object.entries(PLACES))("a %s of one's own", (_, use) => {
  test.each([
    ["nothing", () => undefined, /gave undefined\. Expected a tensor.*Fix: return it\./],
    ["a number", () => 5, /gave 5\. Expected a tensor/],
    ["a promise", async (a: unknown) => a, /gave a promise\. Expected a tensor.*leave out async/],
  ])("that gives %s is told so", async (_, f, message) => {
    await expect(use(f as () => never)).rejects.toThrow(message);
  });
});

describe("what one's own functions give", () => {
  const wrong = (shape: Shape) => (a: Tensor) => a.sum().broadcastTo(shape);

  test("has the shape that counts", async () => {
    await expect(train([], { metrics: [wrong([3])] })).rejects.toThrow(
      "the metric custom gives [3]. Expected [2], a number",
    );
    await expect(train([], { optimizer: ({ parameter }) => parameter.sum() })).rejects.toThrow(
      "a custom optimizer gave []. Expected a tensor of shape [1, 1].",
    );
    await expect(train([], {}, { activation: wrong([]) })).rejects.toThrow(
      "dense_1 activation gave []. Expected a tensor of shape",
    );
    const product = defineLayer({ kind: "mine", options: {}, outputShape: (input) => input, call: (a) => a.matmul(a) });
    await expect(train([product])).rejects.toThrow("mine_1 matmul got shapes [2, 1] and [2, 1].");
    const slots = { slots: { kept: 0 } } as const;
    const optimizer = optimizers.custom(
      ({ parameter, gradient }) => ({ parameter, slots: { kept: gradient.sum() } }),
      slots,
    );
    await expect(train([], { optimizer })).rejects.toThrow('slot "kept" of a custom optimizer gave []');
    const layer = defineLayer({ kind: "mine", options: {}, outputShape: (input) => input, call: wrong([2]) });
    await expect(train([layer])).rejects.toThrow(
      "mine_1 gave [2]. Expected the batch first, then [1]. Fix: outputShape must",
    );
  });

  test("is a finite learning rate, and a list of sizes", async () => {
    for (const rate of [undefined, Number.NaN, "0.1"]) {
      const optimizer = optimizers.sgd({ learningRate: () => rate as number });
      await expect(train([], { optimizer })).rejects.toThrow(
        /sgd\.learningRate of step 0 is (undefined|NaN|"0\.1")\. Expected a number/,
      );
    }
    const shapeless = defineLayer({ kind: "mine", options: {}, outputShape: () => undefined as never, call: (a) => a });
    await expect(async () => train([shapeless])).rejects.toThrow(
      "mine_1 (after dense_1) has the output shape undefined",
    );
    const kernelInitializer = () => undefined as never;
    await expect(async () => train([], {}, { kernelInitializer })).rejects.toThrow(
      "a custom initializer gave 0 numbers",
    );
  });
});

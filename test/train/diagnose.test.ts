import { describe, expect, test } from "vitest";
import { layers, optimizers, sequential, type tensor } from "../../src/index.ts";
import { forEachEngine } from "../../src/testing/index.ts";
import { allWeights, linearModel } from "./fixture.ts";

const quiet = { verbose: 0 } as const;

await forEachEngine((engine) => {
  describe(`a loss that is no number, ${engine} engine`, () => {
    test("names the layer where it arose, and leaves the weights as they were before the step", async () => {
      const network = sequential([
        layers.dense(3, { inputShape: [2], kernelInitializer: "ones", name: "first" }),
        layers.lambda((x) => x.mul(100).exp(), { name: "explosion" }),
        layers.dense(1, { name: "last" }),
      ]);
      network.compile({ optimizer: "sgd", loss: "meanSquaredError", engine });
      const before = allWeights(network);
      await expect(
        network.fit(
          [
            [1, 2],
            [1, 1],
          ],
          [[0], [0]],
          quiet,
        ),
      ).rejects.toThrow(
        /the loss became (NaN|infinite) at step 1 \(epoch 1\) in explosion: its output is not finite. Fix: lower the learning rate \(now 0.01\).*scale them first/,
      );
      expect(allWeights(network)).toEqual(before);
      const { loss } = await network.evaluate([[-1, -2]], [[0]]); // and the model still works
      expect(Number.isFinite(loss)).toBe(true);
    });

    test("a learning rate too high: says when, where, and what to do", async () => {
      const network = sequential([
        layers.dense(4, { inputShape: [1], name: "hidden" }),
        layers.dense(1, { name: "out" }),
      ]);
      network.compile({ optimizer: optimizers.sgd({ learningRate: 1e6 }), loss: "meanSquaredError", engine });
      const failure = network.fit([[1], [2], [3]], [[1], [2], [3]], { epochs: 100, batchSize: 1, ...quiet });
      await expect(failure).rejects.toThrow(
        /the loss became (NaN|infinite) at step \d+ \(epoch \d+\) (in the loss function itself|in (hidden|out)|because the weights of (hidden|out)).*lower the learning rate \(now 1000000\)/,
      );
    });

    test("weights that an update broke are named", async () => {
      const network = linearModel();
      network.compile({ optimizer: optimizers.sgd({ learningRate: 1e38 }), loss: "meanSquaredError", engine });
      const failure = network.fit([[1e3]], [[0]], { epochs: 3, ...quiet });
      await expect(failure).rejects.toThrow(
        /at step 2 \(epoch 2\) because the weights of dense_1 had become (NaN|infinite) in the update before/,
      );
    });

    test("a loss function that divides by zero is named itself", async () => {
      const network = linearModel();
      const loss = (yTrue: ReturnType<typeof tensor>, yPred: ReturnType<typeof tensor>) =>
        yPred.div(yTrue).mean({ axis: 1 });
      network.compile({ optimizer: "sgd", loss, engine });
      const failure = network.fit([[1], [2]], [[1], [0]], { batchSize: 1, shuffle: false, ...quiet });
      await expect(failure).rejects.toThrow(
        /infinite at step 2 \(epoch 1\) in the loss function itself.*logarithm of zero/,
      );
    });

    test("an augmentation that breaks its input is named", async () => {
      const network = linearModel();
      network.compile({ optimizer: "sgd", loss: "meanSquaredError", engine });
      const failure = network.fit([[1], [2]], [[1], [0]], { augment: (x) => x.sub(x).log().mul(0), ...quiet });
      await expect(failure).rejects.toThrow(/NaN at step 1 \(epoch 1\) because augment gave NaN or infinity/);
    });

    test("happens the same way in dropout's presence: the step is repeated with its own random numbers", async () => {
      const network = sequential([
        layers.dense(4, { inputShape: [1], kernelInitializer: "ones" }),
        layers.dropout(0.5),
        layers.lambda((x) => x.sum({ axis: 1, keepdims: true }).log(), { name: "logarithm" }),
      ]);
      network.compile({ optimizer: optimizers.sgd({ learningRate: 1e-6 }), loss: "meanSquaredError", engine });
      // Sooner or later all four units are dropped: log 0.
      const failure = network.fit([[1], [1], [1], [1]], [[1], [1], [1], [1]], { epochs: 100, batchSize: 1, ...quiet });
      await expect(failure).rejects.toThrow(/infinite at step \d+ .* in logarithm: its output is not finite/);
    });
  });
});

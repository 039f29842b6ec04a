/**
 * A U-Net finds the disks among rings and squares, in noise: it marks their pixels. The pictures are made here.
 *
 *     npx tsx examples/unet.ts
 */
import { type Model, optimizers, randomKey, schedules, type Tensor, tensor } from "descent";
import { unet } from "descent/architectures";
import { picture, sideBySide } from "descent/cli";
import { start } from "./direct.ts";

export const target = "intersection over union of at least 0.9 on 100 new pictures";

const SIDE = 48;

export interface UnetOptions {
  /** Default 12. */
  epochs?: number;
  /** Default 1. */
  seed?: number;
  verbose?: 0 | 1 | "auto";
}

export function network(seed: number): Model {
  return unet({ inputShape: [SIDE, SIDE, 1], width: 8, depth: 3, batchNormalization: true, seed });
}

export async function main({ epochs = 12, seed = 1, verbose = 0 }: UnetOptions = {}) {
  const train = await pictures(400, seed);
  const test = await pictures(100, seed + 1000);

  const model = network(seed);
  const learningRate = schedules.cosineDecay({ learningRate: 0.01, decaySteps: epochs * 25 });
  model.compile({ optimizer: optimizers.adam({ learningRate }), loss: "binaryCrossentropy", metrics: ["iou"] });
  await model.fit(train.x, train.y, { epochs, batchSize: 16, seed, verbose });

  const iou = (await model.evaluate(test.x, test.y))["iou"] as number;
  const marked = await model.predict(test.x.slice([0, 3]));
  const drawn = await Promise.all([0, 1, 2].map((i) => drawing(test.x, marked, i)));
  return { iou, drawn, result: `intersection over union ${iou.toFixed(3)}`, passed: iou >= 0.9 };
}

/** Pictures of four shapes each, [count, 48, 48, 1], and the pixels of their disks. */
async function pictures(count: number, seed: number): Promise<{ x: Tensor; y: Tensor }> {
  const key = randomKey(seed);
  const draws = await key.fold(1).uniform([count, 4, 4]).data();
  const image = new Float32Array(count * SIDE * SIDE);
  const mask = new Float32Array(image.length);
  for (let n = 0; n < 4 * count; n++) {
    const [kind = 0, down = 0, right = 0, size = 0] = draws.subarray(4 * n, 4 * n + 4);
    const shape = kind < 0.4 ? "disk" : kind < 0.7 ? "ring" : "square";
    const [radius, room] = [5 + 6 * size, SIDE / 2]; // each shape has a quarter of the picture
    const row = room * (n % 2) + radius + down * (room - 2 * radius);
    const column = room * (Math.floor(n / 2) % 2) + radius + right * (room - 2 * radius);
    for (let i = 0; i < SIDE; i++) {
      for (let j = 0; j < SIDE; j++) {
        const [y, x] = [Math.abs(i - row), Math.abs(j - column)];
        const distance = shape === "square" ? Math.max(x, y) : Math.hypot(x, y);
        if (distance > radius || (shape === "ring" && distance < radius - 3)) continue;
        const pixel = Math.floor(n / 4) * SIDE * SIDE + i * SIDE + j;
        image[pixel] = 1;
        if (shape === "disk") mask[pixel] = 1;
      }
    }
  }
  const shape = [count, SIDE, SIDE, 1];
  const noise = key.fold(2).normal(shape, { std: 0.3 });
  return { x: tensor(image, { shape }).add(noise), y: tensor(mask, { shape }) };
}

/** The i-th picture and what was marked in it. */
async function drawing(x: Tensor, marked: Tensor, i: number): Promise<string> {
  const pixels = async (images: Tensor) => [...(await images.slice([i, i + 1]).data())];
  const panels = [
    { caption: "seen", lines: picture(await pixels(x.clip(0, 1)), [SIDE, SIDE]) },
    { caption: "marked", lines: picture(await pixels(marked), [SIDE, SIDE]) },
  ];
  return sideBySide(panels, 4);
}

await start(import.meta.url, target, async () => {
  const outcome = await main({ verbose: "auto" });
  console.log(`\n${outcome.drawn.join("\n\n")}`);
  return outcome;
});

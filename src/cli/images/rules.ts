import type { ImageFacts } from "../../data/index.ts";
import { type OutputTarget, outputConfigs } from "../../tabular/index.ts";
import type { AugmentConfig, LayerConfig } from "./layers.ts";

/** How images are read, and what learns them. */
export interface ImagePlan {
  readonly size: readonly [height: number, width: number];
  readonly channels: 1 | 3;
  readonly fit: "fill" | "cover";
  /** Filters of each stage. */
  readonly filters: readonly number[];
  readonly dropout: number;
  readonly augment: readonly AugmentConfig[];
  readonly learningRate: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly patience: number;
}

/** Longer sides are made this long: what a small network learns needs no more, and costs its square. */
const MOST_SIDE = 96;
const LEAST_SIDE = 8;

/** How images are read: see `planImages`. */
export function planReading(
  { height, width, alike, gray }: ImageFacts,
  side?: number,
): Pick<ImagePlan, "size" | "channels" | "fit"> {
  const [high, wide] = alike ? [height, width] : [Math.min(height, width), Math.min(height, width)];
  const longest = Math.max(high, wide);
  const scale = side === undefined ? Math.min(1, MOST_SIDE / longest) : side / longest;
  const scaled = (length: number) => Math.max(LEAST_SIDE, Math.round(length * scale));
  return { size: [scaled(high), scaled(wide)], channels: gray ? 1 : 3, fit: alike ? "fill" : "cover" };
}

/**
 * The rules by which a network for images is chosen; rows are the images of the training part.
 *
 * Size: the medians of height and width, the longer side at most 96; where proportions differ by more than a tenth, the square of the shorter
 * one, of which images are cut from the middle. One channel where no image has a color. Stages: two convolutions of 3 x 3 with batch
 * normalization and ReLU, then the maximum of 2 x 2 (as VGG), as often as the shorter side halves to about 6, 4 at most; 16 filters below
 * 2000 images, else 32, doubled at each stage up to 128; then a dense layer of 4 times as many units between dropout (0.3, or 0.2 from 20,000
 * images on), and the answer: a probability of each class or label, or a number. Augmentation below 50,000 images: turned by 10 degrees, resized by a tenth, moved by 7 %; images with colors are mirrored, too: of
 * gray ones, which may be letters, left and right may matter. Adam at 0.001, halved when the validation loss has not fallen for a third of
 * the patience (10 epochs below 2000 images, 6 below 20,000, else 4). Batches of 32, 64 or 128 by the same borders. At most 300,000 images
 * are shown, but in 10 to 60 epochs.
 */
export function planImages(
  reading: Pick<ImagePlan, "size" | "channels" | "fit">,
  rows: number,
  options: { augment?: boolean | undefined; epochs?: number | undefined } = {},
): ImagePlan {
  const place = rows < 2000 ? 0 : rows < 20_000 ? 1 : 2;
  const by = <T>(values: readonly [T, T, T]) => values[place];
  const stages = Math.min(4, Math.max(1, Math.round(Math.log2(Math.min(...reading.size) / 6))));
  const first = by([16, 32, 32]);
  const augment = options.augment ?? rows < 50_000;
  return {
    ...reading,
    filters: Array.from({ length: stages }, (_, stage) => Math.min(128, first * 2 ** stage)),
    dropout: by([0.3, 0.3, 0.2]),
    augment: augment ? augmentation(reading.channels) : [],
    learningRate: 0.001,
    batchSize: by([32, 64, 128]),
    epochs: options.epochs ?? Math.max(10, Math.min(60, Math.round(300_000 / rows))),
    patience: by([10, 6, 4]),
  };
}

function augmentation(channels: 1 | 3): AugmentConfig[] {
  const affine = { kind: "randomAffine", rotation: 0.028, zoom: 0.1, translation: 0.07, fillMode: "nearest" };
  return channels === 3 ? [{ kind: "randomFlip", mode: "horizontal" }, affine] : [affine];
}

/** The network's layers: from bytes to probabilities, or to a number. */
export function networkLayers({ size, channels, filters, dropout }: ImagePlan, target: OutputTarget): LayerConfig[] {
  return [
    fromBytes(size, channels),
    ...filters.flatMap((count) => [
      ...convolution(count),
      ...convolution(count),
      { kind: "maxPooling2d", poolSize: 2 },
    ]),
    { kind: "flatten" },
    { kind: "dropout", rate: dropout },
    { kind: "dense", units: 4 * Math.max(...filters), activation: "relu", kernelInitializer: "heNormal" },
    { kind: "dropout", rate: dropout },
    ...outputConfigs(target),
  ];
}

function convolution(filters: number): LayerConfig[] {
  return [
    { kind: "conv2d", filters, kernelSize: 3, padding: "same", useBias: false, kernelInitializer: "heNormal" },
    { kind: "batchNormalization", momentum: 0.9 }, // Keras's 0.99 is slow to follow where an epoch has few steps
    { kind: "activation", activation: "relu" },
  ];
}

/** What it is compared with: a weight for every pixel and answer. */
export function linearLayers({ size, channels }: ImagePlan, target: OutputTarget): LayerConfig[] {
  return [fromBytes(size, channels), { kind: "flatten" }, ...outputConfigs(target)];
}

function fromBytes([height, width]: readonly [number, number], channels: number): LayerConfig {
  return { kind: "rescaling", scale: 1 / 255, inputShape: [height, width, channels] };
}

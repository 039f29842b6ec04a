/** What the page and the training, each on a thread of its own, tell one another. */
import type { CompileOptions } from "descent";

export interface Settings {
  readonly epochs: number;
  /** Images to learn from; a quarter as many test images measure it. */
  readonly images: number;
  readonly batchSize: number;
  readonly seed: number;
  /** Name of an engine; undefined lets the library choose. */
  readonly engine?: CompileOptions["engine"];
}

export type ToTraining =
  /** Fetch the digits; `url` is absolute. */
  | { readonly type: "open"; readonly url: string }
  | { readonly type: "start"; readonly settings: Settings }
  | { readonly type: "pause" }
  | { readonly type: "resume" }
  | { readonly type: "stop" }
  /** What is on this image ([784], 0 to 1)? Only the latest question is answered when they come fast. */
  | { readonly type: "predict"; readonly id: number; readonly pixels: Float32Array };

export type FromTraining =
  | { readonly type: "loading"; readonly received: number; readonly total: number | undefined }
  | { readonly type: "opened"; readonly testImages: Uint8Array; readonly testLabels: Uint8Array }
  | ({ readonly type: "begun" } & Begun)
  | ({ readonly type: "progress" } & Progress)
  /** What the network says about the first test images, [{@link STRIP}, 10]. */
  | { readonly type: "strip"; readonly probabilities: Float32Array }
  | ({ readonly type: "epoch" } & EpochResult)
  | { readonly type: "paused" }
  | { readonly type: "ended"; readonly reason: string; readonly seconds: number }
  | { readonly type: "prediction"; readonly id: number; readonly probabilities: Float32Array }
  | { readonly type: "failed"; readonly message: string };

export interface Begun {
  readonly engine: string;
  readonly engineReason: string;
  readonly parameters: number;
  readonly samples: number;
  readonly testSamples: number;
  readonly stepsPerEpoch: number;
  readonly epochs: number;
}

/** A stretch of steps. */
export interface Progress {
  /** Epochs done, with a fraction: 1.5 is the middle of the second. */
  readonly at: number;
  readonly step: number;
  /** Means over the stretch. */
  readonly loss: number;
  readonly accuracy: number;
  readonly samplesPerSecond: number;
  readonly secondsLeft: number;
}

export interface EpochResult {
  /** Counted from 1. */
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly valLoss: number;
  readonly valAccuracy: number;
  readonly samplesPerSecond: number;
  /** Of all test images in use, [testSamples, 10]. */
  readonly probabilities: Float32Array;
}

/** Test images that the page always shows. */
export const STRIP = 20;

import { PIXELS } from "../digits.ts";
import { bestOf } from "./answer.ts";

/** A test image and what the network says about it. */
export interface Reading {
  /** Its place among the test images. */
  readonly image: number;
  readonly label: number;
  readonly prediction: number;
  /** How sure the network is of its answer. */
  readonly probability: number;
}

/** The test images, with what they show. */
export class TestImages {
  constructor(
    private readonly images: Uint8Array,
    readonly labels: Uint8Array,
  ) {}

  /** [784], 0 to 255. */
  pixels(image: number): Uint8Array {
    return this.images.subarray(image * PIXELS, (image + 1) * PIXELS);
  }

  /** The first images, as probabilities [n, 10] tell of them. */
  read(probabilities: Float32Array): Reading[] {
    return Array.from({ length: probabilities.length / 10 }, (_, image) => {
      const shares = probabilities.subarray(image * 10, image * 10 + 10);
      const prediction = bestOf(shares);
      return { image, label: this.labels[image] ?? 0, prediction, probability: shares[prediction] ?? 0 };
    });
  }
}

export const isRight = ({ label, prediction }: Reading): boolean => label === prediction;

/** Wrong answers, those that the network is surest of first. */
export function worstMistakes(readings: readonly Reading[], count: number): Reading[] {
  const wrong = readings.filter((reading) => !isRight(reading));
  return wrong.sort((a, b) => b.probability - a.probability).slice(0, count);
}

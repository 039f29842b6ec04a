import type { Training } from "descent";
import type { Progress } from "../messages.ts";

/** Points that a curve gets per epoch at most... */
const POINTS_PER_EPOCH = 25;
/** ...and images that a point stands for at least: fewer would show chance rather than progress. */
const LEAST_IMAGES = 256;
/** A slow training shows a point this often at least. */
const LONGEST_STRETCH = 1000;

/** Cuts a training into stretches of steps and says for each how well and how fast it went, pauses left out. */
export class Meter {
  private since = performance.now();
  /** Of the present stretch. */
  private milliseconds = 0;
  private samples = 0;
  private loss = 0;
  /** Right answers of the present epoch, up to the present stretch. */
  private rightBefore = 0;
  private samplesBefore = 0;
  private epochMilliseconds = 0;
  /** Milliseconds from the last step of an epoch to the next epoch: validation and whatever else there is. */
  private betweenEpochs = 0;
  private epochs = 0;

  /** The clock runs from here: after a pause, after whatever is no training step. */
  go(): void {
    this.since = performance.now();
  }

  beginEpoch(): void {
    if (this.epochs++ > 0) this.betweenEpochs = performance.now() - this.since;
    this.rightBefore = 0;
    this.samplesBefore = 0;
    this.epochMilliseconds = 0;
    this.go();
  }

  /** A step is done; true when its stretch is long enough to be told. */
  add(loss: number, size: number, stepsPerEpoch: number, batchSize: number): boolean {
    const now = performance.now();
    this.milliseconds += now - this.since;
    this.epochMilliseconds += now - this.since;
    this.since = now;
    this.loss += loss * size;
    this.samples += size;
    const enough = Math.max(LEAST_IMAGES, Math.ceil(stepsPerEpoch / POINTS_PER_EPOCH) * batchSize);
    return this.samples >= enough || this.milliseconds >= LONGEST_STRETCH;
  }

  /** The stretch since the last one; undefined when it is empty. */
  take(training: Training): Progress | undefined {
    const { samples, loss, milliseconds } = this;
    if (samples === 0) return undefined;
    const seen = this.samplesBefore + samples;
    const right = Number(training.runningLogs()["accuracy"] ?? Number.NaN) * seen;
    const accuracy = (right - this.rightBefore) / samples;
    this.rightBefore = right;
    this.samplesBefore = seen;
    this.samples = this.loss = this.milliseconds = 0;
    const at = training.epoch + training.stepInEpoch / (training.stepsPerEpoch ?? 1);
    const perSample = this.epochMilliseconds / seen;
    const left = (training.epochs - at) * (training.samples ?? 0) * perSample;
    const restsLeft = (training.epochs - training.epoch) * this.betweenEpochs;
    return {
      at,
      step: training.step,
      loss: loss / samples,
      accuracy: Math.min(1, Math.max(0, accuracy)),
      samplesPerSecond: (samples / milliseconds) * 1000,
      secondsLeft: (left + restsLeft) / 1000,
    };
  }

  /** Over the present epoch. */
  get epochSamplesPerSecond(): number {
    return (this.samplesBefore / this.epochMilliseconds) * 1000;
  }
}

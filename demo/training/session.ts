import type { Callback, Model, Training } from "descent";
import { augment, network } from "../../examples/digits-network.ts";
import { type DigitSet, type Digits, PIXELS, SIDE } from "../digits.ts";
import { type FromTraining, type Settings, STRIP, type ToTraining } from "../messages.ts";
import { downloadDigits } from "./download.ts";
import { Gate } from "./gate.ts";
import { Meter } from "./meter.ts";
import { compileFor } from "./network.ts";

export type Post = (message: FromTraining) => void;

/** Milliseconds between two looks at the strip of test images; more where that would take a tenth of the time. */
const STRIP_INTERVAL = 700;

/** Images as the model takes them: [count, 28, 28, 1], 0 paper to 1 ink. */
interface Images {
  readonly data: Float32Array;
  readonly shape: readonly [number, number, number, number];
}

/** The training side of the page: one model, trained and asked. All it uses is Descent's public door. */
export class Session {
  private digits: Digits | undefined;
  private model: Model = network(1);
  private training: Training | undefined;
  private fitting: Promise<void> | undefined;
  private readonly gate = new Gate();
  private asked: { readonly id: number; readonly pixels: Float32Array } | undefined;
  private answering = false;
  private nextStrip = 0;
  /** Counts the starts: the latest is the one that is wanted. */
  private turn = 0;

  constructor(private readonly post: Post) {}

  async handle(message: ToTraining): Promise<void> {
    try {
      if (message.type === "open") await this.open(message.url);
      else if (message.type === "start") await this.start(message.settings);
      else if (message.type === "pause") this.gate.pause();
      else if (message.type === "resume") this.gate.resume();
      else if (message.type === "stop") this.stop();
      else await this.answer(message);
    } catch (error) {
      this.post({ type: "failed", message: error instanceof Error ? error.message : String(error) });
    }
  }

  private async open(url: string): Promise<void> {
    let told = 0;
    this.digits = await downloadDigits(url, (received, total) => {
      if (received - told < 100_000 && received !== total) return;
      told = received;
      this.post({ type: "loading", received, total });
    });
    const { images, labels } = this.digits.test;
    this.post({ type: "opened", testImages: images.slice(), testLabels: labels.slice() });
  }

  private async start(settings: Settings): Promise<void> {
    if (!this.digits) throw new Error("The digits have not arrived yet.");
    const turn = ++this.turn;
    this.stop();
    await this.fitting?.catch(() => undefined); // the training before, whose end is told already
    if (turn !== this.turn) return;
    this.model = network(settings.seed);
    compileFor(this.model, settings);
    this.fitting = this.fit(this.model, this.digits, settings);
    try {
      await this.fitting;
    } finally {
      this.training = undefined;
      this.fitting = undefined;
      this.gate.resume();
    }
  }

  private stop(): void {
    this.training?.stop("stopped");
    this.gate.resume();
  }

  private async fit(model: Model, digits: Digits, settings: Settings): Promise<void> {
    const { epochs, batchSize, seed, images } = settings;
    const [x, y] = firstOf(digits.train, images);
    const [xTest, yTest] = firstOf(digits.test, Math.max(STRIP, Math.round(images / 4)));
    const result = await model.fit(x, y, {
      epochs,
      batchSize,
      seed,
      validationData: [xTest, yTest],
      augment, // every image a little different each time
      callbacks: [this.reporter(model, xTest)],
      verbose: 0,
    });
    this.post({ type: "ended", reason: result.reason, seconds: result.seconds });
  }

  /** Tells the page what happens, and lets the training wait while it is paused: `fit` waits for a callback's promise. */
  private reporter(model: Model, xTest: Images): Callback {
    const meter = new Meter();
    const strip = imagesOf(xTest.data.subarray(0, STRIP * PIXELS));
    const tell = (training: Training) => {
      const progress = meter.take(training);
      if (progress) this.post({ type: "progress", ...progress });
    };
    return {
      onTrainBegin: ({ training }) => {
        this.training = training;
        if (model !== this.model) training.stop("stopped"); // another was asked for meanwhile
        const {
          engine,
          engineReason,
          samples = 0,
          validationSamples: testSamples,
          stepsPerEpoch = 0,
          epochs,
        } = training;
        const parameters = model.parameters.length;
        this.post({ type: "begun", engine, engineReason, parameters, samples, testSamples, stepsPerEpoch, epochs });
        this.lookAt(model, strip).catch(() => undefined);
      },
      onEpochBegin: () => meter.beginEpoch(),
      onStepEnd: ({ training, loss, size }) => {
        if (meter.add(loss, size, training.stepsPerEpoch ?? 0, training.batchSize)) tell(training);
        if (performance.now() >= this.nextStrip) this.lookAt(model, strip).catch(() => undefined);
        const { closed } = this.gate;
        if (!closed) return undefined;
        tell(training);
        this.post({ type: "paused" });
        return closed.then(() => meter.go());
      },
      onValidationBegin: ({ training }) => {
        tell(training);
        meter.go();
      },
      onEpochEnd: async ({ epoch, logs }) => {
        const number = (name: string) => Number(logs[name]);
        const probabilities = Float32Array.from(await (await model.predict(xTest)).data());
        this.post({
          type: "epoch",
          epoch: epoch + 1,
          loss: number("loss"),
          accuracy: number("accuracy"),
          valLoss: number("valLoss"),
          valAccuracy: number("valAccuracy"),
          samplesPerSecond: meter.epochSamplesPerSecond,
          probabilities,
        });
      },
    };
  }

  /** What the network says of the strip, between two steps. Of what fails the training itself tells. */
  private async lookAt(model: Model, strip: Images): Promise<void> {
    this.nextStrip = Number.POSITIVE_INFINITY;
    const started = performance.now();
    const probabilities = Float32Array.from(await (await model.predict(strip)).data());
    if (model === this.model) this.post({ type: "strip", probabilities });
    const took = performance.now() - started;
    this.nextStrip = performance.now() + Math.max(STRIP_INTERVAL, took * 10);
  }

  /** Answers the latest question, with the weights as they are between two steps. */
  private async answer(question: { readonly id: number; readonly pixels: Float32Array }): Promise<void> {
    this.asked = question;
    if (this.answering) return;
    this.answering = true;
    try {
      while (this.asked) {
        const { id, pixels } = this.asked;
        this.asked = undefined;
        const answer = await this.model.predict(imagesOf(pixels));
        this.post({ type: "prediction", id, probabilities: Float32Array.from(await answer.data()) });
      }
    } finally {
      this.answering = false;
    }
  }
}

/** The first `count` of a set. It was split in a mixed order, so all digits have about the same share of them. */
function firstOf({ images, labels }: DigitSet, count: number): [Images, Int32Array] {
  return [
    imagesOf(Float32Array.from(images.subarray(0, count * PIXELS), byteToInk)),
    Int32Array.from(labels.subarray(0, count)),
  ];
}

const byteToInk = (byte: number) => byte / 255;

function imagesOf(data: Float32Array): Images {
  return { data, shape: [data.length / PIXELS, SIDE, SIDE, 1] };
}

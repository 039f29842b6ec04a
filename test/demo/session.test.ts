import { expect, onTestFinished, test } from "vitest";
import { type DigitSet, encodeDigits, PIXELS } from "../../demo/digits.ts";
import type { FromTraining, Settings } from "../../demo/messages.ts";
import { Session } from "../../demo/training/session.ts";

/** Digits of sorts: class `i % 10` has a bar of ink at a place of its own. */
function bars(size: number): DigitSet {
  const images = new Uint8Array(size * PIXELS);
  for (let i = 0; i < size; i++) images.fill(255, i * PIXELS + (i % 10) * 60, i * PIXELS + (i % 10) * 60 + 50);
  return { images, labels: Uint8Array.from({ length: size }, (_, i) => i % 10) };
}

const settings: Settings = { epochs: 2, images: 80, batchSize: 20, seed: 1, engine: "wasm" };

/** A session, what it has said, and a way to wait for what it will say. */
async function openSession() {
  const said: FromTraining[] = [];
  const waiting = new Set<() => void>();
  const session = new Session((message) => {
    said.push(message);
    for (const check of waiting) check();
  });
  /** The next message of a kind after those that are there now. */
  function next<T extends FromTraining["type"]>(type: T): Promise<FromTraining & { type: T }> {
    const from = said.length;
    return new Promise((resolve, reject) => {
      const check = () => {
        const failed = said.slice(from).find((message) => message.type === "failed");
        const found = said.slice(from).find((message) => message.type === type);
        if (found) resolve(found as FromTraining & { type: T });
        else if (failed?.type === "failed") reject(new Error(failed.message));
        else return;
        waiting.delete(check);
      };
      waiting.add(check);
    });
  }
  onTestFinished(() => void session.handle({ type: "stop" }));
  const bytes = Buffer.from(encodeDigits({ train: bars(80), test: bars(40) })).toString("base64");
  await session.handle({ type: "open", url: `data:application/octet-stream;base64,${bytes}` });
  return { session, said, next };
}

const pixels = (digit: number) => new Float32Array(PIXELS).fill(1, digit * 60, digit * 60 + 50);

test("a training is told from its beginning to its end", async () => {
  const { session, said } = await openSession();
  await session.handle({ type: "start", settings });
  const kinds = said.map(({ type }) => type).filter((type) => type !== "strip" && type !== "loading");
  expect(kinds.slice(0, 3)).toEqual(["opened", "begun", "progress"]);
  expect(kinds.at(-1)).toBe("ended");
  expect(kinds.filter((type) => type === "epoch")).toHaveLength(2);
  const begun = said.find((message) => message.type === "begun")!;
  expect(begun).toMatchObject({ engine: "wasm", samples: 80, testSamples: 20, stepsPerEpoch: 4, epochs: 2 });
  const progress = said.filter((message) => message.type === "progress");
  const ends = progress.map(({ at }) => at);
  expect(ends).toEqual([...new Set(ends)].sort((a, b) => a - b));
  expect(ends).toEqual(expect.arrayContaining([1, 2]));
  for (const { loss, accuracy, samplesPerSecond } of progress) {
    expect(loss).toBeGreaterThan(0);
    expect([0, 1]).toContain(Math.sign(accuracy));
    expect(accuracy).toBeLessThanOrEqual(1);
    expect(samplesPerSecond).toBeGreaterThan(0);
  }
  // The stretches' means make the epoch's.
  const [first, second] = said.filter((message) => message.type === "epoch");
  const overEpoch = (epoch: number, of: (stretch: (typeof progress)[number]) => number) =>
    progress.reduce((sum, stretch, i) => {
      const length = stretch.at - (ends[i - 1] ?? 0);
      return stretch.at > epoch && stretch.at <= epoch + 1 ? sum + of(stretch) * length : sum;
    }, 0);
  expect(overEpoch(0, ({ accuracy }) => accuracy)).toBeCloseTo(first!.accuracy, 6);
  expect(overEpoch(1, ({ loss }) => loss)).toBeCloseTo(second!.loss, 5);
  expect(first!.probabilities).toHaveLength(200);
});

test("pause holds the steps while questions are answered, resume goes on", async () => {
  const { session, said, next } = await openSession();
  const paused = next("paused");
  const ended = session.handle({ type: "start", settings: { ...settings, epochs: 3 } });
  await next("begun");
  await session.handle({ type: "pause" });
  await paused;
  const steps = () => said.filter((message) => message.type === "progress").at(-1)?.step;
  const before = steps();
  const answers: Float32Array[] = [];
  for (let id = 0; id < 5; id++) {
    const answer = next("prediction");
    await session.handle({ type: "predict", id, pixels: pixels(3) });
    answers.push((await answer).probabilities);
  }
  expect(steps()).toBe(before);
  for (const answer of answers) {
    expect(answer).toEqual(answers[0]); // the weights stand still
    expect(answer.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
  }
  await session.handle({ type: "resume" });
  await ended;
  expect(steps()).toBe(12);
  const last = next("prediction");
  await session.handle({ type: "predict", id: 9, pixels: pixels(3) });
  expect((await last).probabilities).not.toEqual(answers[0]);
});

test("starting over ends the training that is under way, also a paused one", async () => {
  const { session, said, next } = await openSession();
  const paused = next("paused");
  const first = session.handle({ type: "start", settings: { ...settings, epochs: 100_000 } });
  await next("begun");
  await session.handle({ type: "pause" });
  await paused;
  await Promise.all([first, session.handle({ type: "start", settings })]);
  const ends = said.filter((message) => message.type === "ended");
  expect(ends.map(({ reason }) => reason)).toEqual(["stopped", "epochs"]);
});

test("an unknown engine and missing digits are told", async () => {
  const { session, said } = await openSession();
  await session.handle({ type: "start", settings: { ...settings, engine: "gpu" as "wasm" } });
  expect(said.at(-1)).toMatchObject({ type: "failed", message: expect.stringContaining('"gpu"') });
  await session.handle({ type: "open", url: "data:text/html,<title>404</title>" });
  expect(said.at(-1)).toMatchObject({ type: "failed", message: expect.stringContaining("damaged") });
});

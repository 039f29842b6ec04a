import { type FromTraining, STRIP } from "../messages.ts";
import { Answer } from "./answer.ts";
import { Confusion } from "./confusion.ts";
import { Controls } from "./controls.ts";
import { Curves } from "./curves.ts";
import { find, say } from "./dom.ts";
import { Drawing } from "./drawing.ts";
import { percent } from "./format.ts";
import { isolate } from "./isolation.ts";
import { isRight, type Reading, TestImages, worstMistakes } from "./results.ts";
import { SettingsForm } from "./settings.ts";
import { Tiles } from "./tiles.ts";
import { openTrainer } from "./trainer.ts";

const MISTAKES = 24;
/** Milliseconds between two questions about a drawing that stays, while the weights change. */
const ASK_AGAIN = 250;

async function main(): Promise<void> {
  if (await isolate()) return;
  const form = new SettingsForm();
  const trainer = await openTrainer(hear, form.inPage);
  const curves = new Curves();
  const answer = new Answer();
  const controls = new Controls({
    start: () => trainer.send({ type: "start", settings: form.read() }),
    pause: () => trainer.send({ type: "pause" }),
    resume: () => trainer.send({ type: "resume" }),
  });
  const drawing = new Drawing(find("canvas", "canvas"), { changed, told: (text) => say(find("pen"), text) });
  let views: ReturnType<typeof viewsOf> | undefined;
  let trained = false;

  // Questions about the drawing: one under way at a time, the latest drawing next.
  let question = 0;
  let asked: { id: number; pixels: Float32Array } | undefined;
  let stale = false;
  let lastAsked = 0;

  function ask(): void {
    stale = asked !== undefined;
    if (drawing.empty) answer.clear();
    const pixels = stale ? undefined : drawing.pixels;
    if (!pixels) return;
    asked = { id: ++question, pixels };
    lastAsked = performance.now();
    trainer.send({ type: "predict", id: question, pixels });
  }

  function changed(): void {
    find("clear", "button").disabled = find("undo", "button").disabled = drawing.empty;
    say(find("truth"), "");
    ask();
  }

  function look({ image, label }: Reading): void {
    if (!views) return;
    drawing.show(Float32Array.from(views.images.pixels(image), (byte) => byte / 255));
    say(find("truth"), `A test digit: it is ${label}.`);
  }

  function viewsOf(images: TestImages) {
    return {
      images,
      strip: new Tiles(find("strip"), images, look),
      confusion: new Confusion(images, look),
      mistakes: new Tiles(find("mistakes"), images, lookAbove),
    };
  }

  function lookAbove(reading: Reading): void {
    look(reading);
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    find("draw-title").scrollIntoView({ behavior: calm ? "auto" : "smooth" });
  }

  function hear(message: FromTraining): void {
    if (message.type === "opened") {
      views = viewsOf(new TestImages(message.testImages, message.testLabels));
      find("sample", "button").disabled = false;
    } else if (message.type === "begun") {
      trained = true;
      curves.clear(message.epochs);
      views?.confusion.show([]);
      views?.mistakes.show([]);
    } else if (message.type === "progress") {
      curves.progress(message);
      if (performance.now() - lastAsked >= ASK_AGAIN) ask(); // with the weights as they are now
    } else if (message.type === "strip") {
      views?.strip.show(views.images.read(message.probabilities));
    } else if (message.type === "epoch") {
      curves.epoch(message);
      if (views) showEpoch(views, views.images.read(message.probabilities));
    } else if (message.type === "prediction") {
      const answered = asked;
      asked = undefined;
      if (answered?.id === message.id && !drawing.empty) answer.show(answered.pixels, message.probabilities, trained);
      if (stale) ask();
    } else if (message.type === "failed") {
      asked = undefined;
    }
    controls.hear(message);
  }

  find("clear").addEventListener("click", () => drawing.clear());
  find("undo").addEventListener("click", () => drawing.undo());
  find("sample").addEventListener("click", () => {
    const image = Math.floor(Math.random() * (views?.images.labels.length ?? 0));
    if (views) look({ image, label: views.images.labels[image] ?? 0, prediction: 0, probability: 0 });
  });
  answer.clear();
  trainer.send({ type: "open", url: new URL("digits.bin", document.baseURI).href });
}

interface Views {
  readonly strip: Tiles;
  readonly confusion: Confusion;
  readonly mistakes: Tiles;
}

/** What an epoch's test came to. */
function showEpoch({ strip, confusion, mistakes }: Views, readings: readonly Reading[]): void {
  strip.show(readings.slice(0, STRIP));
  confusion.show(readings);
  const right = readings.filter(isRight).length;
  const total = readings.length.toLocaleString("en-US");
  say(
    find("confusion-text"),
    `A row for every true digit, a column for every answer: ${percent(right / readings.length)} right on ${total} test digits.`,
  );
  if (!mistakes.busy) mistakes.show(worstMistakes(readings, MISTAKES));
}

await main();

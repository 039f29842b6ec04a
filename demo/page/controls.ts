import type { Begun, FromTraining, Progress } from "../messages.ts";
import { find, say } from "./dom.ts";
import { count, duration, percent } from "./format.ts";

/** What the buttons do. */
export interface Commands {
  start(): void;
  pause(): void;
  resume(): void;
}

type State = "loading" | "ready" | "preparing" | "training" | "pausing" | "paused" | "ended" | "failed";

const LABELS: Readonly<Record<State, string>> = {
  loading: "Start training",
  ready: "Start training",
  preparing: "Start training",
  training: "Pause",
  pausing: "Pause",
  paused: "Resume",
  ended: "Train again",
  failed: "Start training",
};

/** Milliseconds between two changes of the running numbers: fast enough to live, slow enough to read. */
const REFRESH = 250;
/** Milliseconds between two things that are told to those who do not see the page. */
const SPOKEN = 10_000;

/** The buttons, the status line and the numbers above everything. */
export class Controls {
  private state: State = "loading";
  private begun: Begun | undefined;
  private latest: Progress | undefined;
  private shown = 0;
  private spoken = 0;
  private opened = false;
  private readonly run = find("run", "button");
  private readonly again = find("again", "button");
  private readonly bar = find("progress", "progress");

  constructor(private readonly commands: Commands) {
    this.run.addEventListener("click", () => this.press());
    this.again.addEventListener("click", () => this.start());
  }

  hear(message: FromTraining): void {
    if (message.type === "loading") this.loading(message.received, message.total);
    else if (message.type === "opened") this.ready();
    else if (message.type === "begun") this.begin(message);
    else if (message.type === "progress") this.progress(message);
    else if (message.type === "paused") this.paused();
    else if (message.type === "epoch") this.epoch(message.epoch, message.valAccuracy);
    else if (message.type === "ended") this.end(message.reason, message.seconds);
    else if (message.type === "failed") this.enter("failed", message.message);
  }

  private press(): void {
    if (this.state === "training") {
      this.enter("pausing", "Pausing…");
      this.commands.pause();
    } else if (this.state === "pausing" || this.state === "paused") {
      this.enter("training", "Training…");
      this.commands.resume();
    } else if (this.state !== "preparing") {
      this.start();
    }
  }

  private start(): void {
    if (!this.opened) return;
    this.enter("preparing", "Preparing the training…");
    this.bar.removeAttribute("value");
    find("settings", "details").open = false;
    this.commands.start();
  }

  private enter(state: State, text: string): void {
    this.state = state;
    const label = state === "pausing" ? "Resume" : LABELS[state];
    say(this.run, label);
    // Not disabled while preparing: a disabled button loses the keyboard's focus.
    this.run.disabled = !this.opened;
    this.again.hidden = !["training", "pausing", "paused"].includes(state);
    document.body.dataset["state"] = state;
    say(find("status"), text);
  }

  private loading(received: number, total: number | undefined): void {
    const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
    if (total) this.bar.value = received / total;
    const of = total ? ` of ${megabytes(total)}` : "";
    say(find("place"), `${megabytes(received)}${of}`);
    const status = find("status");
    if (!status.textContent?.startsWith("Fetching")) say(status, "Fetching the digits…");
  }

  private ready(): void {
    this.opened = true;
    this.bar.value = 0;
    say(find("place"), "");
    this.enter("ready", "Ready.");
  }

  private begin(begun: Begun): void {
    this.begun = begun;
    this.latest = undefined;
    this.shown = 0;
    this.spoken = 0;
    const { engine, engineReason, parameters, samples, testSamples } = begun;
    this.enter("training", "Training…");
    say(find("engine"), engine);
    say(find("why"), `Engine: ${engine}, ${engineReason}.`);
    for (const id of ["accuracy", "speed", "seen"]) say(find(id), "–");
    const weights = `A convolutional network with ${count(parameters)} weights`;
    say(
      find("facts"),
      `${weights}, ${count(samples)} digits to learn from, ${count(testSamples)} others to test it on.`,
    );
  }

  private progress(progress: Progress): void {
    this.latest = progress;
    if (performance.now() - this.shown >= REFRESH) this.showProgress();
  }

  private showProgress(): void {
    const { begun, latest } = this;
    if (!begun || !latest) return;
    this.shown = performance.now();
    const { at, samplesPerSecond, secondsLeft } = latest;
    this.bar.value = at / begun.epochs;
    const epoch = Math.ceil(at);
    const step = Math.round((at - epoch + 1) * begun.stepsPerEpoch);
    const steps = `${count(step)} of ${count(begun.stepsPerEpoch)}`;
    say(find("place"), `Epoch ${count(epoch)} of ${count(begun.epochs)}, step ${steps}`);
    say(find("left"), `${duration(secondsLeft)} left`);
    say(find("speed"), count(samplesPerSecond));
    say(find("seen"), count(Math.round(at * begun.samples)));
  }

  private epoch(epoch: number, accuracy: number): void {
    say(find("accuracy"), percent(accuracy));
    const now = performance.now();
    if (this.state !== "training" || now - this.spoken < SPOKEN) return;
    this.spoken = now;
    say(find("news"), `Epoch ${epoch} done: ${percent(accuracy)} right on new digits.`);
  }

  private paused(): void {
    this.showProgress();
    if (this.state === "pausing") this.enter("paused", "Paused.");
  }

  private end(reason: string, seconds: number): void {
    if (reason === "stopped") return; // started over
    this.showProgress();
    say(find("left"), "");
    const accuracy = find("accuracy").textContent ?? "";
    this.enter("ended", `Done: ${accuracy} right on digits it has never seen, after ${duration(seconds)}.`);
  }
}

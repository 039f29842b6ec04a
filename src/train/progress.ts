import type { Callback, EpochEndEvent, Training } from "./callback.ts";
import type { Terminal } from "./terminal.ts";
import type { Logs } from "./values.ts";

/** 0 shows nothing, 1 every epoch, "auto" the same but skips lines that nobody could read. */
export type Verbosity = 0 | 1 | "auto";

/** Milliseconds between two drawings of the bar, and between two lines that "auto" keeps. */
const drawEvery = 100;

/** Milliseconds without a line after which a long epoch says how far it is. */
const remindAfter = 20_000;

/**
 * Shows a training: first the engine and why it was chosen, then in a terminal a bar that is drawn over (loss, metrics,
 * samples per second, time left), elsewhere one plain line per epoch.
 */
export function progress(terminal: Terminal, verbosity: 1 | "auto"): Callback {
  return terminal.interactive ? new Bar(terminal, verbosity) : new Lines(terminal, verbosity);
}

/** How fast a training under way is. */
class Speed {
  private trainStarted = 0;
  private epochStarted = 0;
  private stepsWhenStarted = 0;
  private validating = false;

  trainBegins(training: Training): void {
    this.trainStarted = performance.now();
    this.stepsWhenStarted = training.step;
  }

  epochBegins(): void {
    this.epochStarted = performance.now();
    this.validating = false;
  }

  validationBegins(): void {
    this.validating = true;
  }

  /** Milliseconds since the epoch began. */
  get inEpoch(): number {
    return performance.now() - this.epochStarted;
  }

  /** "loss 0.1234  12.3k samples/s  3m 05s left". */
  describe(training: Training): string {
    const steps = training.step - this.stepsWhenStarted;
    const { stepsPerEpoch, waiting } = training;
    const left = stepsPerEpoch === undefined ? undefined : training.epochs * stepsPerEpoch - steps;
    const seconds = (performance.now() - this.trainStarted) / 1000;
    const perStep = seconds / Math.max(steps, 1);
    const facts = [
      this.validating ? "validating" : formatLogs(training.runningLogs()),
      speedOf(training.stepInEpoch * training.batchSize, this.inEpoch / 1000),
      waitingShare(waiting, seconds),
      steps > 0 && left !== undefined ? `${formatSeconds(left * perStep)} left` : "",
    ];
    return facts.filter(Boolean).join("  ");
  }
}

/** One plain line per epoch, in long epochs more; "auto" leaves out those that follow another within 100 ms. */
export class Lines implements Callback {
  private readonly speed = new Speed();
  private timer: ReturnType<typeof setInterval> | undefined;
  private lastAt = Number.NEGATIVE_INFINITY;
  private quietSince = 0;
  private unsaid: string | undefined;

  constructor(
    private readonly terminal: Terminal,
    private readonly verbosity: 1 | "auto",
    private readonly patience = remindAfter,
  ) {}

  onTrainBegin({ training }: { training: Training }): void {
    this.terminal.write(`${headline(training)}\n`);
    this.speed.trainBegins(training);
    this.quietSince = performance.now();
    this.timer = setInterval(() => this.remind(training), this.patience / 4);
    this.timer.unref?.();
  }

  onEpochBegin(): void {
    this.speed.epochBegins();
  }

  onValidationBegin(): void {
    this.speed.validationBegins();
  }

  private remind(training: Training): void {
    const now = performance.now();
    if (now - this.quietSince < this.patience || training.stepInEpoch === 0) return;
    const place = `step ${training.stepInEpoch}${training.stepsPerEpoch ? `/${training.stepsPerEpoch}` : ""}`;
    this.terminal.write(`${epochTitle(training, training.epoch)}  ${place}  ${this.speed.describe(training)}\n`);
    this.quietSince = now;
  }

  onEpochEnd(event: EpochEndEvent): void {
    const line = `${epochTitle(event.training, event.epoch)}  ${epochSummary(event)}\n`;
    const now = performance.now();
    this.unsaid = line;
    if (this.verbosity === 1 || now - this.lastAt >= drawEvery) {
      this.terminal.write(line);
      this.unsaid = undefined;
      this.lastAt = now;
      this.quietSince = now;
    }
  }

  onTrainEnd({ training, reason }: { training: Training; reason: string }): void {
    clearInterval(this.timer);
    if (this.unsaid) this.terminal.write(this.unsaid);
    this.unsaid = undefined;
    if (reason !== "epochs") this.terminal.write(`Stopped after ${epochCount(training)}: ${reason}\n`);
  }
}

/** A bar drawn over at most every 100 ms by a timer, so that a step costs nothing; finished epochs stay as lines. */
class Bar implements Callback {
  private readonly speed = new Speed();
  private timer: ReturnType<typeof setInterval> | undefined;
  private lastKept = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly terminal: Terminal,
    private readonly verbosity: 1 | "auto",
  ) {}

  onTrainBegin({ training }: { training: Training }): void {
    this.terminal.write(`${headline(training)}\n`);
    this.speed.trainBegins(training);
    this.timer = setInterval(() => this.draw(training), drawEvery);
    this.timer.unref?.();
  }

  onEpochBegin(): void {
    this.speed.epochBegins();
  }

  onValidationBegin(): void {
    this.speed.validationBegins();
  }

  onEpochEnd(event: EpochEndEvent): void {
    const now = performance.now();
    const last = event.epoch + 1 === event.training.epochs;
    const keep = this.verbosity === 1 || now - this.lastKept >= drawEvery || last;
    if (keep) this.lastKept = now;
    if (keep || this.speed.inEpoch >= drawEvery) {
      const line = `${epochTitle(event.training, event.epoch)}  ${epochSummary(event)}`;
      this.terminal.write(`${eraseLine}${cut(line, this.terminal.columns)}${keep ? "\n" : ""}`);
    }
  }

  onTrainEnd({ training, reason }: { training: Training; reason: string }): void {
    clearInterval(this.timer);
    this.terminal.write(eraseLine);
    if (reason !== "epochs") this.terminal.write(`Stopped after ${epochCount(training)}: ${reason}\n`);
  }

  private draw(training: Training): void {
    const { columns } = this.terminal;
    const title = epochTitle(training, training.epoch);
    const text = this.speed.describe(training);
    const room = Math.min(30, columns - title.length - text.length - 6);
    const { stepInEpoch, stepsPerEpoch } = training;
    // How long an epoch is that nobody has counted shows when it is over: till then its steps are told.
    const bar =
      stepsPerEpoch === undefined ? `step ${stepInEpoch}` : room >= 5 && drawBar(stepInEpoch / stepsPerEpoch, room);
    const line = bar ? `${title}  ${bar}  ${text}` : `${title}  ${text}`;
    this.terminal.write(`${eraseLine}${cut(line, columns)}`);
  }
}

/** Carriage return and "erase to the end of the line". */
const eraseLine = "\r\x1b[K";

/** "Engine native: ...; 8000 samples (2000 for validation), batches of 32, 10 epochs". */
function headline(training: Training): string {
  const { engine, engineReason } = training;
  const validation = training.validationSamples > 0 ? ` (${training.validationSamples} for validation)` : "";
  return (
    `Engine ${engine}: ${engineReason.replace(`${engine}: `, "")}\n` +
    `${training.samples === undefined ? "A stream of samples" : count(training.samples, "sample")}${validation}, batches of ${training.batchSize}, ${count(training.epochs, "epoch")}`
  );
}

function epochTitle(training: Training, epoch: number): string {
  return `Epoch ${String(epoch + 1).padStart(String(training.epochs).length)}/${training.epochs}`;
}

function epochCount(training: Training): string {
  return `epoch ${training.epoch + 1}, step ${training.step}`;
}

function epochSummary({ training, logs, seconds }: EpochEndEvent): string {
  const { samples, waiting } = training;
  const facts = [
    formatLogs(logs),
    speedOf(samples ?? 0, seconds),
    formatSeconds(seconds),
    waitingShare(waiting - waitedBefore(training, waiting), seconds),
  ];
  return facts.filter(Boolean).join("  ");
}

/** "waited 23 % for data"; nothing for what nobody notices. */
function waitingShare(waiting: number, seconds: number): string {
  const share = seconds > 0 ? waiting / seconds : 0;
  return share >= 0.05 ? `waited ${Math.round(100 * share)} % for data` : "";
}

/** Seconds that a training had waited when an epoch's line was made last. */
const waits = new WeakMap<Training, number>();

function waitedBefore(training: Training, now: number): number {
  const before = waits.get(training) ?? 0;
  waits.set(training, now);
  return before;
}

/** "12.3k samples/s"; nothing for what took no time: a browser's clock moves in steps of up to a millisecond. */
function speedOf(samples: number, seconds: number): string {
  return samples > 0 && seconds > 0 ? `${formatRate(samples / seconds)} samples/s` : "";
}

/** "loss 0.1234  accuracy 0.9876"; lists are left to the evaluation's report. */
export function formatLogs(logs: Logs): string {
  const numbers = Object.entries(logs).filter((entry): entry is [string, number] => typeof entry[1] === "number");
  return numbers.map(([name, value]) => `${name} ${formatNumber(value)}`).join("  ");
}

/** Four digits, as 0.1234 or 1.234e-7. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-3 && size < 1e5)) return value.toFixed(size < 10 ? 4 : 2);
  return value.toExponential(3);
}

/** "812", "12.3k", "4.56M". */
export function formatRate(rate: number): string {
  if (rate < 1000) return rate.toFixed(rate < 10 ? 1 : 0);
  return rate < 1e6 ? `${(rate / 1e3).toPrecision(3)}k` : `${(rate / 1e6).toPrecision(3)}M`;
}

/** "0.8s", "12s", "3m 05s", "2h 07m". */
export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  const two = (n: number) => String(n).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h ${two(Math.floor((whole % 3600) / 60))}m`;
}

/** A bar of `width` characters, in eighths of a character. */
export function drawBar(done: number, width: number): string {
  const eighths = Math.round(Math.min(Math.max(done, 0), 1) * width * 8);
  const full = "█".repeat(Math.floor(eighths / 8));
  const part = [..." ▏▎▍▌▋▊▉"][eighths % 8] ?? "";
  return `${(eighths % 8 > 0 ? full + part : full).padEnd(width, "░")}`;
}

/** A line longer than the terminal would break and could not be drawn over. */
function cut(line: string, columns: number): string {
  return line.length < columns ? line : `${line.slice(0, Math.max(columns - 2, 0))}…`;
}

function count(n: number, thing: string): string {
  return `${n} ${thing}${n === 1 ? "" : "s"}`;
}

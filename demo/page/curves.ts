import type { EpochResult, Progress } from "../messages.ts";
import { Chart } from "./chart.ts";
import { find, make } from "./dom.ts";
import { count, decimal, percent } from "./format.ts";

/** Milliseconds between two drawings: calm to look at, and cheap. */
const REDRAW = 200;
/** Rows of the table of numbers; the newest stand first. */
const ROWS = 60;

/** The three charts and the table behind them. */
export class Curves {
  private readonly loss: Chart;
  private readonly accuracy: Chart;
  private readonly speed: Chart;
  private waiting = false;

  constructor() {
    find("numbers-scroll").tabIndex = 0; // so that the keyboard scrolls it
    const charts = find("charts");
    const changed = () => this.redraw();
    const short = (value: number) => String(Number(value.toPrecision(3)));
    const share = (value: number) => `${Number((value * 100).toPrecision(4))} %`;
    const large = (value: number) => (value >= 10_000 ? `${value / 1000}k` : short(value));
    this.loss = new Chart(
      charts,
      { title: "Loss", format: decimal, tick: short, axis: "falling", test: true },
      changed,
    );
    const accuracy = { title: "Accuracy", format: percent, tick: share, axis: "share", test: true } as const;
    this.accuracy = new Chart(charts, accuracy, changed);
    this.speed = new Chart(charts, { title: "Images per second", format: count, tick: large }, changed);
  }

  clear(epochs: number): void {
    for (const chart of this.charts) chart.clear(epochs);
    find("numbers").replaceChildren();
    this.redraw();
  }

  progress({ at, loss, accuracy, samplesPerSecond }: Progress): void {
    this.loss.train.add(at, loss);
    this.accuracy.train.add(at, accuracy);
    this.speed.train.add(at, samplesPerSecond);
    this.redraw();
  }

  epoch({ epoch, loss, accuracy, valLoss, valAccuracy, samplesPerSecond }: EpochResult): void {
    this.loss.test.add(epoch, valLoss);
    this.accuracy.test.add(epoch, valAccuracy);
    for (const chart of this.charts) chart.describe();
    const table = find("numbers");
    const row = document.createElement("tr");
    make(row, "th", "", String(epoch)).scope = "row";
    const numbers = [decimal(loss), decimal(valLoss), percent(accuracy), percent(valAccuracy), count(samplesPerSecond)];
    for (const text of numbers) make(row, "td", "", text);
    table.prepend(row);
    while (table.children.length > ROWS) table.lastElementChild?.remove();
    this.redraw();
  }

  private get charts(): readonly Chart[] {
    return [this.loss, this.accuracy, this.speed];
  }

  private redraw(): void {
    if (this.waiting) return;
    this.waiting = true;
    setTimeout(() => {
      requestAnimationFrame(() => {
        this.waiting = false;
        for (const chart of this.charts) chart.draw();
      });
    }, REDRAW);
  }
}

import { find, make, say } from "./dom.ts";
import type { Reading, TestImages } from "./results.ts";
import { Tiles } from "./tiles.ts";

/** Digits shown of a cell. */
const EXAMPLES = 12;
/** Above this share a cell has its full colour. */
const PALEST_STRONG = 0.6;

/** How often each digit was taken for each: a grid to walk in, and the digits behind the present cell. */
export class Confusion {
  private readonly cells: HTMLTableCellElement[][] = [];
  private readonly examples: Tiles;
  private readings: readonly Reading[] = [];
  /** The present cell: true digit and answer. */
  private at: readonly [number, number] = [0, 0];
  private chosen = false;

  constructor(images: TestImages, look: (reading: Reading) => void) {
    this.examples = new Tiles(find("examples"), images, look);
    const table = find("confusion", "table");
    table.role = "grid";
    const head = make(make(table, "thead"), "tr");
    head.role = "row";
    make(head, "th", "corner", "true").role = "columnheader";
    for (let digit = 0; digit < 10; digit++) heading(head, digit, "columnheader");
    const body = make(table, "tbody");
    for (let label = 0; label < 10; label++) {
      const row = make(body, "tr");
      row.role = "row";
      heading(row, label, "rowheader");
      this.cells.push(Array.from({ length: 10 }, (_, prediction) => this.cell(row, label, prediction)));
    }
    table.addEventListener("keydown", (event) => this.key(event));
    this.show([]);
  }

  show(readings: readonly Reading[]): void {
    this.readings = readings;
    const counts = this.cells.map(() => new Array<number>(10).fill(0));
    for (const { label, prediction } of readings) counts[label]![prediction]!++;
    this.cells.forEach((row, label) => {
      const total = counts[label]!.reduce((sum, count) => sum + count, 0);
      row.forEach((cell, prediction) => {
        const count = counts[label]![prediction]!;
        const kind = count === 0 ? "none" : label === prediction ? "hit" : "miss";
        cell.className = kind;
        // Rare mistakes must be seen beside hundreds of right answers: their share is drawn larger than it is.
        const share = total === 0 ? 0 : label === prediction ? count / total : Math.min(1, 0.18 + (count / total) * 6);
        // Between a pale and a full ground there is none on which letters of either kind are legible.
        const strong = share > PALEST_STRONG;
        cell.style.setProperty("--share", kind === "none" ? "0" : strong ? "1" : share.toFixed(3));
        cell.classList.toggle("strong", strong);
        say(cell, readings.length === 0 ? "·" : String(count));
        cell.setAttribute("aria-label", spoken(label, prediction, count));
      });
    });
    if (!this.chosen && readings.length > 0) this.stand(...mostFrequentMistake(counts));
    if (!this.examples.busy) this.showExamples();
  }

  private cell(row: HTMLElement, label: number, prediction: number): HTMLTableCellElement {
    const cell = make(row, "td");
    cell.role = "gridcell";
    cell.tabIndex = label === 0 && prediction === 0 ? 0 : -1;
    for (const event of ["focus", "pointerenter", "click"] as const) {
      cell.addEventListener(event, () => this.choose(label, prediction));
    }
    return cell;
  }

  private choose(label: number, prediction: number): void {
    this.chosen = true;
    this.stand(label, prediction);
    this.showExamples();
  }

  private stand(label: number, prediction: number): void {
    const [before, now] = [this.cells[this.at[0]]?.[this.at[1]], this.cells[label]?.[prediction]];
    if (before) before.tabIndex = -1;
    before?.removeAttribute("aria-selected");
    if (now) now.tabIndex = 0;
    now?.setAttribute("aria-selected", "true");
    this.at = [label, prediction];
  }

  private key(event: KeyboardEvent): void {
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      Home: [0, -9],
      End: [0, 9],
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    const inside = (value: number) => Math.min(9, Math.max(0, value));
    this.cells[inside(this.at[0] + move[0])]?.[inside(this.at[1] + move[1])]?.focus();
  }

  private showExamples(): void {
    if (this.readings.length === 0) return this.examples.show([]);
    const [label, prediction] = this.at;
    const found = this.readings.filter((reading) => reading.label === label && reading.prediction === prediction);
    // Of mistakes the surest, of right answers the least sure: both tell most.
    const surest = found.sort((a, b) => (b.probability - a.probability) * (label === prediction ? -1 : 1));
    this.examples.show(surest.slice(0, EXAMPLES));
    say(find("examples-title"), spoken(label, prediction, found.length));
    const some = `Those it was ${label === prediction ? "least sure" : "surest"} of.`;
    say(find("examples-hint"), found.length > EXAMPLES ? some : "");
  }
}

function heading(row: HTMLElement, digit: number, role: string): void {
  make(row, "th", "", String(digit)).role = role;
}

function mostFrequentMistake(counts: readonly (readonly number[])[]): [label: number, prediction: number] {
  let most: [number, number] = [0, 0];
  let highest = 0;
  counts.forEach((row, label) => {
    row.forEach((count, prediction) => {
      if (label === prediction || count <= highest) return;
      most = [label, prediction];
      highest = count;
    });
  });
  return most;
}

function spoken(label: number, prediction: number, count: number): string {
  const times = count === 1 ? "once" : count === 0 ? "never" : `${count} times`;
  return label === prediction ? `${label} read rightly: ${times}` : `${label} taken for ${prediction}: ${times}`;
}

import { find, make, say } from "./dom.ts";
import { percent } from "./format.ts";
import { showInk } from "./ink.ts";

/** A reader is told of an answer when it has not changed for so many milliseconds. */
const SETTLED = 700;

/** What the network says about the drawing: the digit, how sure it is, and the probability of each. */
export class Answer {
  private readonly rows: { row: HTMLElement; bar: HTMLElement; share: HTMLElement }[] = [];
  private settling: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    const list = find("bars");
    for (let digit = 0; digit < 10; digit++) {
      const row = make(list, "li");
      make(row, "span", "name", String(digit));
      const bar = make(make(row, "span", "track"), "span", "bar");
      this.rows.push({ row, bar, share: make(row, "span", "share", "–") });
    }
  }

  /** Nothing is drawn. */
  clear(): void {
    clearTimeout(this.settling);
    say(find("digit"), "?");
    say(find("sure"), "Nothing drawn yet");
    say(find("spoken"), "");
    showInk(find("seen-canvas", "canvas"), undefined, 1);
    for (const { row, bar, share } of this.rows) {
      row.classList.remove("most");
      bar.style.transform = "";
      say(share, "–");
    }
  }

  /** @param pixels what was asked about: [784], 0 to 1. */
  show(pixels: Float32Array, probabilities: Float32Array, trained: boolean): void {
    showInk(find("seen-canvas", "canvas"), pixels, 1);
    const best = bestOf(probabilities);
    this.rows.forEach(({ row, bar, share }, digit) => {
      const probability = probabilities[digit] ?? 0;
      row.classList.toggle("most", digit === best);
      bar.style.transform = `translateX(${(probability * 100 - 100).toFixed(1)}%)`;
      say(share, percent(probability));
    });
    const surely = percent(probabilities[best] ?? 0);
    say(find("digit"), String(best));
    say(find("sure"), trained ? `${surely} sure` : "A guess: it has learned nothing yet");
    clearTimeout(this.settling);
    this.settling = setTimeout(() => say(find("spoken"), `It reads ${best}, ${surely} sure.`), SETTLED);
  }
}

/** Where the largest value stands. */
export function bestOf(probabilities: Float32Array): number {
  return probabilities.indexOf(Math.max(...probabilities));
}

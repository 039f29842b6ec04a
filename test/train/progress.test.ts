import { describe, expect, test } from "vitest";
import type { Callback } from "../../src/index.ts";
import { drawBar, formatLogs, formatNumber, formatRate, formatSeconds, Lines } from "../../src/train/progress.ts";
import { classifier, lineData, Paper } from "./fixture.ts";

async function train(terminal: Paper, options: object) {
  const { x, y } = lineData(20);
  const network = classifier();
  network.compile({ optimizer: "adam", loss: "binaryCrossentropy", metrics: ["accuracy"] });
  return network.fit(x, y, { batchSize: 8, terminal, ...options });
}

const pause: Callback = { onStepEnd: () => new Promise((resolve) => setTimeout(resolve, 120)) };

describe("progress without a terminal", () => {
  test("is one plain line per epoch, after the engine and why it was chosen", async () => {
    const paper = new Paper();
    await train(paper, { epochs: 3, validationSplit: 0.2, verbose: 1 });
    const [engine, plan, ...epochs] = paper.lines;
    expect(engine).toMatch(/^Engine (native|wasm|reference): \S/);
    expect(plan).toBe("16 samples (4 for validation), batches of 8, 3 epochs");
    expect(epochs).toHaveLength(3);
    for (const [i, line] of epochs.entries()) {
      expect(line).toMatch(
        new RegExp(
          `^Epoch ${i + 1}/3  loss [\\d.]+  accuracy [\\d.]+  valLoss [\\d.]+  valAccuracy [\\d.]+  \\S+ samples/s  [\\d.]+s$`,
        ),
      );
    }
  });

  test("leaves out what nobody could read, but says the last and why it stopped", async () => {
    const paper = new Paper();
    await train(paper, { epochs: 5000, stopWhen: { loss: 0.5 } });
    expect(paper.lines.length).toBeLessThan(500);
    expect(paper.lines.at(-1)).toMatch(/^Stopped after epoch \d+, step \d+: loss 0\.\d+ reached 0.5$/);
    expect(paper.lines.at(-2)).toMatch(/^Epoch/);
  });

  test("says in a long epoch how far it is", async () => {
    const paper = new Paper();
    await train(new Paper(), { epochs: 1, verbose: 0, callbacks: [new Lines(paper, 1, 0), pause] });
    const [, , ...lines] = paper.lines;
    expect(lines[0]).toMatch(
      /^Epoch 1\/1 {2}step \d\/3 {2}loss [\d.]+ {2}accuracy [\d.]+ {2}\S+ samples\/s {2}\S+ left$/,
    );
    expect(lines.at(-1)).toMatch(/^Epoch 1\/1 {2}loss .*s$/);
  });

  test("is nothing at all with verbose: 0", async () => {
    const paper = new Paper();
    await train(paper, { epochs: 2, verbose: 0 });
    expect(paper.text).toBe("");
  });
});

describe("progress in a terminal", () => {
  test("draws a bar over itself and keeps a line for an epoch", async () => {
    const paper = new Paper(true, 100);
    await train(paper, { epochs: 2, callbacks: [pause] });
    const drawings = paper.text.split("\r\x1b[K");
    const bars = drawings.filter((text) => text.includes("█") || text.includes("░"));
    expect(bars.length).toBeGreaterThan(2);
    expect(bars.at(-1)).toMatch(
      /^Epoch 2\/2 {2}█+\S*░* {2}loss [\d.]+ {2}accuracy [\d.]+ {2}\S+ samples\/s {2}[\d.]+s left$/,
    );
    const kept = drawings.filter((text) => text.endsWith("\n")).flatMap((text) => text.split("\n").filter(Boolean));
    expect(kept.slice(-2).map((line) => line.slice(0, 9))).toEqual(["Epoch 1/2", "Epoch 2/2"]);
  });

  test.each([20, 40, 60, 200])("stays within %i columns", async (columns) => {
    const paper = new Paper(true, columns);
    await train(paper, { epochs: 1, validationSplit: 0.2, callbacks: [pause] });
    const [, ...drawings] = paper.text.split("\r\x1b[K");
    expect(drawings.length).toBeGreaterThan(1);
    for (const drawing of drawings) expect([...drawing.replace("\n", "")].length).toBeLessThan(columns);
  });
});

describe("numbers for people", () => {
  test("are short", () => {
    expect([0, 0.1234567, 0.00012, 1e-12, 12.345, 123456, -3].map(formatNumber)).toEqual(
      ["0.0000", "0.1235", "1.200e-4", "1.000e-12", "12.35", "1.235e+5", "-3.0000"], // prettier-ignore
    );
    expect([1.234, 812.4, 12345, 4.56e6].map(formatRate)).toEqual(["1.2", "812", "12.3k", "4.56M"]);
    expect([0.8, 12.4, 185, 7620].map(formatSeconds)).toEqual(["0.8s", "12s", "3m 05s", "2h 07m"]);
    expect(formatLogs({ loss: 0.5, confusionMatrix: [[1]], accuracy: 1 })).toBe("loss 0.5000  accuracy 1.0000");
    expect([0, 0.5, 0.5625, 1].map((done) => drawBar(done, 4))).toEqual(["░░░░", "██░░", "██▎░", "████"]);
  });
});

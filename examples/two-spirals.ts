/**
 * Two spirals: 194 points on two arms that wind around each other three times (Lang and Witbrock 1988).
 * A network learns which arm a point belongs to; the plane as it sees it is drawn in the terminal.
 *
 *     npx tsx examples/two-spirals.ts
 */
import { layers, type Model, optimizers, sequential } from "descent";
import { startedDirectly } from "./direct.ts";

/** The benchmark's points, arms in turn; coordinates from -3 to 3. */
export function spirals(): { x: number[][]; y: number[][] } {
  const x: number[][] = [];
  const y: number[][] = [];
  for (let i = 0; i < 97; i++) {
    const angle = (i * Math.PI) / 16;
    const radius = (3 * (104 - i)) / 104;
    x.push(
      [radius * Math.sin(angle), radius * Math.cos(angle)],
      [-radius * Math.sin(angle), -radius * Math.cos(angle)],
    );
    y.push([1], [0]);
  }
  return { x, y };
}

export function network(seed: number): Model {
  const hidden = { activation: "relu", kernelInitializer: "heNormal" } as const;
  return sequential(
    [
      layers.dense(64, { ...hidden, inputShape: [2] }),
      layers.dense(64, hidden),
      layers.dense(64, hidden),
      layers.dense(1, { activation: "sigmoid" }),
    ],
    { seed },
  );
}

export async function main({ verbose = "auto", seed = 1 }: { verbose?: 0 | 1 | "auto"; seed?: number } = {}) {
  const { x, y } = spirals();
  const model = network(seed);
  const optimizer = optimizers.adam({ learningRate: 0.003 });
  model.compile({ optimizer, loss: "binaryCrossentropy", metrics: ["accuracy"] });
  const history = await model.fit(x, y, { epochs: 2000, batchSize: 32, stopWhen: { loss: 0.01 }, seed, verbose });
  const { loss, accuracy } = await model.evaluate(x, y);

  const places = grid();
  const seen = [...(await (await model.predict(places.flat())).data())];
  return {
    epochs: history.epochs.length,
    loss,
    accuracy,
    picture: draw(x, y, seen, places[0]?.length ?? 0),
  };
}

/** Places in the plane, rows from top to bottom; a character is twice as high as wide. */
function grid(): number[][][] {
  const at = (i: number, count: number) => (6.4 * i) / (count - 1) - 3.2;
  return Array.from({ length: 31 }, (_, row) =>
    Array.from({ length: 61 }, (_, column) => [at(column, 61), -at(row, 31)]),
  );
}

/** The plane as characters: the regions of the arms blank and dotted, their points o and x. */
function draw(x: readonly number[][], y: readonly number[][], seen: readonly number[], width: number): string[] {
  const lines: string[][] = [];
  for (let i = 0; i < seen.length; i += width) lines.push(seen.slice(i, i + width).map((p) => (p > 0.5 ? "·" : " ")));
  x.forEach(([right = 0, up = 0], i) => {
    const row = Math.round(((3.2 - up) / 6.4) * (lines.length - 1));
    const column = Math.round(((right + 3.2) / 6.4) * (width - 1));
    lines[row]![column] = y[i]?.[0] === 1 ? "x" : "o";
  });
  return lines.map((line) => line.join(""));
}

if (startedDirectly(import.meta.url)) {
  const { epochs, accuracy, picture } = await main();
  console.log(`\n${picture.join("\n")}\n\nAccuracy ${(accuracy * 100).toFixed(1)} % after ${epochs} epochs.`);
}

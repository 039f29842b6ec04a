import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodePng } from "../../src/cli/report/index.ts";

function randomOf(seed: number): () => number {
  let state = seed * 7919 + 17;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** Where the bar is. */
export const placeOf = (seed: number) => 1 + Math.floor(randomOf(seed)() * 6);

/** A bar at a place of its own, upright or across, in noise: no pixel alone tells which. */
export function picture(kind: string, seed: number): Uint8Array {
  const random = randomOf(seed);
  random();
  const place = placeOf(seed);
  return encodePng(
    Float32Array.from({ length: 64 }, (_, i) =>
      (kind === "across" ? i >> 3 : i & 7) === place ? 0.8 : 0.2 * random(),
    ),
    [8, 8],
  );
}

/** A folder "bars" with 60 pictures of each of two classes, and "told.csv", a table with a number and two labels of each. */
export function writeBars(folder: string): void {
  const told = ["file,place,across,low"];
  for (const kind of ["across", "upright"]) {
    mkdirSync(join(folder, "bars", kind), { recursive: true });
    for (let i = 0; i < 60; i++) {
      const seed = i + (kind === "across" ? 0 : 100);
      writeFileSync(join(folder, "bars", kind, `${i}.png`), picture(kind, seed));
      const place = placeOf(seed);
      const place100 = kind === "across" && i === 7 ? "" : `$${1000 + 100 * place}.50`;
      told.push(`${kind}/${i}.png,"${place100}",${kind === "across" ? "yes" : "no"},${place < 3 ? 1 : 0}`);
    }
  }
  writeFileSync(join(folder, "told.csv"), `${told.join("\n")}\n`);
}

/** 150 flowers whose kind follows from two lengths, some of them missing, as CSV. */
export function flowers(): string {
  const rows = Array.from({ length: 150 }, (_, i) => {
    const kind = i % 3;
    const [petal, sepal] = [kind * 2 + ((i * 7) % 10) / 10, 5 + ((i * 13) % 10) / 5];
    return `${i % 23 === 0 ? "" : petal},${sepal},${["north", "south"][i % 2]},${["rose", "tulip", "lily"][kind]}`;
  });
  return `petal,sepal,side,kind\n${rows.join("\n")}\n`;
}

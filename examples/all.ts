import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Outcome } from "./direct.ts";

/** An example as `npm run examples` runs it. */
export interface Example {
  readonly target: string;
  /** The seed is of all that is random: the split, the first weights, the order of the samples. */
  readonly run: (seed: number) => Promise<Outcome>;
}

const percent = (share: number, digits = 1) => `${(100 * share).toFixed(digits)} %`;

/** All examples, the quick ones first. */
export const EXAMPLES: Readonly<Record<string, Example>> = {
  article: {
    target: "all three samples right, a loss below 0.01 or 1,000 epochs",
    async run(seed) {
      const { epochs, loss, accuracy } = await (await import("./article.ts")).main({ verbose: 0, seed });
      const passed = accuracy === 1 && (loss < 0.01 || epochs === 1000);
      return { result: `${percent(accuracy, 0)} right, loss ${loss.toFixed(4)} after ${epochs} epochs`, passed };
    },
  },
  xor: {
    target: "all four answers right, a loss below 0.01",
    async run(seed) {
      const { epochs, loss, accuracy } = await (await import("./xor.ts")).main({ verbose: 0, seed });
      const result = `${percent(accuracy, 0)} right, loss ${loss.toFixed(4)} after ${epochs} epochs`;
      return { result, passed: accuracy === 1 && loss < 0.01 };
    },
  },
  "linear-regression": {
    target: "R2 on new cars within 0.0001 of the closed-form solution's",
    async run(seed) {
      const { r2, exactR2 } = await (await import("./linear-regression.ts")).main({ verbose: 0, seed });
      const result = `R2 ${r2.toFixed(5)}, closed form ${exactR2.toFixed(5)}`;
      return { result, passed: Math.abs(r2 - exactR2) < 1e-4 };
    },
  },
  "two-spirals": {
    target: "at least 99 % of the points right",
    async run(seed) {
      const { accuracy, epochs } = await (await import("./two-spirals.ts")).main({ verbose: 0, seed });
      return { result: `${percent(accuracy)} after ${epochs} epochs`, passed: accuracy >= 0.99 };
    },
  },
  digits: {
    target: "at least 98.5 % of 2,000 new images right (what npm start runs)",
    async run(seed) {
      const folder = await mkdtemp(join(tmpdir(), "descent-digits-"));
      try {
        const { accuracy } = await (await import("./digits.ts")).main({ folder, verbose: 0, seed });
        return { result: `${percent(accuracy, 2)} right`, passed: accuracy >= 0.985 };
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  },
  weather: await example(() => import("./weather.ts"), {}),
  lora: await example(() => import("./lora.ts"), {}),
  vae: await example(() => import("./vae.ts"), {}),
  unet: await example(() => import("./unet.ts"), {}),
  documentation: await example(() => import("./documentation.ts"), {}),
  dates: await example(() => import("./dates.ts"), {}),
  optimizers: await example(() => import("./optimizers.ts"), { file: "runs/optimizers.svg" }),
  gpt: {
    target: "a validation loss of at most 1.5 on TypeScript's declarations",
    async run(seed) {
      const args = ["--import", "tsx", fileURLToPath(new URL("gpt.ts", import.meta.url)), "--seed", `${seed}`];
      const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: "utf8" });
      const loss = Number(/validation loss ([\d.]+)/.exec(stdout)?.[1] ?? Number.NaN);
      const result = status === 0 ? `validation loss ${loss}` : stderr.trim();
      return { result, passed: loss <= 1.5 };
    },
  },
  "digits-folds": await example(() => import("./digits-folds.ts"), { say: console.log }),
};

/** An example whose module states its own target. */
async function example<Options extends object>(
  load: () => Promise<{ target: string; main: (options: Options & { seed: number }) => Promise<Outcome> }>,
  options: Options,
): Promise<Example> {
  const { target, main } = await load();
  return { target, run: (seed) => main({ ...options, seed }) };
}

import { stat } from "node:fs/promises";
import { basename, dirname, extname, relative, resolve, sep } from "node:path";
import type { Config } from "../config/define.ts";
import type { LoadedConfig } from "../config/load.ts";
import { checkConfig } from "../config/schema.ts";
import { requireFile } from "../data/files.ts";
import { EXIT } from "../exit.ts";

/** Borders of small and middling texts, in bytes. */
const SMALL = 200_000;
const LARGE = 5_000_000;

type TextPlan = Pick<Config, "data" | "model" | "fit">;

/**
 * The rules by which a text is learned. Tokens: characters below 200 kB, 512 byte pairs below 5 MB, else 2048. Model: a GPT of 2 blocks, width 64
 * and dropout 0.2; 4, 128 and 0.1; or 6, 192 and none, by the same borders, with 4 heads (6). It sees 64 tokens at once (128 of large texts), each
 * window beginning with half of the one before where there is little to learn from. AdamW at 0.001, batches of 16 windows; the last tenth is held
 * back to test, the last tenth of the rest to watch: until its loss has not fallen for 2 epochs; at most as many as show 2 million characters
 * (20 to 200), 8, or 2 by the same borders; the best weights stay.
 */
export function planText(path: string, bytes: number): TextPlan {
  const place = bytes < SMALL ? 0 : bytes < LARGE ? 1 : 2;
  const by = <T>(values: readonly [T, T, T]) => values[place];
  const context = by([64, 64, 128]);
  return {
    data: {
      path,
      tokenizer: by([{ kind: "characters" }, { kind: "bytePairs", size: 512 }, { kind: "bytePairs", size: 2048 }]),
      context,
      stride: by([context / 2, context, context]),
    },
    model: {
      kind: "gpt",
      blocks: by([2, 4, 6]),
      heads: by([4, 4, 6]),
      width: by([64, 128, 192]),
      dropout: by([0.2, 0.1, 0]),
    },
    fit: {
      epochs: by([Math.max(20, Math.min(200, Math.round(2_000_000 / Math.max(1, bytes)))), 8, 2]),
      batchSize: 16,
      validationSplit: 0.1,
      callbacks: [{ kind: "earlyStopping", patience: 2, restoreBestWeights: true }],
    },
  };
}

/** Whether `descent train` was given a text: a file that ends as one, and no column to predict. */
export function isText(source: string, target: unknown): boolean {
  return target === undefined && [".txt", ".text", ".md"].includes(extname(source).toLowerCase());
}

/** The config by which the rules learn a text. */
export async function textConfig(file: string): Promise<LoadedConfig & { code: (folder: string) => string }> {
  await requireFile(file, EXIT.data, "a text");
  const { size } = await stat(file);
  const absolute = resolve(file);
  const plan = planText(basename(file), size);
  return {
    config: checkConfig(plan, file),
    path: file,
    folder: dirname(absolute),
    stem: basename(file, extname(file)),
    code: (folder) => textCode({ ...plan, data: { ...(plan.data as object), path: pathFrom(folder, absolute) } }),
  };
}

const pathFrom = (folder: string, file: string) => relative(folder, file).split(sep).join("/");

/** The same as a config to edit and to run. */
function textCode(plan: object): string {
  const literal = JSON.stringify(plan, null, 2).replace(/^(\s*)"([A-Za-z_$][\w$]*)":/gm, "$1$2:");
  return `// Written by descent train: how this text was learned, to edit and to run (npx descent train config.ts).
import { defineConfig } from "descent/cli";

export default defineConfig(${literal});
`;
}

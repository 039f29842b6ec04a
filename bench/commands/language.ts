import type { Precision } from "descent";
import { digits, formatTable, sleep, summarize } from "../format.ts";
import { descentLearner, type Learner, torchLearner } from "../language/learners.ts";
import { NETWORKS, settingOf } from "../language/setting.ts";

export interface LanguageOptions {
  readonly case: readonly string[];
  readonly steps: number;
  readonly blocks: number;
  readonly threads: number;
  /** Descent learns with products in float32, and in this precision if it is another. */
  readonly precision: Precision;
}

export interface LanguageResult {
  readonly name: string;
  readonly validationLoss: number;
  /** Of all steps, with what is compiled before the first. */
  readonly seconds: number;
  /** Milliseconds per step, block by block. */
  readonly msPerStep: readonly number[];
}

/** Threads stay awake for a moment after a step. */
const PAUSE_MS = 200;

/**
 * `npm run bench -- language FILE`: one training of each network from beginning to end, cut into blocks that Descent and PyTorch compute in
 * turns, who begins changing from block to block; and the loss of the text's last tenth.
 */
export async function learnText(file: string, options: LanguageOptions): Promise<Record<string, LanguageResult[]>> {
  const all: Record<string, LanguageResult[]> = {};
  for (const name of options.case) {
    const setting = settingOf(file, name, options.steps);
    const learners: Learner[] = [await descentLearner(setting)];
    if (options.precision !== "float32") learners.push(await descentLearner(setting, options.precision));
    try {
      learners.push(await torchLearner(setting, options.threads));
    } catch (error) {
      console.log(error instanceof Error ? error.message : error);
    }
    const times = learners.map((): number[] => []);
    for (let block = 0, done = 0; block < options.blocks; block++) {
      const count = Math.round(((block + 1) * options.steps) / options.blocks) - done;
      done += count;
      const order = block % 2 === 0 ? learners : learners.toReversed();
      for (const learner of order) {
        const { seconds } = await learner.steps(count);
        times[learners.indexOf(learner)]?.push((seconds / count) * 1e3);
        await sleep(PAUSE_MS);
      }
    }
    const results: LanguageResult[] = [];
    for (const [i, learner] of learners.entries()) {
      const msPerStep = times[i] ?? [];
      const seconds = (msPerStep.reduce((sum, each) => sum + each, 0) / msPerStep.length) * (options.steps / 1e3);
      results.push({ name: learner.name, validationLoss: await learner.validate(), seconds, msPerStep });
      await learner.end();
    }
    console.log(`\n${NETWORKS[name]?.title}, ${setting.vocabulary} characters, ${options.steps} steps`);
    console.log(formatResults(results));
    all[name] = results;
  }
  return all;
}

function formatResults(results: readonly LanguageResult[]): string {
  const [own] = results;
  const rows = results.map(({ name, validationLoss, seconds, msPerStep }) => {
    const { median, least, most } = summarize([...msPerStep]);
    const ratios = summarize(msPerStep.map((ms, i) => ms / (own?.msPerStep[i] ?? Number.NaN)));
    const takes = `${digits(ratios.median)}x (${digits(ratios.least)}-${digits(ratios.most)})`;
    const step = `${digits(median)} (${digits(least)}-${digits(most)})`;
    const wall = `${digits(seconds / (own?.seconds ?? 1))}x`;
    return [
      name,
      validationLoss.toFixed(4),
      `${digits(seconds)} s`,
      ...(name === own?.name ? ["-", step, "-"] : [wall, step, takes]),
    ];
  });
  return formatTable([["", "validation loss", "wall time", "takes", "ms/step", "block by block"], ...rows]);
}

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { descentLearner, torchLearner } from "../../bench/language/learners.ts";
import { rateOf, SETTING, settingOf } from "../../bench/language/setting.ts";

const folder = mkdtempSync(join(tmpdir(), "descent-language-"));
const file = join(folder, "poem.txt");
writeFileSync(file, "to be or not to be, that is the question. ".repeat(40));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("learning rates are nanoGPT's: up to step 100, then half a cosine", () => {
  // get_lr of its train.py with learning_rate 1e-3, min_lr 1e-4, warmup_iters 100, lr_decay_iters 2000
  const expected = { 0: 1e-3 / 101, 99: 1e-1 / 101, 100: 1e-3, 1050: 5.5e-4, 2000: 1e-4 };
  for (const [step, rate] of Object.entries(expected)) expect(rateOf(Number(step), 2000)).toBeCloseTo(rate, 9);
});

test("windows lie in the first nine tenths, and all is the same again", () => {
  const [one, again] = [settingOf(file, "lstm-char", 5), settingOf(file, "lstm-char", 5)];
  expect(one.training.length + one.validation.length).toBe(1680);
  expect(one.starts).toHaveLength(5 * SETTING.batch);
  expect(Math.max(...one.starts) + SETTING.context).toBeLessThan(one.training.length);
  expect(one.starts).toEqual(again.starts);
  expect(one.weights).toEqual(again.weights);
  expect(() => settingOf(file, "rnn", 5)).toThrow("no network rnn; known: gpt-mini, lstm-char");
});

test("Descent learns the same as PyTorch, where Python has it", { timeout: 120_000 }, async (context) => {
  const setting = settingOf(file, "lstm-char", 4);
  const ours = await descentLearner(setting);
  const first = [await ours.steps(2), await ours.steps(2)];
  const loss = await ours.validate();
  expect(first.every(({ seconds }) => seconds > 0)).toBe(true);
  expect(loss).toBeLessThan(Math.log(setting.vocabulary));
  const theirs = await torchLearner(setting, 1).catch((error) =>
    context.skip(`needs PyTorch: ${error instanceof Error ? error.message : error}`),
  );
  try {
    const second = [await theirs.steps(2), await theirs.steps(2)];
    second.forEach((turn, i) => {
      expect(turn.loss).toBeCloseTo(first[i]?.loss ?? 0, 4);
    });
    expect(await theirs.validate()).toBeCloseTo(loss, 4);
  } finally {
    await theirs.end();
  }
});

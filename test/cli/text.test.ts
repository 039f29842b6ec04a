import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { textBaselines } from "../../src/cli/language/baselines.ts";
import { planText } from "../../src/cli/language/rules.ts";
import { descent, workFolder, write } from "./fixture.ts";

const folder = workFolder();
const poem = "to be or not to be, that is the question: naïve 🙂. ".repeat(20);
const wasm = { DESCENT_ENGINE: "wasm" };
const run = (...args: string[]) => descent(folder, args, undefined, wasm);

const config = (data: unknown, changes: object = {}) => ({
  data,
  model: { kind: "gpt", blocks: 1, heads: 2, width: 8 },
  fit: { epochs: 2, batchSize: 16 },
  ...changes,
});

describe("a text", () => {
  beforeAll(async () => {
    write(folder, {
      "poem.txt": poem,
      "poem.json": config("poem.txt"),
      "pairs.json": config(
        { path: "poem.txt", tokenizer: { kind: "bytePairs", size: 270 }, context: 8, stride: 4 },
        { model: { kind: "lstm", units: 8, width: 4 }, output: "pairs" },
      ),
    });
    const ended = await run("train", "-q", "poem.json");
    expect(ended.stderr).toBe("");
    expect(ended.stdout).toContain("Test perplexity");
    const pairs = await run("train", "-q", "pairs.json");
    expect(pairs.stderr).toBe("");
  }, 60_000);

  test("is learned as characters, and written on; the same for a seed", async () => {
    const metrics = JSON.parse(readFileSync(join(folder, "runs/poem/metrics.json"), "utf8"));
    expect(metrics.test.perplexity).toBeCloseTo(Math.exp(metrics.test.loss), 5);
    const saved = JSON.parse(readFileSync(join(folder, "runs/poem/model/model.json"), "utf8"));
    expect(JSON.stringify(saved)).toContain('"kind":"characters"');
    const args = ["generate", "runs/poem/model", "--prompt", "to be", "--length", "20", "--seed", "3"];
    const [one, again, other] = await Promise.all([run(...args), run(...args), run(...args.slice(0, -1), "4")]);
    expect(one.code).toBe(0);
    expect([...one.stdout.trimEnd()].length).toBeGreaterThan(5);
    expect(one.stdout).toMatch(/^to be/);
    expect(again.stdout).toBe(one.stdout);
    expect(other.stdout).not.toBe(one.stdout);
  });

  test("is learned as byte pairs by a recurrent network, too", async () => {
    const { code, stdout, stderr } = await run(
      "generate",
      "pairs",
      "-p",
      "to be",
      "-l",
      "12",
      "-t",
      "0",
      "--top-k",
      "3",
    );
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^to be/);
  });

  test("needs no config: the rules choose one, write it, and hold the model against counting", async () => {
    const { stderr, stdout, code } = await run(
      "train",
      "poem.txt",
      "--epochs",
      "3",
      "-o",
      "runs/ruled",
      "--precision",
      "bfloat16",
    );
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
    expect(stdout).toContain("Try: descent generate runs/ruled/model");
    const saved = JSON.parse(readFileSync(join(folder, "runs/ruled/model/model.json"), "utf8"));
    expect(saved.training.precision).toBe("bfloat16");
    const metrics = JSON.parse(readFileSync(join(folder, "runs/ruled/metrics.json"), "utf8"));
    expect(metrics.test.loss).toBeLessThan(Math.log(new Set(poem).size)); // three epochs are few: better than nothing
    expect(metrics.baselines.bigram.loss).toBeLessThan(metrics.baselines.unigram.loss);
    expect(readFileSync(join(folder, "runs/ruled/report.html"), "utf8")).toContain("how often a token follows");
    const written = readFileSync(join(folder, "runs/ruled/config.ts"), "utf8");
    expect(written).toMatch(/^export default defineConfig\(\{\n {2}data: \{\n {4}path: "\.\.\/\.\.\/poem\.txt"/m);
    expect(written).toContain('kind: "gpt"');
  });

  test("is learned by more the longer it is", () => {
    const sizes = [100_000, 1_000_000, 50_000_000].map((bytes) => planText("a.txt", bytes));
    expect(sizes.map(({ model }) => (model as { blocks: number }).blocks)).toEqual([2, 4, 6]);
    expect(sizes.map(({ data }) => (data as { tokenizer: object }).tokenizer)).toEqual([
      { kind: "characters" },
      { kind: "bytePairs", size: 512 },
      { kind: "bytePairs", size: 2048 },
    ]);
  });

  test("is foretold by counting as by hand", () => {
    const dense = (...values: number[]) => ({ data: Int32Array.from(values), shape: [1, values.length] });
    const train = { x: dense(0, 1, 0), y: dense(1, 0, 1) };
    const { unigram, bigram } = textBaselines(train, { x: dense(0), y: dense(1) }, 2);
    expect(unigram.loss).toBeCloseTo(-Math.log(3 / 5), 12); // 1 was seen twice, 0 once, each once more
    expect(bigram.perplexity).toBeCloseTo(3 / 2.6, 12); // after 0, twice of twice
  });

  test("is refused where it can't be read, with exit codes", async () => {
    writeFileSync(join(folder, "latin.txt"), Buffer.from("caf\xe9", "latin1"));
    write(folder, {
      "short.txt": "too short",
      "latin.json": config("latin.txt"),
      "absent.json": config("absent.txt"),
      "short.json": config("short.txt"),
      "kind.json": config({ path: "poem.txt", tokenizer: "letters" }),
      "model.json": config("poem.txt", { model: { kind: "gtp" } }),
      "scaled.json": config("poem.txt", { preprocessing: "standardScaler" }),
    });
    const expected: [string, number, string][] = [
      ["latin.json", 3, "latin.txt is not UTF-8: byte 3 is 0xe9"],
      ["absent.json", 3, "absent.txt"],
      ["short.json", 3, "more than the context of 64"],
      ["kind.json", 2, 'unknown tokenizer "letters"'],
      ["model.json", 2, 'unknown language model "gtp"'],
      ["scaled.json", 2, "preprocessing scales tokens"],
    ];
    const ended = await Promise.all(expected.map(([file]) => run("train", "-q", file)));
    ended.forEach(({ code, stderr }, i) => {
      const [, wanted, message] = expected[i] as [string, number, string];
      expect(stderr).toContain(message);
      expect(stderr).not.toMatch(/(\S+\.txt): \1/); // a file is named once
      expect(code).toBe(wanted);
    });
    const prompts = await Promise.all([
      run("generate", "runs/poem/model", "--prompt", "XYZ"),
      run("generate", "runs/poem/model", "--prompt", ""),
      run("generate", "runs/poem/model", "--temperature", "hot"),
    ]);
    expect(prompts.map(({ code }) => code)).toEqual([2, 2, 2]);
    expect(prompts[0]?.stderr).toContain('--prompt: encode: character 0 is "X"');
    expect(prompts[1]?.stderr).toContain("--prompt is empty");
  }, 60_000);
});

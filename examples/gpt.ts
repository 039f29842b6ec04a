/**
 * A small GPT over characters, in the published setting that nanoGPT has for CPUs: 4 layers, 4 heads, 128 wide, 64 characters of context,
 * 2000 steps of 12 sequences. It learns TypeScript's own declarations, or the text file that it is given, and writes on:
 *
 *     npx tsx examples/gpt.ts [file.txt] [steps] [--seed 1]
 *
 * Target: on the collected Shakespeare that nanoGPT uses (1.1 MB), a validation loss of at most 1.88, the figure published for the setting.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { losses, optimizers } from "descent";
import { characterTokenizer, decodeText, tokenWindows } from "descent/text";
import { network } from "./gpt-network.ts";
import { typescriptLibrary } from "./typescript-library.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: "string", default: "1" } },
});
const [file, steps = "2000"] = positionals;
const seed = Number(values.seed);
const [context, batchSize] = [64, 12];

const text = file ? decodeText(readFileSync(file), file) : typescriptLibrary("lib.dom.d.ts");
const tokenizer = characterTokenizer(text);
const tokens = tokenizer.encode(text);
const cut = Math.floor(tokens.length * 0.9);

// As many windows as steps need, evenly over the first nine tenths; the last tenth is for validation.
const stride = Math.max(1, Math.floor((cut - context - 1) / (Number(steps) * batchSize)));
const training = tokenWindows(tokens.subarray(0, cut), context, { stride });
const validation = tokenWindows(tokens.subarray(cut), context);
const rows = Math.min(training.x.shape[0], Number(steps) * batchSize);
const first = ({ data, rowStride }: typeof training.x) => ({ data, shape: [rows, context], rowStride });

const gpt = network(tokenizer.size, context, seed);

const learningRate = {
  kind: "warmupStableDecay",
  learningRate: 1e-3,
  warmupSteps: 100,
  stableSteps: 0,
  decaySteps: Math.max(1, Number(steps) - 100),
  alpha: 0.1,
  shape: "cosine",
} as const;
gpt.compile({
  optimizer: optimizers.adamw({ learningRate, beta2: 0.99, weightDecay: 0.1 }),
  loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
});
await gpt.fit(first(training.x), first(training.y), { batchSize, seed });
const { loss } = await gpt.evaluate(validation.x, validation.y);
console.log(`validation loss ${loss.toFixed(4)}\n`);

const written: number[] = [];
for await (const token of gpt.generate(tokenizer.encode("\n"), { length: 400, temperature: 0.8, seed }))
  written.push(token);
console.log(tokenizer.decode(written));

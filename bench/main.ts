// `npm run bench [-- COMMAND] [options]`: see docs/benchmarks.md.
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Command, Option } from "commander";
import { compare } from "./commands/compare.ts";
import { measureCompile } from "./commands/compile.ts";
import { measureGeneration } from "./commands/generate.ts";
import { learnText } from "./commands/language.ts";
import { measureMemory } from "./commands/memory.ts";
import { formatScaling, scalingTasks } from "./commands/scaling.ts";
import { openChromium } from "./contest/chromium.ts";
import { CONTESTANTS, OF_PRECISION } from "./contest/contestants.ts";
import { type CompareOptions, chosen, comparing, positive } from "./options.ts";
import { CASES } from "./suite/cases.ts";
import { KERNELS } from "./suite/kernels.ts";
import { trainingTasks } from "./suite/tasks.ts";

const program = new Command("npm run bench --").description(
  "Times the training steps of the suite, side by side with other libraries in the same run.",
);

const inPrecision = (help: string) =>
  new Option("--precision <name>", help).choices(Object.keys(OF_PRECISION)).default("float32");

comparing(program.command("steps", { isDefault: true }).description("whole training steps of the suite (the default)"))
  .option("--chromium", "in pages of Chromium: WebAssembly and plain JavaScript")
  .addOption(inPrecision("also with products in this precision, and PyTorch's autocast"))
  .action(async (options: CompareOptions) => {
    const special = Object.values(OF_PRECISION).flat();
    const wanted = OF_PRECISION[options.precision ?? "float32"] ?? [];
    const keys = Object.keys(CONTESTANTS).filter(
      (key) => key !== "onnxruntime" && (!special.includes(key) || wanted.includes(key)),
    );
    if (!options.chromium) return void (await compare(trainingTasks(), keys, options));
    const host = await openChromium();
    try {
      await compare(
        trainingTasks(),
        keys.filter((key) => CONTESTANTS[key]?.browser),
        options,
        host,
      );
    } finally {
      await host.close();
    }
  });

const KERNEL_CONTESTANTS = ["descent", "pytorch", "onnxruntime", "descent-wasm", "tfjs-wasm", "jax-js"];

comparing(
  program.command("kernels").description("kernels alone: products, convolutions of ResNet-50, softmax, ..."),
).action(async (options: CompareOptions) => void (await compare(KERNELS, KERNEL_CONTESTANTS, options)));

comparing(
  program.command("scaling").description("perceptrons of growing batch, width and depth, and how time grows"),
).action(async (options: CompareOptions) => {
  console.log(`\n${formatScaling(await compare(scalingTasks(), ["descent", "pytorch"], options))}`);
});

program
  .command("compile")
  .description("from the call of fit to the first step, with an empty and with a filled cache; start of the process")
  .option("--case <name...>", "only these cases", ["mlp-mnist", "resnet20"])
  .option("--threads <n>", "threads", positive, availableParallelism())
  .option("--blocks <n>", "starts of each kind; the median is reported", positive, 5)
  .option("--sources", "of this clone's sources through tsx, instead of the package made of them")
  .option("--json <file>", "write all results to a file")
  .action(async (options: { case: string[]; threads: number; blocks: number; sources?: true; json?: string }) => {
    const form = options.sources ? "sources" : "package";
    const cases = await measureCompile(options.case, form, options.threads, options.blocks);
    if (options.json) writeFileSync(options.json, `${JSON.stringify({ cases }, null, 2)}\n`);
  });

program
  .command("memory")
  .description("memory of a training step against the least that it needs")
  .option("--case <name...>", "only these cases")
  .option("--threads <n>", "threads", positive, availableParallelism())
  .option("--json <file>", "write all results to a file")
  .action(async ({ case: names, threads, json }: { case?: string[]; threads: number; json?: string }) => {
    Object.assign(process.env, { DESCENT_ENGINE: "native", DESCENT_THREADS: String(threads) }); // read when the engine starts
    const cases = await measureMemory(chosen(names, CASES, ({ name }) => name));
    if (json) writeFileSync(json, `${JSON.stringify({ cases }, null, 2)}\n`);
  });

program
  .command("language")
  .description(
    "two language models learn a text file, from its first character to the loss of its last tenth, beside PyTorch",
  )
  .argument("<file>", "a text in UTF-8, such as the collected Shakespeare of nanoGPT")
  .option("--case <name...>", "only these networks", ["gpt-mini", "lstm-char"])
  .option("--steps <n>", "steps of 12 windows of 64 characters", positive, 2000)
  .addOption(inPrecision("also Descent with products in this precision"))
  .option("--blocks <n>", "parts that are computed in turns", positive, 10)
  .option("--threads <n>", "threads", positive, availableParallelism())
  .option("--json <file>", "write all results to a file")
  .action(async (file: string, options: Parameters<typeof learnText>[1] & { json?: string }) => {
    Object.assign(process.env, { DESCENT_ENGINE: "native", DESCENT_THREADS: String(options.threads) }); // read when the engine starts
    const cases = await learnText(file, options);
    if (options.json) writeFileSync(options.json, `${JSON.stringify({ cases }, null, 2)}\n`);
  });

program
  .command("generate")
  .description("a GPT writes 255 tokens, with the cache of keys and values and without")
  .option("--threads <n>", "threads", positive, availableParallelism())
  .action(async ({ threads }: { threads: number }) => {
    Object.assign(process.env, { DESCENT_ENGINE: "native", DESCENT_THREADS: String(threads) }); // read when the engine starts
    await measureGeneration();
  });

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

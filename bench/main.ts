// `npm run bench [-- COMMAND] [options]`: see docs/benchmarks.md.
import { Command } from "commander";
import { compare } from "./commands/compare.ts";
import { openChromium } from "./contest/chromium.ts";
import { CONTESTANTS } from "./contest/contestants.ts";
import { type CompareOptions, comparing } from "./options.ts";
import { KERNELS } from "./suite/kernels.ts";
import { trainingTasks } from "./suite/tasks.ts";

const program = new Command("npm run bench --").description(
  "Times the training steps of the suite, side by side with other libraries in the same run.",
);

comparing(program.command("steps", { isDefault: true }).description("whole training steps of the suite (the default)"))
  .option("--chromium", "in pages of Chromium: WebAssembly and plain JavaScript")
  .action(async (options: CompareOptions) => {
    const keys = Object.keys(CONTESTANTS).filter((key) => key !== "onnxruntime");
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

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

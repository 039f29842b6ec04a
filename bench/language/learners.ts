import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Callback, losses, optimizers, type Precision, tensor } from "descent";
import { tokenWindows } from "descent/text";
import { startPython } from "../contest/process.ts";
import { SETTING, type Setting } from "./setting.ts";

/** Someone who learns a text, some steps at a time. */
export interface Learner {
  readonly name: string;
  /** Seconds for the next steps, and the loss of the last one. */
  steps(count: number): Promise<{ readonly seconds: number; readonly loss: number }>;
  /** The loss of the last tenth. */
  validate(): Promise<number>;
  end(): Promise<void>;
}

interface Turn {
  readonly count: number;
  done(result: { seconds: number; loss: number }): void;
}

/** Descent through one `fit`, whose callback waits between turns. */
export async function descentLearner(setting: Setting, precision: Precision = "float32"): Promise<Learner> {
  const { suite, training, validation, starts, rates, weights } = setting;
  const { context, batch, beta2, weightDecay } = SETTING;
  const network = suite.build().compile({
    optimizer: optimizers.adamw({ learningRate: (step) => rates[step] ?? 0, beta2, weightDecay }),
    loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    precision,
  });
  network.setWeights(weights);
  const rowsFrom = (offset: number) => {
    const all = new Int32Array(starts.length * context);
    starts.forEach((start, row) => {
      all.set(training.subarray(start + offset, start + offset + context), row * context);
    });
    return tensor(all, { shape: [starts.length, context] });
  };
  const held = tokenWindows(validation, context);

  let wake: (turn: Turn | undefined) => void = () => {};
  let next = new Promise<Turn | undefined>((resolve) => (wake = resolve));
  let turn: Turn | undefined;
  let [done, begun] = [0, 0];
  const wait = async (training: { stop(reason: string): void }) => {
    turn = await next;
    next = new Promise((resolve) => (wake = resolve));
    [done, begun] = [0, performance.now()];
    if (!turn) training.stop("the benchmark is over");
  };
  const turns: Callback = {
    onStepEnd({ training, loss }) {
      if (++done < (turn?.count ?? 0)) return undefined;
      turn?.done({ seconds: (performance.now() - begun) / 1e3, loss: loss as number });
      return wait(training);
    },
  };
  let fitting: Promise<unknown> | undefined;
  let failed: unknown;
  return {
    name: precision === "float32" ? "Descent" : `Descent ${precision}`,
    steps(count) {
      return new Promise((resolve, reject) => {
        const own: Turn = { count, done: resolve };
        if (fitting) return wake(own);
        // The first turn compiles, too.
        [turn, begun] = [own, performance.now()];
        fitting = network
          .fit(rowsFrom(0), rowsFrom(1), { batchSize: batch, shuffle: false, verbose: 0, callbacks: [turns] })
          .catch((error) => {
            failed = error;
            reject(error);
          });
      });
    },
    async validate() {
      wake(undefined);
      await fitting;
      if (failed) throw failed;
      return (await network.evaluate(held.x, held.y)).loss;
    },
    async end() {},
  };
}

/** PyTorch, eager, in a process of its own. @throws when it can't be started. */
export async function torchLearner(setting: Setting, threads: number): Promise<Learner> {
  const { hello, ask, stop } = await startPython("eager", threads);
  const folder = mkdtempSync(join(tmpdir(), "descent-bench-"));
  const { task, vocabulary, steps, training, validation, starts, rates, weights } = setting;
  const numbers = join(folder, "numbers");
  const arrays = [...Object.values(weights), training, validation, starts, rates];
  const bytes = arrays.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength));
  writeFileSync(numbers, Buffer.concat(bytes));
  const { context, batch, beta2, weightDecay } = SETTING;
  const lengths = { training: training.length, validation: validation.length };
  const sizes = { context, batch, beta2, weightDecay, steps, ...lengths };
  const answer = async (request: object) => {
    const given = (await ask(request as never)) as { error?: string; seconds: number; loss: number };
    if (given.error) throw new Error(`PyTorch: ${given.error}`);
    return given;
  };
  await answer({ ask: "learn", task, vocabulary, sizes, numbers });
  return {
    name: `${hello.name} ${hello.version}`,
    steps: (count) => answer({ ask: "steps", count }),
    validate: async () => (await answer({ ask: "validate" })).loss,
    async end() {
      rmSync(folder, { recursive: true, force: true });
      await stop();
    },
  };
}

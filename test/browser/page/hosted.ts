import * as xor from "../../../examples/xor.ts";
import { layers, sequential } from "../../../src/index.ts";
import { resolveEngine } from "../../../src/tensor/index.ts";
import { trained } from "../../engine/trained.ts";

/** What the driver of hosts.test.ts asks of a page. */
export interface Hosted {
  /** The engine that is chosen by this name, and why; or the refusal. */
  engine(name: string): Promise<{ readonly name: string; readonly reason: string }>;
  /** See `trained`. */
  trained(): Promise<string>;
  /** The accuracy of examples/xor.ts. */
  xor(): Promise<number>;
  /** Ends all workers in the middle of a training, then trains anew: the error of the first, the epochs of the second. */
  loseWorkers(): Promise<{ readonly error: string; readonly epochs: number }>;
}

declare global {
  var hosted: Hosted;
  /** All workers of this page: see WATCH_WORKERS of hosts.test.ts. */
  var workers: Worker[];
}

globalThis.hosted = {
  async engine(name) {
    try {
      const { engine, reason } = await resolveEngine(name);
      return { name: engine.name, reason };
    } catch (error) {
      return { name: "none", reason: (error as Error).message };
    }
  },
  trained,
  async xor() {
    return (await xor.main({ verbose: 0 })).accuracy as number;
  },
  async loseWorkers() {
    const model = sequential([
      layers.dense(256, { activation: "tanh", inputShape: [256] }),
      layers.dense(256, { activation: "tanh" }),
      layers.dense(1),
    ]).compile({ optimizer: "adam", loss: "meanSquaredError" });
    const [x, y] = [
      { data: new Float32Array(2048 * 256).fill(0.5), shape: [2048, 256] },
      { data: new Float32Array(2048).fill(1), shape: [2048, 1] },
    ];
    const options = { batchSize: 512, verbose: 0 } as const;
    const onEpochEnd = ({ epoch }: { epoch: number }) => {
      if (epoch !== 2) return;
      for (const worker of workers) worker.terminate();
    };
    const error = await model.fit(x, y, { ...options, epochs: 10, callbacks: [{ onEpochEnd }] }).then(
      () => "none",
      (error: Error) => `${error.name}: ${error.message}`,
    );
    const { epochs } = await model.fit(x, y, { ...options, epochs: 2 });
    return { error, epochs: epochs.length };
  },
};

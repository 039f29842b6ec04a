import { measureVectorPeak } from "../machine/vector-peak.ts";
import { startNode, startPython } from "./process.ts";
import type { Channel, Host, Limits } from "./rival.ts";
import { provideWorkers } from "./web-workers.ts";

/** Someone to measure. */
export interface Entrant {
  /** In tables. */
  readonly title: string;
  /** Whether bench/peers/package.json names it: it must be installed there. */
  readonly installed: boolean;
  /** Whether it can run in a page. */
  readonly browser: boolean;
  readonly limits: Limits;
  /** @throws why it can't take part. */
  open(threads: number): Promise<Channel>;
}

const LIMITS: Limits = { begin: 60, block: 30 };

const entrant = (title: string, open: Entrant["open"], rest: Partial<Entrant> = {}): Entrant => ({
  title,
  installed: false,
  browser: false,
  limits: LIMITS,
  open,
  ...rest,
});

const peer = (name: string, title: string, browser: boolean): Entrant =>
  entrant(title, (threads) => startNode(name, threads), { installed: true, browser });

/** Those who compute in a precision that is no other contestant's. */
export const OF_PRECISION: Readonly<Record<string, readonly string[]>> = {
  float32: [],
  bfloat16: ["descent-bfloat16", "pytorch-bfloat16"],
};

/** Descent first: the others are compared with it. onnxruntime does not train: it is asked for kernels only. */
export const CONTESTANTS: Readonly<Record<string, Entrant>> = {
  descent: entrant("Descent", (threads) => startNode("descent", threads, { DESCENT_ENGINE: "native" })),
  pytorch: entrant("PyTorch", (threads) => startPython("eager", threads)),
  // Only with --precision bfloat16: Descent compiled so, and PyTorch's autocast.
  "descent-bfloat16": entrant("Descent bfloat16", (threads) =>
    startNode("descent-bfloat16", threads, { DESCENT_ENGINE: "native" }),
  ),
  "pytorch-bfloat16": entrant("PyTorch bfloat16", (threads) => startPython("bfloat16", threads)),
  // Its compiler takes minutes for a deep network.
  "torch.compile": entrant("torch.compile", (threads) => startPython("compile", threads), {
    limits: { begin: 300, block: 30 },
  }),
  "descent-wasm": entrant("Descent wasm", (threads) => startNode("descent-wasm", threads, { DESCENT_ENGINE: "wasm" }), {
    browser: true,
  }),
  "tfjs-wasm": peer("tfjs-wasm", "TensorFlow.js wasm", true),
  tfjs: peer("tfjs", "TensorFlow.js cpu", true),
  "jax-js": peer("jax-js", "jax-js", true),
  "brain.js": peer("brain.js", "brain.js", false),
  onnxruntime: peer("onnxruntime", "onnxruntime-node", false),
};

export const node: Host = {
  name: `Node ${process.version}`,
  open(name, threads) {
    const entrant = CONTESTANTS[name];
    if (!entrant) throw new Error(`no contestant ${name}`);
    return entrant.open(threads);
  },
  vectorPeaks(threads) {
    provideWorkers(threads);
    return measureVectorPeak(threads);
  },
  async close() {},
};

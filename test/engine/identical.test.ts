import { describe, expect, it } from "vitest";
import {
  type Availability,
  type ConformanceCase,
  drawInput,
  type Engine,
  joinCases,
  runCase,
} from "../../src/engine/index.ts";
import { openWasmEngine } from "../../src/engines/wasm/index.ts";
import { type Node, ops, type TypedArray } from "../../src/ir/index.ts";
import { optimizerFrom } from "../../src/optim/index.ts";
import { gradients, scaledDotProductAttention, scan, Tensor } from "../../src/tensor/index.ts";
import { openNative } from "../../src/tensor/native-engine.ts";
import { HostRandom, product } from "../../src/util/index.ts";
import { randomState, type StateCase } from "../passes/random-state.ts";
import { tableUpdate } from "../passes/table-update.ts";
import { digest } from "./digest.ts";
import { compiledEngines } from "./engines.ts";
import { withEnvironment } from "./environment.ts";
import { randomGraph } from "./random-graph.ts";

/** Opens an engine of its own. */
type Open = () => Promise<Availability>;

const native =
  (threads: number): Open =>
  () =>
    withEnvironment({ DESCENT_THREADS: String(threads) }, openNative);
const wasm =
  (options: Parameters<typeof openWasmEngine>[0]): Open =>
  () =>
    openWasmEngine(options);

/** Ways in which an engine may run a program; all must give the same bits. */
const WAYS: Readonly<Record<string, Readonly<Record<string, Open>>>> = {
  native: {
    "1 thread": native(1),
    "2 threads": native(2),
    "3 threads": native(3),
    "4 threads": native(4),
    "8 threads": native(8),
    "1 thread again": native(1),
    "4 threads again": native(4),
  },
  wasm: {
    "1 thread": wasm({ threads: 1 }),
    "2 threads": wasm({ threads: 2 }),
    "3 threads": wasm({ threads: 3 }),
    "4 threads": wasm({ threads: 4 }),
    "8 threads": wasm({ threads: 8 }),
    "1 thread again": wasm({ threads: 1 }),
    "4 threads again": wasm({ threads: 4 }),
    "a worker that shares nothing": wasm({ mode: "remote" }),
    "a worker without shared memory": wasm({ sharedMemory: false }),
    "no workers": wasm({ mode: "inline" }),
    "no workers, no shared memory": wasm({ mode: "inline", sharedMemory: false }),
  },
};

/** What `run` gives on an engine opened in each of the ways. */
async function inAllWays(name: string, run: (engine: Engine) => Promise<string>): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const [way, open] of Object.entries(WAYS[name]!)) {
    const opened = await open();
    if ("reason" in opened) throw new Error(opened.reason);
    found.set(way, await run(opened.engine));
  }
  return found;
}

function expectSame(found: ReadonlyMap<string, string>): void {
  const [first] = found.values();
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries([...found.keys()].map((way) => [way, first])));
}

/** A function of inputs so large that all its kernels are shared among threads. */
function largeCase(name: string, shapes: readonly number[][], f: (...x: Tensor[]) => Tensor[]): ConformanceCase {
  const random = new HostRandom(2);
  const inputs = shapes.map((shape, i) => ops.placeholder(`x${i}`, shape, "float32"));
  const outputs = f(...inputs.map((node) => new Tensor(node))).map(({ node }) => node);
  return { name, program: { name, inputs, state: [], outputs }, inputs: inputs.map((node) => drawInput(node, random)) };
}

const LARGE: readonly ConformanceCase[] = [
  largeCase("sums", [[100_003], [300, 500], [70, 1000]], (x, y, z) => [
    x.sum(),
    x.std(),
    y.mean({ axis: 0 }),
    y.logSumExp({ axis: 1 }),
    y.max(),
    z.softmax(),
    z.argmax({ axis: 0 }),
  ]),
  largeCase("products", [[130, 200], [200, 170], [170]], (x, w, b) => [
    x.matmul(w).add(b).tanh(),
    x.T.matmul(x),
    w.matmul(b),
    x.matmul(w).sum({ axis: 0 }),
  ]),
  largeCase("elementwise", [[50_000], [50_000]], (x, y) => [
    x.exp().add(y.sin()),
    x.erf().mul(y),
    x.flip(0).add(1),
    x.reshape([500, 100]).T.tanh(),
  ]),
  largeCase(
    "loops and their gradients",
    [
      [24, 17, 96],
      [96, 96],
      [17, 96],
    ],
    (xs, w, h) => {
      const step = (state: Tensor, x: Tensor) => {
        const next = state.matmul(w).add(x).tanh();
        return [next, next.softmax()] as const;
      };
      return [false, true].flatMap((recompute) => {
        const [end, ys] = scan(step, { init: h, xs, recompute });
        return [end, ys, ...gradients(ys.square().sum().add(end.sum()), [xs, w, h])];
      });
    },
  ),
  largeCase(
    "attention in tiles",
    [
      [2, 150, 16],
      [2, 150, 16],
      [2, 150, 16],
    ],
    (q, k, v) => {
      const seen = scaledDotProductAttention(q, k, v, { causal: true, tile: 32 });
      return [seen, ...gradients(seen.square().sum(), [q, k, v])];
    },
  ),
];

/** State after some runs of many programs as one. */
async function replaceState(engine: Engine, cases: readonly StateCase[], steps: number): Promise<TypedArray[]> {
  const place = (nodes: readonly Node[], arrays: readonly TypedArray[] = []) =>
    nodes.map(({ dtype, shape }, i) => {
      const array = engine.allocate(dtype, product(shape));
      if (arrays[i]) array.set(arrays[i]);
      return array;
    });
  const program = {
    name: "states",
    inputs: cases.flatMap((each) => each.program.inputs),
    state: cases.flatMap((each) => each.program.state),
    outputs: cases.flatMap((each) => each.program.outputs),
  };
  const state = place(
    program.state.map(({ input }) => input),
    cases.flatMap((each) => each.state),
  );
  const inputs = place(
    program.inputs,
    cases.flatMap((each) => each.inputs),
  );
  const run = (await engine.compile(program)).bind({ inputs, state, outputs: place(program.outputs) });
  for (let step = 0; step < steps; step++) await run();
  return state;
}

const STATES = Array.from({ length: 10 }, (_, i) => randomState(5000 + i));

/** Tables of which few rows are updated, each followed by one of which all are. */
const TABLES = [
  ["sgd", [300]],
  ["adagrad", [200, 100, 40]],
] as const;
const tables = TABLES.flatMap(([name, lookups], seed) =>
  (["any", "few, or outside"] as const).flatMap((draw) =>
    [undefined, "parameter" as const].map((output) =>
      tableUpdate(name, optimizerFrom(name), { lookups, draw, output, seed }),
    ),
  ),
);

for (const { name } of await compiledEngines()) {
  describe(`the ${name} engine gives the same bits on any number of threads, and when repeated`, () => {
    it("for large sums, products and random graphs", async () => {
      const joined = joinCases([...Array.from({ length: 20 }, (_, i) => randomGraph(4000 + i)), ...LARGE]);
      expectSame(await inAllWays(name, async (engine) => digest(await runCase(engine, joined))));
    });

    it("when it replaces few rows of tables, and the bits of an update of all rows", async () => {
      const found = await inAllWays(name, async (engine) => {
        const state = await replaceState(engine, tables, 3);
        const rest = state.values();
        const next = (each: StateCase) => digest(each.state.map(() => rest.next().value as TypedArray));
        for (let i = 0; i < tables.length; i += 2) expect(await next(tables[i]!)).toBe(await next(tables[i + 1]!));
        return digest(state);
      });
      expectSame(found);
    });

    it("when it replaces state", async () => {
      expectSame(await inAllWays(name, async (engine) => digest(await replaceState(engine, STATES, 20))));
    });
  });
}

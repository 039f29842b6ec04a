import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { type ConformanceCase, difference, drawInput, joinCases, opCases, runCase } from "../../src/engine/index.ts";
import { openNativeEngine } from "../../src/engines/native/index.ts";
import { referenceEngine } from "../../src/engines/reference/index.ts";
import { OPS, ops, type TypedArray } from "../../src/ir/index.ts";
import { Tensor } from "../../src/tensor/index.ts";
import { HostRandom } from "../../src/util/index.ts";
import { randomState } from "../passes/random-state.ts";
import { randomGraph } from "./random-graph.ts";

const found = await openNativeEngine();
const missing = "reason" in found ? `needs native: ${found.reason}` : undefined;

/** Runs `work` with environment variables of this process changed. */
async function withEnvironment<T>(changes: Record<string, string>, work: () => Promise<T>): Promise<T> {
  const before = Object.fromEntries(Object.keys(changes).map((name) => [name, process.env[name]]));
  Object.assign(process.env, changes);
  try {
    return await work();
  } finally {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

/** Outputs of the native engine with some environment. */
async function runNative(environment: Record<string, string>, each: ConformanceCase): Promise<TypedArray[]> {
  return withEnvironment(environment, async () => {
    const found = await openNativeEngine();
    if (!("engine" in found)) throw new Error(found.reason);
    return runCase(found.engine, each);
  });
}

function hash(arrays: readonly TypedArray[]): string {
  const digest = createHash("sha256");
  for (const { buffer, byteOffset, byteLength } of arrays)
    digest.update(new Uint8Array(buffer, byteOffset, byteLength));
  return digest.digest("hex");
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
];

describe("the native engine", () => {
  it("gives the same bits on 1, 2, 3, 4 and 8 threads, and when repeated", async (context) => {
    context.skip(missing !== undefined, missing);
    const graphs = Array.from({ length: 20 }, (_, i) => randomGraph(4000 + i));
    const joined = joinCases([...graphs, ...LARGE]);
    const hashes = new Map<string, string>();
    for (const threads of ["1", "2", "3", "4", "8", "1", "4"]) {
      const found = hash(await runNative({ DESCENT_THREADS: threads }, joined));
      expect(hashes.get(threads) ?? found).toBe(found);
      hashes.set(threads, found);
    }
    expect([...new Set(hashes.values())].length).toBe(1);
  });

  it("replaces state to the same bits on 1, 2 and 4 threads", async (context) => {
    context.skip(missing !== undefined, missing);
    const cases = Array.from({ length: 10 }, (_, i) => randomState(5000 + i));
    const runs = (threads: string) =>
      withEnvironment({ DESCENT_THREADS: threads }, async () => {
        const found = await openNativeEngine();
        if (!("engine" in found)) throw new Error(found.reason);
        const { engine } = found;
        const place = (arrays: readonly TypedArray[]) =>
          arrays.map((values) => {
            const array = engine.allocate("float32", values.length);
            array.set(values);
            return array;
          });
        const program = {
          name: "states",
          inputs: cases.flatMap((each) => each.program.inputs),
          state: cases.flatMap((each) => each.program.state),
          outputs: [],
        };
        const state = place(cases.flatMap((each) => each.state));
        const inputs = place(cases.flatMap((each) => each.inputs));
        const run = (await engine.compile(program)).bind({ inputs, state, outputs: [] });
        for (let step = 0; step < 20; step++) await run();
        return hash(state);
      });
    const single = await runs("1");
    expect(await runs("2")).toBe(single);
    expect(await runs("4")).toBe(single);
  });

  it("agrees with reference in AVX2 code as in this machine's own", async (context) => {
    context.skip(missing !== undefined, missing);
    context.skip(process.arch !== "x64", "needs an x86-64 processor");
    const cases = opCases(OPS.filter(({ samples }) => samples.length > 0));
    const joined = joinCases(cases);
    const [found, expected] = [
      await runNative({ DESCENT_NATIVE_ARCH: "x86-64-v3" }, joined),
      await runCase(referenceEngine, joined),
    ];
    const wrong = cases.filter((_, i) => !(difference(found[i]!, expected[i]!) <= 1e-5));
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });
});

describe("a whole training in processes of their own", () => {
  const run = promisify(execFile);
  const script = fileURLToPath(new URL("./fixtures/train.ts", import.meta.url));

  /** The hash of all that a convolutional network has learned, with dropout, batch normalization and augmentation. */
  async function trained(environment: Record<string, string>): Promise<string> {
    const { stdout } = await run(process.execPath, ["--import", "tsx", script], {
      env: { ...process.env, DESCENT_ENGINE: "native", ...environment },
    });
    return stdout.trim();
  }

  it("ends with the same bits on 1, 2 and 4 threads, and when repeated", async (context) => {
    context.skip(missing !== undefined, missing);
    const first = await trained({ DESCENT_THREADS: "2" });
    expect(first).toMatch(/^[0-9a-f]{64} \d+ steps, loss 0\.\d+$/);
    for (const threads of ["1", "4", "2"]) expect(await trained({ DESCENT_THREADS: threads })).toBe(first);
  });
});

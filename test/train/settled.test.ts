import { expect, test } from "vitest";
import { referenceEngine } from "../../src/engines/reference/index.ts";
import { layers, type Model, model } from "../../src/index.ts";
import { type Node, type Program, topologicalOrder } from "../../src/ir/index.ts";
import { languageOf } from "../../src/train/generate/language.ts";
import { cachedStepper } from "../../src/train/generate/stepper.ts";
import { Lane } from "../../src/train/lane.ts";
import { Memory } from "../../src/train/memory.ts";
import { product } from "../../src/util/index.ts";

const [WIDTH, CONTEXT] = [8, 40];

/** Attends to an encoder's places in a block, and by layers with fewer heads of keys and other features. */
function translator(places: number): Model {
  const source = layers.input({ shape: [places], dtype: "int32", name: "source" });
  const written = layers.input({ shape: [CONTEXT], dtype: "int32", name: "written" });
  let encoded = layers.embedding(5, WIDTH, { maskZero: true })(source);
  encoded = layers.transformerEncoder(16, 2, { activation: "gelu" })(encoded);
  let x = layers.embedding(9, WIDTH)(written);
  x = layers.transformerDecoder(16, 2, { activation: "gelu" })([x, encoded]);
  x = layers.multiHeadAttention(3, 2, { valueDim: 5, positions: "alibi" })([x, encoded]);
  x = layers.groupedQueryAttention(6, 4, 2, { positions: "rotary" })([x, encoded]);
  x = layers.attention()([x, encoded]);
  return model({ inputs: { source, written }, outputs: layers.dense(7)(x) });
}

/** Features of queries and of values of all heads, for each of these layers that attend to the encoder. */
const SCORED = [WIDTH + WIDTH, 3 * (2 + 5), 4 * (6 + 6), WIDTH + WIDTH].reduce((a, b) => a + b);
/** Weights that make keys and values of a place of the encoder. */
const PROJECTING = [2 * WIDTH * WIDTH, WIDTH * 3 * (2 + 5), WIDTH * 2 * (6 + 6)].reduce((a, b) => a + b);

/** The programs by which so many sequences are continued after 34 tokens, by name. */
async function programsOf(places: number, rows: number): Promise<ReadonlyMap<string, Program>> {
  const programs = new Map<string, Program>();
  const engine: typeof referenceEngine = {
    ...referenceEngine,
    compile(program, options) {
      programs.set(program.name.replace(/.* generate \d /, ""), program);
      return referenceEngine.compile(program, options);
    },
  };
  const network = translator(places);
  const language = await languageOf(network, { source: Array(places).fill(1) }, "generate");
  const stepper = await cachedStepper(
    { network, language, memory: new Memory(engine, network), lane: new Lane() },
    rows,
  );
  const sequences = Array.from({ length: rows }, () => Array<number>(34).fill(2));
  const logits = await stepper.next(sequences, [...sequences.keys()]);
  expect(logits.every(Number.isFinite)).toBe(true);
  return programs;
}

/** Multiplications in all products of matrices of a program. */
function multiplications(program: Program | undefined): number {
  const { state = [], outputs = [] } = program ?? {};
  const nodes = topologicalOrder([...outputs, ...state.map(({ next }) => next)]);
  expect(nodes.filter(({ op }) => op.family === "scan")).toEqual([]); // what is inside of one would not be counted
  const work = ({ op, shape, inputs }: Node) =>
    op.name === "matmul" ? product(shape) * (inputs[0]?.shape.at(-1) ?? 1) : 0;
  return nodes.reduce((sum, node) => sum + work(node), 0);
}

test.each([1, 3])(
  "of %i sequences: a place of an encoder is projected once, and costs a token its scores only",
  async (rows) => {
    const [few, many] = [await programsOf(5, rows), await programsOf(11, rows)];
    const perPlace = (name: string) => (multiplications(many.get(name)) - multiplications(few.get(name))) / 6;
    expect([...few.keys()].sort()).toEqual(["cached", "cached 32 at once", "settled"]);
    expect(perPlace("cached")).toBe(rows * SCORED);
    expect(perPlace("cached 32 at once")).toBe(32 * rows * SCORED);
    expect(perPlace("settled")).toBeGreaterThan(rows * PROJECTING);
  },
);

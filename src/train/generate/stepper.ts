import { logitsOf, type Network, type Past } from "../../nn/index.ts";
import {
  allocate,
  arange,
  createProgram,
  randomKey,
  type Spec,
  type Tensor,
  type TypedArray,
  where,
} from "../../tensor/index.ts";
import { fail, formatShape, product } from "../../util/index.ts";
import type { Lane } from "../lane.ts";
import type { Memory } from "../memory.ts";

/** What generating needs of a model: its network, and its memory and turns on an engine. */
export interface Speaker {
  readonly network: Network;
  readonly memory: Memory;
  readonly lane: Lane;
}

/** Sequences that grow side by side, a row each. */
export interface Stepper {
  /** Places that a sequence has at most. */
  readonly length: number;
  /** Different tokens. */
  readonly vocabulary: number;
  /**
   * Logits of what comes next, [rows, vocabulary], after sequences of equal length. The array is written anew by the next call.
   *
   * @param sequences all tokens so far, at most `length`; @param parents the row of the last call that each row continues.
   */
  next(sequences: readonly (readonly number[])[], parents: readonly number[]): Promise<Float32Array>;
}

/**
 * The context and vocabulary of a language model: tokens [length] in, scores [length, vocabulary] out.
 *
 * @throws DescentError for another model.
 */
export function languageOf(network: Network): { length: number; vocabulary: number } {
  const [input, output] = [network.inputs[0]?.shape ?? [], network.outputs[0]?.shape ?? []];
  const fits = network.inputs.length === 1 && network.outputs.length === 1 && input.length === 1 && output.length === 2;
  if (!fits || output[0] !== input[0]) {
    fail(
      `generate on a model from ${formatShape(input)} to ${formatShape(output)}`,
      "one input of tokens, [length], and one output of scores for the next token at each place, [length, vocabulary]",
    );
  }
  return { length: input[0] as number, vocabulary: output[1] as number };
}

/** Computes the whole sequence for every token. */
export async function wholeStepper({ network, memory, lane }: Speaker, rows: number): Promise<Stepper> {
  const { length, vocabulary } = languageOf(network);
  const program = await createProgram({
    name: `${network.name} generate ${rows}`,
    engine: memory.engine,
    state: memory.specs(false),
    inputs: { tokens: { shape: [rows, length], dtype: "int32" }, last: { shape: [1], dtype: "int32" } },
    body({ state, inputs }) {
      const logits = logitsFor(network, state, inputs["tokens"] as Tensor); // [rows, length, vocabulary]
      return { outputs: { logits: logits.take(inputs["last"] as Tensor, { axis: 1 }).reshape([rows, vocabulary]) } };
    },
  });
  const bound = program.bind({ state: memory.arrays(false) });
  const tokens = bound.inputs["tokens"] as TypedArray;
  return {
    length,
    vocabulary,
    async next(sequences) {
      tokens.fill(0);
      sequences.forEach((sequence, row) => {
        tokens.set(sequence, row * length);
      });
      (bound.inputs["last"] as TypedArray)[0] = (sequences[0]?.length ?? 1) - 1;
      await lane.run({ run: bound.run });
      return bound.outputs["logits"] as Float32Array;
    },
  };
}

/** Places of a prompt that are computed at once. */
const CHUNK = 32;

/**
 * Computes each place once: attention keeps keys and values of the places before (the cache), [rows, ..., length, features] for each. Of
 * sequences that are longer than what is done, CHUNK places are computed at once as long as there are so many.
 *
 * @throws DescentError for a layer that can't go through a sequence place by place.
 */
export async function cachedStepper(speaker: Speaker, rows: number): Promise<Stepper> {
  const { network, memory, lane } = speaker;
  const { length, vocabulary } = languageOf(network);
  const specs = cacheSpecs(network, memory, rows, length);
  const caches = Object.fromEntries(
    Object.entries(specs).map(([name, { shape, dtype }]) => [name, allocate(dtype, product(shape), memory.engine)]),
  );
  const bound = await bindPlaces(speaker, rows, 1, specs, caches);
  let chunk: Awaited<ReturnType<typeof bindPlaces>> | undefined;
  let done = 0;
  return {
    length,
    vocabulary,
    async next(sequences, parents) {
      const places = sequences[0]?.length ?? 0;
      while (done < places) {
        // The last place by itself: its program is there, and knows of the parents.
        const many = places - 1 - done >= CHUNK;
        if (many) chunk ??= await bindPlaces(speaker, rows, CHUNK, specs, caches);
        const { inputs, run } = many && chunk ? chunk : bound;
        const count = many ? CHUNK : 1;
        sequences.forEach((sequence, row) => {
          (inputs["tokens"] as TypedArray).set(sequence.slice(done, done + count), row * count);
          if (rows > 1) {
            (inputs["parents"] as TypedArray)[row] = (done === places - 1 ? parents[row] : row) ?? row;
          }
        });
        (inputs["position"] as TypedArray)[0] = done;
        await lane.run({ run });
        done += count;
      }
      return bound.outputs["logits"] as Float32Array;
    },
  };
}

/** A program for the next `count` places of every row, which keeps what it computes in the caches. */
async function bindPlaces(
  { network, memory }: Speaker,
  rows: number,
  count: number,
  specs: Readonly<Record<string, Spec>>,
  arrays: Readonly<Record<string, TypedArray>>,
) {
  const { length, vocabulary } = languageOf(network);
  const program = await createProgram({
    name: `${network.name} generate ${rows} cached${count > 1 ? ` ${count} at once` : ""}`,
    engine: memory.engine,
    state: { ...memory.specs(false), ...specs },
    inputs: {
      tokens: { shape: [rows, count], dtype: "int32" },
      position: { shape: [], dtype: "int32" },
      ...(rows > 1 && { parents: { shape: [rows], dtype: "int32" } }),
    },
    body({ state, inputs }) {
      const caches: Record<string, Tensor> = {};
      const { tokens, position, parents } = inputs as Record<string, Tensor>;
      const past = pastOf(position as Tensor, length, (name, fresh) => {
        const before = parents ? (state[name] as Tensor).take(parents) : (state[name] as Tensor);
        const place = arange(length).sub(position as Tensor); // among those that are computed now
        const isNow = place.greaterEqual(0).logicalAnd(place.less(count)).expandDims(1); // [length, 1]
        caches[name] = where(isNow, count === 1 ? fresh : fresh.take(place, { axis: fresh.rank - 2 }), before);
        return caches[name];
      });
      const logits = logitsFor(network, state, tokens as Tensor, past); // [rows, count, vocabulary]
      return { state: caches, outputs: { logits: logits.slice(null, count - 1).reshape([rows, vocabulary]) } };
    },
  });
  return program.bind({ state: { ...memory.arrays(false), ...arrays } });
}

type Append = (name: string, fresh: Tensor) => Tensor;

function pastOf(position: Tensor, length: number, append: Append): (reference: string) => Past {
  return (reference) => ({
    position,
    length,
    append: (name, values) => append(`cache ${reference}/${name}`, values),
  });
}

/** What the layers keep, found by tracing them once; nothing is computed. */
function cacheSpecs(network: Network, memory: Memory, rows: number, length: number): Record<string, Spec> {
  const specs: Record<string, Spec> = {};
  const state = Object.fromEntries(
    Object.entries(memory.specs(false)).map(([name, { shape }]) => [name, arange(product(shape)).cast("float32")]),
  );
  const position = arange(1).reshape([]);
  const past = pastOf(position, length, (name, fresh) => {
    const shape = [...fresh.shape.slice(0, -2), length, fresh.shape.at(-1) ?? 1];
    specs[name] = { shape, dtype: fresh.dtype };
    return fresh.broadcastTo(shape);
  });
  logitsFor(network, state, arange(rows).reshape([rows, 1]), past);
  return specs;
}

/** Scores of the next token at each place, before a softmax if the model ends with one. */
function logitsFor(
  network: Network,
  state: Readonly<Record<string, Tensor>>,
  tokens: Tensor,
  past?: (reference: string) => Past,
): Tensor {
  const { parameters, moving, frozen } = state;
  const none = arange(1).cast("float32"); // stands for the parameters of a network that has none
  const { outputs } = network.forward([tokens], parameters ?? none, moving, {
    training: false,
    key: randomKey(0), // a layer that draws even now always draws the same
    frozen,
    past,
  });
  const output = outputs[0] as Tensor;
  return logitsOf(output, "softmax") ?? output;
}

import { type ForwardOptions, growingStep, Known, logitsOf, type Network, type Past } from "../../nn/index.ts";
import {
  allocate,
  arange,
  createProgram,
  randomKey,
  type Spec,
  type Tensor,
  type TypedArray,
  where,
  zeros,
} from "../../tensor/index.ts";
import { product } from "../../util/index.ts";
import type { Lane } from "../lane.ts";
import type { Memory } from "../memory.ts";
import type { Language } from "./language.ts";

/** What generating needs: a model's network, its memory and turns on an engine, and what it writes from. */
export interface Speaker {
  readonly network: Network;
  readonly language: Language;
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

/** Computes the whole sequence for every token. */
export async function wholeStepper(speaker: Speaker, rows: number): Promise<Stepper> {
  const { network, memory, lane } = speaker;
  const { length, vocabulary } = speaker.language;
  const program = await createProgram({
    name: `${network.name} generate ${rows}`,
    engine: memory.engine,
    state: memory.specs(false),
    inputs: {
      tokens: { shape: [rows, length], dtype: "int32" },
      last: { shape: [1], dtype: "int32" },
      ...givenSpecs(speaker, rows),
    },
    body({ state, inputs }) {
      const { outputs } = forward(speaker, state, inputs);
      const logits = scores(outputs[0] as Tensor); // [rows, length, vocabulary]
      return { outputs: { logits: logits.take(inputs["last"] as Tensor, { axis: 1 }).reshape([rows, vocabulary]) } };
    },
  });
  const bound = program.bind({ state: memory.arrays(false) });
  fillGiven(speaker, bound.inputs, rows);
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
 * Computes each place once: layers keep what they need of the places before (the cache), attention keys and values [rows, ..., length,
 * features], recurrent layers their states. Of sequences that are longer than what is done, CHUNK places are computed at once as long as
 * there are so many. What does not depend on the sequence is computed before: outputs of an encoder, and the keys and values that
 * attention makes of them.
 *
 * @throws DescentError for a layer that can't go through a sequence place by place.
 */
export async function cachedStepper(speaker: Speaker, rows: number): Promise<Stepper> {
  const { memory, lane } = speaker;
  const { length, vocabulary } = speaker.language;
  const specs = cacheSpecs(speaker, rows);
  const caches = Object.fromEntries(
    Object.entries(specs).map(([name, { shape, dtype }]) => [name, allocate(dtype, product(shape), memory.engine)]),
  );
  const bound = await bindPlaces(speaker, rows, 1, specs, caches);
  if (speaker.language.growth.settled.length > 0) await settle(speaker, rows, specs, caches);
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
  speaker: Speaker,
  rows: number,
  count: number,
  specs: Readonly<Record<string, Spec>>,
  arrays: Readonly<Record<string, TypedArray>>,
) {
  const { network, memory, language } = speaker;
  const { length, vocabulary } = language;
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
      const { position, parents } = inputs as { position: Tensor; parents?: Tensor };
      const kept = (name: string) => (parents ? (state[name] as Tensor).take(parents) : (state[name] as Tensor));
      const past = pastOf(position, length, {
        append(name, fresh) {
          const place = arange(length).sub(position); // among those that are computed now
          const isNow = place.greaterEqual(0).logicalAnd(place.less(count)).expandDims(1); // [length, 1]
          const now = count === 1 ? fresh : fresh.take(place, { axis: fresh.rank - 2 });
          caches[name] = where(isNow, now, kept(name));
          return caches[name];
        },
        before: (name, first) => where(position.equal(0), first, kept(name)),
        keep(name, value) {
          caches[name] = value;
        },
        settled: (name) => state[name] as Tensor,
      });
      const { outputs } = forward(
        speaker,
        state,
        inputs,
        growingStep(language.growth, settledIn(language, state), past),
      );
      const logits = scores(outputs[0] as Tensor); // [rows, count, vocabulary]
      return { state: caches, outputs: { logits: logits.slice(null, count - 1).reshape([rows, vocabulary]) } };
    },
  });
  return program.bind({ state: { ...memory.arrays(false), ...arrays } });
}

type Keeping = Pick<Past, "append" | "before" | "keep" | "settled">;

/** What layers know of the places before, each under its own names. */
function pastOf(position: Tensor, length: number, keeping: Keeping): (reference: string) => Omit<Past, "whole"> {
  return (reference) => ({
    position,
    length,
    append: (name, values) => keeping.append(`cache ${reference}/${name}`, values),
    before: (name, first) => keeping.before(`cache ${reference}/${name}`, first),
    keep: (name, value) => keeping.keep(`cache ${reference}/${name}`, value),
    settled: (name, value) => keeping.settled(`${SETTLED}${reference}/${name}`, value),
  });
}

/** What the layers keep, and what is settled, found by tracing them once; nothing is computed. */
function cacheSpecs(speaker: Speaker, rows: number): Record<string, Spec> {
  const stand = ({ shape, dtype }: Spec) =>
    arange(product(shape))
      .cast(dtype)
      .reshape([...shape]);
  const standing = (specs: Readonly<Record<string, Spec>>) =>
    Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, stand(spec)]));
  const { caches, settled } = traced(
    speaker,
    standing(speaker.memory.specs(false)),
    standing(givenSpecs(speaker, rows)),
    rows,
  );
  const all = Object.entries({ ...caches, ...settled });
  return Object.fromEntries(all.map(([name, { shape, dtype }]) => [name, { shape, dtype }]));
}

/** Computes what does not depend on the sequence, into its places among the caches. */
async function settle(
  speaker: Speaker,
  rows: number,
  specs: Readonly<Record<string, Spec>>,
  caches: Readonly<Record<string, TypedArray>>,
): Promise<void> {
  const { network, memory, lane } = speaker;
  const own = <T>(all: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => name.startsWith(SETTLED)));
  const program = await createProgram({
    name: `${network.name} generate ${rows} settled`,
    engine: memory.engine,
    state: { ...memory.specs(false), ...own(specs) },
    inputs: givenSpecs(speaker, rows),
    body: ({ state, inputs }) => ({ state: traced(speaker, state, inputs, rows).settled, outputs: {} }),
  });
  const bound = program.bind({ state: { ...memory.arrays(false), ...own(caches) } });
  fillGiven(speaker, bound.inputs, rows);
  await lane.run({ run: bound.run });
}

const SETTLED = "settled ";

/**
 * The first place of sequences, whose tokens don't matter: the caches as they would be after it, and what is settled, by the network's
 * structure and by what layers say.
 */
function traced(
  speaker: Speaker,
  state: Readonly<Record<string, Tensor>>,
  given: Readonly<Record<string, Tensor>>,
  rows: number,
): Readonly<Record<"caches" | "settled", Record<string, Tensor>>> {
  const { length, growth } = speaker.language;
  const caches: Record<string, Tensor> = {};
  const settled = settledOf(speaker, state, given, rows);
  const outputs = settledIn(speaker.language, settled);
  const past = pastOf(zeros([], "int32"), length, {
    append(name, fresh) {
      caches[name] = fresh.broadcastTo([...fresh.shape.slice(0, -2), length, fresh.shape.at(-1) ?? 1]);
      return caches[name];
    },
    before(name, first) {
      caches[name] = first;
      return first;
    },
    keep() {},
    settled(name, value) {
      settled[name] = value;
      return value;
    },
  });
  forward(speaker, state, { tokens: zeros([rows, 1], "int32") }, growingStep(growth, outputs, past));
  return { caches, settled };
}

/** Outputs of layers that do not depend on the sequence, and their masks as numbers, by names. */
function settledOf(
  speaker: Speaker,
  state: Readonly<Record<string, Tensor>>,
  inputs: Readonly<Record<string, Tensor>>,
  rows: number,
): Record<string, Tensor> {
  const { length, growth } = speaker.language;
  if (growth.settled.length === 0) return {};
  const { known } = forward(speaker, state, { ...inputs, tokens: zeros([rows, length], "int32") });
  return Object.fromEntries(
    growth.settled.flatMap((symbol, i) => {
      const mask = known.masks.get(symbol);
      const value = [`${SETTLED}${i}`, known.tensorOf(symbol)] as const;
      return mask ? [value, [`${SETTLED}${i} mask`, mask.cast("float32")] as const] : [value];
    }),
  );
}

/** The same as layers find it. */
function settledIn({ growth }: Language, state: Readonly<Record<string, Tensor>>): Known {
  const known = new Known();
  growth.settled.forEach((symbol, i) => {
    known.tensors.set(symbol, state[`${SETTLED}${i}`] as Tensor);
    const mask = state[`${SETTLED}${i} mask`];
    if (mask) known.masks.set(symbol, mask.cast("bool"));
  });
  return known;
}

/** Inputs of programs for what a model is given beside the sequence. */
function givenSpecs({ network, language }: Speaker, rows: number): Record<string, Spec> {
  return Object.fromEntries(
    network.inputs.flatMap(({ shape, dtype }, i) =>
      language.given[i] ? [[`given ${i}`, { shape: [rows, ...shape], dtype }] as const] : [],
    ),
  );
}

/** The same sample in every row. */
function fillGiven({ language }: Speaker, inputs: Readonly<Record<string, TypedArray>>, rows: number): void {
  language.given.forEach((column, i) => {
    if (!column) return;
    for (let row = 0; row < rows; row++) inputs[`given ${i}`]?.set(column.data, row * column.rowSize);
  });
}

/** The network as it is used, not trained: of `tokens`, and what is given. */
function forward(
  { network, language }: Speaker,
  { parameters, moving, frozen }: Readonly<Record<string, Tensor>>,
  inputs: Readonly<Record<string, Tensor>>,
  step?: ForwardOptions["step"],
) {
  const none = arange(1).cast("float32"); // stands for the parameters of a network that has none
  const given = network.inputs.map((input, i) => inputs[input === language.input ? "tokens" : `given ${i}`]);
  return network.forward(given as Tensor[], parameters ?? none, moving, {
    training: false,
    key: randomKey(0), // a layer that draws even now always draws the same
    frozen,
    step,
  });
}

/** Scores of the next token at each place, before a softmax if the model ends with one. */
function scores(output: Tensor): Tensor {
  return logitsOf(output, "softmax") ?? output;
}

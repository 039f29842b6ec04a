/**
 * Dates as people write them become dates as machines write them: "Tuesday, 5 May 1998" -> "1998-05-05". An encoder reads the characters, a
 * decoder attends to them and writes the answer, character by character.
 *
 *     npx tsx examples/dates.ts
 */
import { layers, losses, type Model, model as modelOf, optimizers, randomKey, schedules, tensor } from "descent";
import { characterTokenizer } from "descent/text";
import { start } from "./direct.ts";

export const target = "at least 99 % of 500 new dates right in every character";

export interface DatesOptions {
  /** Dates to learn from; default 8000. */
  samples?: number;
  /** Default 15. */
  epochs?: number;
  /** Default 1. */
  seed?: number;
  verbose?: 0 | 1 | "auto";
}

const [longest, answer] = [28, 10]; // characters of a text, of an answer
const spelled = new Intl.DateTimeFormat("en", {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
  timeZone: "UTC",
});
const letters = characterTokenizer("0123456789-");
const START = letters.size; // comes before the first character of an answer

/** @param tokens the characters of the texts, and 0, which is none. */
export function network(tokens: number, seed: number): Model {
  const source = layers.input({ shape: [longest], dtype: "int32", name: "source" });
  const written = layers.input({ shape: [answer], dtype: "int32", name: "written" });
  const places = (length: number) => layers.positionEmbedding(length);
  const block = { normalizeFirst: true, activation: "gelu" } as const;
  let encoded = places(longest)(layers.embedding(tokens, 48, { maskZero: true })(source)); // [28, 48]
  encoded = layers.transformerEncoder(96, 4, block)(encoded);
  let decoded = places(answer)(layers.embedding(letters.size + 1, 48)(written)); // [10, 48]
  decoded = layers.transformerDecoder(96, 4, block)([decoded, encoded]);
  const scores = layers.dense(letters.size)(layers.layerNormalization()(decoded)); // [10, 11]
  return modelOf({ inputs: { source, written }, outputs: scores, seed });
}

export async function main({ samples = 8000, epochs = 15, seed = 1, verbose = 0 }: DatesOptions = {}) {
  const pairs = await dates(samples + 500, seed);
  const known = characterTokenizer(pairs.map(({ text }) => text).join(""));
  const read = (text: string) =>
    padded(
      [...known.encode(text)].map((token) => token + 1),
      longest,
    ); // 0 is no character
  const x = rows(pairs.map(({ text }) => read(text)));
  const y = rows(pairs.map(({ iso }) => [...letters.encode(iso)]));
  const before = rows(pairs.map(({ iso }) => [START, ...letters.encode(iso.slice(0, -1))])); // what was written so far
  const [train, test] = [[0, samples] as [number, number], [samples, samples + 500] as [number, number]];

  const translator = network(known.size + 1, seed);
  const learningRate = schedules.oneCycle({ maxLearningRate: 0.003, steps: epochs * Math.ceil(samples / 64) });
  translator.compile({
    optimizer: optimizers.adam({ learningRate }),
    loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
  });
  const inputs = { source: x.slice(train), written: before.slice(train) };
  await translator.fit(inputs, y.slice(train), { epochs, batchSize: 64, seed, verbose });

  // Writing: each character is the likeliest after those before; 500 answers grow side by side.
  const answers = Array.from({ length: 500 }, () => [START]);
  for (let place = 0; place < answer; place++) {
    const soFar = rows(answers.map((tokens) => padded(tokens, answer)));
    const next = await translator.predict({ source: x.slice(test), written: soFar }); // [500, 10, 11]
    const likeliest = await next
      .slice(null, [place, place + 1])
      .argmax({ axis: 2 })
      .data();
    answers.forEach((tokens, i) => void tokens.push(likeliest[i] ?? 0));
  }
  const made = answers.map((tokens) => letters.decode(tokens.slice(1)));
  const examples = pairs.slice(samples).map(({ text, iso }, i) => ({ text, iso, made: made[i] ?? "" }));
  const right = examples.filter(({ iso, made }) => iso === made).length / examples.length;
  return { right, examples, result: `${(100 * right).toFixed(1)} % of new dates right`, passed: right >= 0.99 };
}

/** Days of the years 1900 to 2099, written in different ways. */
async function dates(count: number, seed: number): Promise<{ text: string; iso: string }[]> {
  const draws = await randomKey(seed).uniform([count, 2]).data();
  return Array.from({ length: count }, (_, i) => {
    const [first, last] = [Date.UTC(1900, 0, 1), Date.UTC(2099, 11, 31)];
    const date = new Date(first + Math.floor((draws[2 * i] ?? 0) * (last - first)));
    const parts = Object.fromEntries(spelled.formatToParts(date).map(({ type, value }) => [type, value]));
    const { weekday, day, month = "", year } = parts;
    const short = month.slice(0, 3);
    const ways = [
      `${day} ${month} ${year}`,
      `${month} ${day}, ${year}`,
      `${weekday}, ${day} ${short} ${year}`,
      `${short} ${day} ${year}`,
      `${day}.${date.getUTCMonth() + 1}.${year}`,
      `${weekday} ${month} ${day} ${year}`.toLowerCase(),
    ];
    return {
      text: ways[Math.floor((draws[2 * i + 1] ?? 0) * ways.length)] ?? "",
      iso: date.toISOString().slice(0, 10),
    };
  });
}

function padded(tokens: readonly number[], length: number): number[] {
  return [...tokens, ...Array<number>(length).fill(0)].slice(0, length);
}

function rows(lists: readonly (readonly number[])[]) {
  return tensor(
    lists.map((list) => [...list]),
    { dtype: "int32" },
  );
}

await start(import.meta.url, target, async () => {
  const outcome = await main({ verbose: "auto" });
  for (const { text, made } of outcome.examples.slice(0, 8)) console.log(`${text.padEnd(30)} -> ${made}`);
  return outcome;
});

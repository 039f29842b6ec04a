/**
 * Is it the documentation of a property, a method or an interface? An attention network reads comments of TypeScript's own library (npm:
 * typescript), from which the telling words were taken out.
 *
 *     npx tsx examples/documentation.ts
 */

import { layers, type Model, optimizers, schedules, sequential } from "descent";
import { trainTestSplit } from "descent/data";
import { wordTokenizer } from "descent/text";
import { start } from "./direct.ts";
import { typescriptLibrary } from "./typescript-library.ts";

export const target = "at least 88 % of the new comments, where the most frequent class alone gives 56 %";

export interface DocumentationOptions {
  /** Default 8. */
  epochs?: number;
  /** Default 1. */
  seed?: number;
  verbose?: 0 | 1 | "auto";
}

const LENGTH = 40; // words of a comment that are read
export const CLASSES = ["property", "method", "interface"];

/** @param tokens the words, and the token that stands before each comment. */
export function network(tokens: number, seed: number): Model {
  const block = { normalizeFirst: true, dropout: 0.2, activation: "gelu" } as const;
  return sequential(
    [
      layers.embedding(tokens, 48, { maskZero: true, inputShape: [LENGTH] }), // 0 is no word
      layers.positionEmbedding(LENGTH),
      layers.dropout(0.2),
      layers.transformerEncoder(96, 4, block),
      layers.transformerEncoder(96, 4, block),
      layers.cropping1d([0, LENGTH - 1]), // the first place has seen the whole comment
      layers.flatten(),
      layers.layerNormalization(),
      layers.dense(CLASSES.length, { activation: "softmax" }),
    ],
    { seed },
  );
}

export async function main({ epochs = 8, seed = 1, verbose = 0 }: DocumentationOptions = {}) {
  const comments = documentation(typescriptLibrary("lib.dom.d.ts"));
  const kinds = Int32Array.from(comments, ({ kind }) => CLASSES.indexOf(kind));
  const texts = comments.map(({ text }) => text);
  const [trainTexts, testTexts, yTrain, yTest] = trainTestSplit(texts, kinds, { testSize: 0.2, stratify: kinds, seed });

  // The words of the training texts; a token of its own stands before each comment, and looks at all others.
  const tokenizer = wordTokenizer(trainTexts.join(" "), { size: 3000 });
  const read = (texts: readonly string[]) => {
    const data = new Int32Array(texts.length * LENGTH);
    texts.forEach((text, i) => {
      data.set([tokenizer.size, ...tokenizer.encode(text)].slice(0, LENGTH), i * LENGTH);
    });
    return { data, shape: [texts.length, LENGTH] };
  };

  const model = network(tokenizer.size + 1, seed);
  const steps = epochs * Math.ceil(yTrain.length / 32);
  const learningRate = schedules.oneCycle({ maxLearningRate: 0.002, steps });
  const optimizer = optimizers.adamw({ learningRate, weightDecay: 0.05 });
  model.compile({ optimizer, loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  await model.fit(read(trainTexts), yTrain, { epochs, batchSize: 32, seed, verbose });
  const { accuracy } = await model.evaluate(read(testTexts), yTest);

  const most = Math.max(...CLASSES.map((_, kind) => yTest.filter((each) => each === kind).length)) / yTest.length;
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const result = `${percent(accuracy)} of ${yTest.length} new comments (most frequent class: ${percent(most)})`;
  return { accuracy, most, comments: texts.length, result, passed: accuracy >= 0.88 };
}

/** Comments and what they are about: by the line that follows. */
export function documentation(library: string): { text: string; kind: string }[] {
  const found = library.matchAll(/\/\*\*\n((?:\s*\*(?!\/)[^\n]*\n)+)\s*\*\/\n\s*([^\n]+)/g);
  return [...found].flatMap(([, comment = "", declaration = ""]) => {
    const kind = kindOf(declaration);
    const text = comment
      .replace(/^\s*\*/gm, " ")
      .replace(/\*\*`[^`]*`\*\*|\[MDN[^\n]*|`[^`]*`|@\w+/g, " ")
      .replace(/\b(propert\w+|methods?|interfaces?|read-only)\b/gi, " ")
      .replace(/\s+/g, " ")
      .trim()
      .toLowerCase();
    return kind && text.length > 20 ? [{ text, kind }] : [];
  });
}

function kindOf(declaration: string): string | undefined {
  if (/^(interface|declare var)/.test(declaration)) return "interface";
  if (/^\w+(<[^(]*>)?\(/.test(declaration)) return "method";
  return /^(readonly |get |set )?[\w"]+\??:/.test(declaration) ? "property" : undefined;
}

await start(import.meta.url, target, () => main({ verbose: "auto" }));

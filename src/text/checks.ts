import { fail, show } from "../util/index.ts";

/** Refuses everything but a text. */
export function checkText(where: string, text: unknown): asserts text is string {
  if (typeof text !== "string")
    fail(`${where} got ${show(text)}`, "a text", "decodeText(bytes) makes one of a file's bytes");
}

/** Refuses a text without a character. */
export function checkFilled(where: string, text: unknown): asserts text is string {
  checkText(where, text);
  if (text.length === 0) fail(`${where} got an empty text`, "at least one character");
}

/** Refuses numbers that are no token. */
export function checkTokens(where: string, tokens: ArrayLike<number>, size: number): void {
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] as number;
    if (Number.isInteger(token) && token >= 0 && token < size) continue;
    fail(`${where}: token ${i} is ${token}`, `whole numbers from 0 to ${size - 1}`);
  }
}

/** Refuses everything but a list of different texts. */
export function checkVocabulary(where: string, vocabulary: unknown): readonly string[] {
  const right = Array.isArray(vocabulary) && vocabulary.every((entry) => typeof entry === "string");
  if (right && new Set(vocabulary).size === vocabulary.length && vocabulary.length > 0) return vocabulary;
  fail(`${where} has a damaged vocabulary`, "a list of different texts", "save the tokenizer again");
}

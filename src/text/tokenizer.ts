/** What a JSON file can hold. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** What a JSON file can hold of a tokenizer; `tokenizerFromJSON` makes it again. */
export type TokenizerJSON = { readonly kind: string; readonly [name: string]: JsonValue };

/** Text to whole numbers and back. Number i stands for entry i of a vocabulary of `size`. */
export interface Tokenizer {
  readonly kind: string;
  /** How many different tokens there are: an embedding's inputDim. */
  readonly size: number;
  /** @throws DescentError for what the vocabulary can't express, naming the place. */
  encode(text: string): Int32Array;
  /** @throws DescentError for numbers that are no token, naming the place. */
  decode(tokens: ArrayLike<number>): string;
  /** For `model.save(folder, { preprocessing: tokenizer.toJSON() })`. */
  toJSON(): TokenizerJSON;
}

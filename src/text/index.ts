/** Text: bytes to text, text to tokens, tokens to windows that models train on. */

export { type BytePairTokenizerOptions, bytePairTokenizer } from "./byte-pairs.ts";
export { decodeText } from "./bytes.ts";
export { characterTokenizer } from "./characters.ts";
export { huggingFaceTokenizer } from "./huggingface.ts";
export { loadTokenizer, tokenizerFromJSON } from "./json.ts";
export type { Tokenizer, TokenizerJSON } from "./tokenizer.ts";
export { type TokenWindowsOptions, tokenWindows, type Windows } from "./windows.ts";
export { type WordTokenizerOptions, wordTokenizer } from "./words.ts";

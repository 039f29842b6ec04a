import { checkOptions, fail, refusePackage } from "../util/index.ts";
import { checkText, checkTokens } from "./checks.ts";
import type { JsonValue, Tokenizer, TokenizerJSON } from "./tokenizer.ts";

export const HUGGING_FACE = "huggingFace";

type JsonObject = { readonly [name: string]: JsonValue };

/** What is used of `@huggingface/tokenizers`. */
interface Library {
  readonly Tokenizer: new (
    tokenizer: object,
    config: object,
  ) => {
    encode(text: string, options?: { add_special_tokens?: boolean }): { readonly ids: readonly number[] };
    decode(ids: number[], options?: { skip_special_tokens?: boolean }): string;
  };
}

/**
 * The tokenizer of a Hugging Face `tokenizer.json`, by the optional package `@huggingface/tokenizers`, which is loaded here. Special tokens
 * are left out.
 *
 * @param tokenizer contents of tokenizer.json, @param config of tokenizer_config.json, default {}.
 * The models are byte pairs, word pieces, unigram and words, with their normalizers and cuts.
 *
 * @throws DescentError when the package is not installed, or the file is none of its kind.
 */
export async function huggingFaceTokenizer(tokenizer: JsonObject, config: JsonObject = {}): Promise<Tokenizer> {
  const name = "@huggingface/tokenizers";
  const library = await import(name).catch((error: unknown) => {
    refusePackage(name, "reads tokenizers of Hugging Face", error);
  });
  const { model, added_tokens: added } = tokenizer as { model?: { vocab?: object }; added_tokens?: { id: number }[] };
  if (!model?.vocab) fail("this is no tokenizer.json", "an object with model.vocab");
  const inner = new (library as Library).Tokenizer(tokenizer, config);
  const ids = (Array.isArray(model.vocab) ? model.vocab.map((_, i) => i) : Object.values(model.vocab)) as number[];
  const size = [...ids, ...(added ?? []).map(({ id }) => id)].reduce((most, id) => Math.max(most, id), 0) + 1;
  return {
    kind: HUGGING_FACE,
    size,
    encode(text) {
      checkText("encode", text);
      return Int32Array.from(inner.encode(text, { add_special_tokens: false }).ids);
    },
    decode(tokens) {
      checkTokens("decode", tokens, size);
      return tokens.length === 0 ? "" : inner.decode(Array.from(tokens), { skip_special_tokens: true });
    },
    toJSON: () => ({ kind: HUGGING_FACE, tokenizer, config }),
  };
}

/** What `toJSON` wrote: the whole of both files. */
export function huggingFaceFromJSON(json: TokenizerJSON): Promise<Tokenizer> {
  checkOptions("a Hugging Face tokenizer", json, ["kind", "tokenizer", "config"]);
  const { tokenizer, config } = json as unknown as { tokenizer?: JsonObject; config?: JsonObject };
  return huggingFaceTokenizer(tokenizer ?? {}, config);
}

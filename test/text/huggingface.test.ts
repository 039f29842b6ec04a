import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { huggingFaceTokenizer, loadTokenizer, tokenizerFromJSON } from "../../src/text/index.ts";

interface Golden {
  readonly tokenizer: Parameters<typeof huggingFaceTokenizer>[0];
  readonly size: number;
  readonly cases: readonly { readonly text: string; readonly ids: readonly number[]; readonly decoded: string }[];
}

describe.each(["byte-pairs", "unigram"])("a tokenizer.json of Hugging Face's own trainer, %s", (name) => {
  const path = new URL(`../golden/tokenizers/${name}.json`, import.meta.url);
  const golden = JSON.parse(readFileSync(path, "utf8")) as Golden;

  test("gives the tokens and texts that Hugging Face's library gives", async () => {
    const tokenizer = await huggingFaceTokenizer(golden.tokenizer);
    expect(tokenizer.size).toBe(golden.size);
    for (const { text, ids, decoded } of golden.cases) {
      expect([...tokenizer.encode(text)]).toEqual(ids);
      expect(tokenizer.decode(ids)).toBe(decoded);
    }
  });

  test("is saved whole and made again", async () => {
    const saved = JSON.stringify(await huggingFaceTokenizer(golden.tokenizer, { model_max_length: 64 }));
    const again = await loadTokenizer(JSON.parse(saved));
    const [{ text, ids }] = golden.cases as [Golden["cases"][0]];
    expect([...again.encode(text)]).toEqual(ids);
    expect(JSON.stringify(again)).toBe(saved);
    expect(() => tokenizerFromJSON(JSON.parse(saved))).toThrow("await loadTokenizer(json)");
  });

  test("refuses what is no token and no text", async () => {
    const tokenizer = await huggingFaceTokenizer(golden.tokenizer);
    expect(() => tokenizer.decode([0, golden.size])).toThrow(`decode: token 1 is ${golden.size}`);
    expect(() => tokenizer.encode(7 as never)).toThrow("encode got 7. Expected a text");
  });
});

test("files that are none are refused, and other tokenizers are loaded, too", async () => {
  await expect(huggingFaceTokenizer({ model: {} })).rejects.toThrow("this is no tokenizer.json");
  await expect(loadTokenizer({ kind: "huggingFace" })).rejects.toThrow("this is no tokenizer.json");
  await expect(loadTokenizer({ kind: "huggingface" })).rejects.toThrow("unknown tokenizer");
  expect((await loadTokenizer({ kind: "characters", vocabulary: ["a", "b"] })).decode([1, 0])).toBe("ba");
});

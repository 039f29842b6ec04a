import { describe, expect, test } from "vitest";
import {
  bytePairTokenizer,
  characterTokenizer,
  decodeText,
  type Tokenizer,
  tokenizerFromJSON,
  tokenWindows,
  wordTokenizer,
} from "../../src/text/index.ts";
import { learnMerges, merge } from "../../src/text/merges.ts";
import fc from "../tools/properties.ts";

const text = "It was the best of times, it was the worst of times; naïve café, 東京 🙂 and don't 1859.\n\n  The end.\n";

const again = (tokenizer: Tokenizer) => tokenizerFromJSON(JSON.parse(JSON.stringify(tokenizer)));

describe("every tokenizer", () => {
  test.each([
    ["characters", characterTokenizer(text)],
    ["words", wordTokenizer(text)],
    ["byte pairs", bytePairTokenizer(text, { size: 300 })],
  ] as const)("of %s: numbers below its size, the same after a file", (_, tokenizer) => {
    const tokens = tokenizer.encode(text);
    expect(tokens.every((token) => token >= 0 && token < tokenizer.size)).toBe(true);
    expect(again(tokenizer).encode(text)).toEqual(tokens);
    expect(again(tokenizer).decode(tokens)).toBe(tokenizer.decode(tokens));
    expect(tokenizer.encode("")).toHaveLength(0);
    expect(() => tokenizer.decode([tokenizer.size])).toThrow(`token 0 is ${tokenizer.size}`);
    expect(() => tokenizer.encode(3 as never)).toThrow("encode got 3. Expected a text");
  });

  test("refuses an empty text, and what is no tokenizer", () => {
    for (const make of [characterTokenizer, wordTokenizer, bytePairTokenizer]) {
      expect(() => make("")).toThrow("got an empty text. Expected at least one character");
    }
    expect(() => tokenizerFromJSON({})).toThrow("this is no tokenizer");
    expect(() => tokenizerFromJSON({ kind: "word" })).toThrow('did you mean "words"');
    expect(() => tokenizerFromJSON({ kind: "bytePairs", merges: [[300, 1]] })).toThrow("damaged merges");
  });
});

test("characters are numbered by code point and refuse others by place", () => {
  const tokenizer = characterTokenizer("banana🙂");
  expect([...tokenizer.encode("ban🙂")]).toEqual([1, 0, 2, 3]);
  expect(tokenizer.decode(tokenizer.encode("🙂ban"))).toBe("🙂ban");
  expect(() => tokenizer.encode("bat")).toThrow('encode: character 2 is "t". Expected one of the 4 characters');
});

test("words are numbered by frequency; 1 is any other", () => {
  const tokenizer = wordTokenizer("The cat, the dog: the end", { size: 4 });
  expect([...tokenizer.encode("THE cat saw")]).toEqual([2, 3, 1]);
  expect(tokenizer.decode([2, 0, 3, 1])).toBe("the cat <unknown>");
  expect(wordTokenizer("don't stop").size).toBe(4);
});

describe("byte pairs", () => {
  test("give every text back", () => {
    const tokenizer = bytePairTokenizer(text.repeat(3), { size: 330 });
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (any) => {
        expect(tokenizer.decode(tokenizer.encode(any))).toBe(any);
      }),
      { numRuns: 200 },
    );
  });

  test("are fewer than bytes, and never cross words", () => {
    const tokenizer = bytePairTokenizer("low low low lower lower newest newest", { size: 264 });
    const { merges } = tokenizer.toJSON() as unknown as { merges: [number, number][] };
    const [l, o, w, e] = [..."lowe"].map((letter) => letter.charCodeAt(0)) as [number, number, number, number];
    expect(merges.slice(0, 2)).toEqual([
      [l, o],
      [256, w],
    ]);
    expect(merges.flat()).toContain(e);
    expect(tokenizer.encode(" low").length).toBeLessThan(3);
  });

  test("are learned as by counting all pairs anew for each merge", () => {
    const words = (seed: number) =>
      Array.from({ length: 12 }, (_, i) => ({
        tokens: Array.from({ length: 2 + ((i * seed) % 7) }, (_, j) => (i * 3 + j * j * seed) % 4),
        count: 1 + ((i * 5 + seed) % 4),
      }));
    for (const seed of [1, 2, 3, 5, 8]) {
      const current = words(seed).map((word) => ({ ...word }));
      const slow: (readonly [number, number])[] = [];
      for (let step = 0; step < 12; step++) {
        const counts = new Map<string, number>();
        for (const { tokens, count } of current) {
          for (let i = 1; i < tokens.length; i++) {
            const pair = `${tokens[i - 1]},${tokens[i]}`;
            counts.set(pair, (counts.get(pair) ?? 0) + count);
          }
        }
        const [best] = [...counts].sort(([a, m], [b, n]) => {
          const [[a0 = 0, a1 = 0], [b0 = 0, b1 = 0]] = [a.split(",").map(Number), b.split(",").map(Number)];
          return n - m || a0 - b0 || a1 - b1;
        });
        if (!best) break;
        const [left = 0, right = 0] = best[0].split(",").map(Number);
        slow.push([left, right]);
        for (const word of current) word.tokens = merge(word.tokens, left, right, 4 + step);
      }
      expect(learnMerges(words(seed), 4, 12)).toEqual(slow);
    }
  });
});

test("UTF-16 is read by its mark", () => {
  const little = Buffer.from("\uFEFFhéllo", "utf16le");
  expect([decodeText(little), decodeText(Buffer.from(little).swap16())]).toEqual(["héllo", "héllo"]);
  expect(() => decodeText(little.subarray(0, 5), "poem.txt")).toThrow("poem.txt begins as UTF-16 and is not");
});

test("bytes that are not UTF-8 are refused by place", () => {
  expect(decodeText(new TextEncoder().encode(text))).toBe(text);
  const bytes = new TextEncoder().encode("a café and a bar");
  expect(() => decodeText(bytes.with(8, 0xff), "poem.txt")).toThrow("poem.txt is not UTF-8: byte 8 is 0xff");
  expect(() => decodeText(bytes.subarray(0, 6))).toThrow("not UTF-8: byte 5 is 0xc3");
  expect(() => decodeText(new Uint8Array(0))).toThrow("the text is empty");
});

test("windows are views of the stream: x a token before y", () => {
  const tokens = Int32Array.from({ length: 12 }, (_, i) => i);
  const { x, y } = tokenWindows(tokens, 4, { stride: 3 });
  expect(x.shape).toEqual([3, 4]);
  expect(x.data.buffer).toBe(tokens.buffer);
  expect([...y.data.subarray(2 * y.rowStride, 2 * y.rowStride + 4)]).toEqual([7, 8, 9, 10]);
  expect(tokenWindows(tokens, 11).x.shape).toEqual([1, 11]);
  expect(() => tokenWindows(tokens, 12)).toThrow("tokenWindows got 12 tokens. Expected at least 13");
});

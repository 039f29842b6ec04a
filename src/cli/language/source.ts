import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import {
  bytePairTokenizer,
  characterTokenizer,
  decodeText,
  type Tokenizer,
  tokenWindows,
  type Windows,
  wordTokenizer,
} from "../../text/index.ts";
import { unknownName } from "../../util/index.ts";
import type { CheckedConfig, CheckedDataFile } from "../config/schema.ts";
import type { Dense } from "../data/dense.ts";
import type { Samples } from "../data/samples.ts";
import { EXIT, part, refuse } from "../exit.ts";

/** Windows of a text to learn from, and those of its last part, which is held back. */
export interface TextSamples extends Samples {
  readonly tokenizer: Tokenizer;
  /** Undefined with `split: false`. */
  readonly held: Samples | undefined;
}

const ENDINGS = [".txt", ".text", ".md"];
const CONTEXT = 64;
/** Of nanoGPT: the last tenth is for validation. */
const TEST_SIZE = 0.1;

/** Whether a config's data are a text: by the file's ending, or because it says how to cut it into tokens. */
export function isTextFile({ path, tokenizer }: CheckedDataFile): boolean {
  return tokenizer !== undefined || ENDINGS.includes(extname(path).toLowerCase());
}

/** A text file as windows of tokens, each with the tokens that follow. */
export async function readTextFile(
  file: string,
  { tokenizer: asked, context = CONTEXT, stride = context }: CheckedDataFile,
  split: CheckedConfig["split"],
): Promise<TextSamples> {
  if (split !== false && (split?.shuffle !== undefined || split?.stratify !== undefined)) {
    refuse(EXIT.usage, "split of a text has shuffle or stratify", "testSize: the last part of it is held back");
  }
  const testSize = split === false ? 0 : (split?.testSize ?? TEST_SIZE);
  if (testSize >= 1) refuse(EXIT.usage, `split.testSize of a text is ${testSize}`, "a share between 0 and 1");
  const make = await part(EXIT.usage, () => tokenizerMaker(asked), "data.tokenizer");
  return part(
    EXIT.data,
    async () => {
      const text = decodeText(await readFile(file), file);
      const tokenizer = make(text);
      const tokens = tokenizer.encode(text);
      const cut = Math.floor(tokens.length * (1 - testSize));
      const parts = [tokens.subarray(0, cut), tokens.subarray(cut)].map((part) => {
        if (part.length > context) return samplesOf(part, context, stride);
        if (part.length === 0) return undefined;
        return refuse(
          EXIT.data,
          `${file} has ${tokens.length} tokens, of which a part has ${part.length}`,
          `more than the context of ${context} in each`,
          "a longer text, or a smaller data.context",
        );
      });
      const [training, held] = parts;
      return { ...(training as Samples), tokenizer, held };
    },
    file,
  );
}

function tokenizerMaker(asked: CheckedDataFile["tokenizer"]): (text: string) => Tokenizer {
  const { kind = "characters", ...options } = typeof asked === "string" ? { kind: asked } : (asked ?? {});
  const makers: Record<string, (text: string) => Tokenizer> = {
    characters: characterTokenizer,
    words: (text) => wordTokenizer(text, options),
    bytePairs: (text) => bytePairTokenizer(text, options),
  };
  return makers[kind] ?? unknownName("tokenizer", kind, Object.keys(makers));
}

function samplesOf(tokens: Int32Array, context: number, stride: number): Samples {
  const { x, y } = tokenWindows(tokens, context, { stride });
  return { x: rowsOf(x), y: rowsOf(y) };
}

/** Windows as rows of their own. */
function rowsOf({ data, shape, rowStride }: Windows): Dense {
  const [rows, length] = shape;
  const all = new Int32Array(rows * length);
  for (let row = 0; row < rows; row++) all.set(data.subarray(row * rowStride, row * rowStride + length), row * length);
  return { data: all, shape };
}

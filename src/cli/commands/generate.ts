import { goesStepwise } from "../../nn/index.ts";
import { loadTokenizer, type Tokenizer } from "../../text/index.ts";
import type { GenerateOptions } from "../../train/index.ts";
import { EXIT, type ExitCode, part, refuse } from "../exit.ts";
import { openModel, type SavedModel } from "../training/saved.ts";

/** Options of `descent generate`. */
export interface GenerateCommandOptions
  extends Pick<GenerateOptions, "length" | "temperature" | "topK" | "topP" | "seed"> {
  prompt?: string;
}

/** `descent generate`: a saved language model writes on, token by token, after a prompt. */
export async function generateCommand(folder: string, options: GenerateCommandOptions): Promise<ExitCode> {
  const { model, tokenizer: saved } = await openModel(folder);
  if (saved === undefined) {
    refuse(EXIT.data, `${folder} was saved without a tokenizer`, "a model that descent train made of a text");
  }
  const tokenizer = await part(EXIT.data, () => loadTokenizer(saved), folder);
  const { prompt = "\n", ...given } = options;
  const tokens = await part(EXIT.usage, () => tokenizer.encode(prompt), "--prompt");
  if (tokens.length === 0) refuse(EXIT.usage, "--prompt is empty", "at least one character that the model knows");
  process.stdout.write(options.prompt ?? "");
  await part(EXIT.usage, async () => {
    for await (const text of written(model, tokenizer, tokens, given)) process.stdout.write(text);
  });
  process.stdout.write("\n");
  return EXIT.ok;
}

/** What a model writes after a prompt, in pieces that are whole characters. */
export async function* written(
  model: SavedModel["model"],
  tokenizer: Tokenizer,
  prompt: Int32Array,
  options: GenerateOptions,
): AsyncGenerator<string, void, undefined> {
  const cache = model.layers.every(
    ({ definition, calls: [symbol] }) =>
      definition.kind === "input" || goesStepwise(definition, symbol?.origin.inputs.map(() => true) ?? []),
  );
  const made: number[] = [];
  let shown = "";
  for await (const token of model.generate(prompt, { ...options, cache })) {
    made.push(token);
    const text = tokenizer.decode(made);
    if (text.endsWith("\uFFFD")) continue; // within a character
    if (text.startsWith(shown)) yield text.slice(shown.length);
    shown = text;
  }
}

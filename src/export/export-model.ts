import type { Network } from "../nn/index.ts";
import { fail } from "../util/index.ts";
import { exportJavaScript } from "./export-javascript.ts";
import { exportOnnx, type OnnxOptions } from "./export-onnx.ts";
import { writeFile } from "./file.ts";
import { exportPyTorch } from "./pytorch.ts";

/** Options of {@link exportModel}; what they mean depends on the format. */
export type ExportOptions = OnnxOptions;

/**
 * Writes a model as a file of another kind, by its ending: `.onnx` ({@link exportOnnx}); `.js`, `.mjs` or `.ts` ({@link exportJavaScript}, which has no `metadata`);
 * `.safetensors` ({@link exportPyTorch}, which has no options here). The file is whole or not there.
 *
 * @param path a file's path (Node).
 * @throws DescentError for another ending, and for what the format can't say.
 * @example
 * const classifier = sequential([layers.dense(3, { activation: "softmax", inputShape: [4] })]);
 * await exportModel(classifier, "classifier.onnx");
 */
export async function exportModel(network: Network, path: string, options: ExportOptions = {}): Promise<void> {
  const write = WRITERS[/\.\w+$/.exec(path)?.[0] ?? ""];
  if (!write) fail(`a model can't be exported to ${path}`, `a file that ends with ${Object.keys(WRITERS).join(", ")}`);
  await writeFile(path, await write(network, options));
}

function script(types: boolean) {
  return (network: Network, { metadata, ...options }: ExportOptions): Promise<string> => {
    if (metadata !== undefined) fail("a script was given metadata", "none", "write them into a file of their own");
    return exportJavaScript(network, { ...options, types });
  };
}

const WRITERS: Readonly<
  Record<string, (network: Network, options: ExportOptions) => Promise<string | Uint8Array | readonly Uint8Array[]>>
> = {
  ".onnx": exportOnnx,
  ".safetensors": async (network, options) => {
    if (Object.keys(options).length > 0) fail("a file of weights was given options", "none, it holds numbers only");
    return exportPyTorch(network);
  },
  ".js": script(false),
  ".mjs": script(false),
  ".ts": script(true),
};

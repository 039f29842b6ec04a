import type { Network } from "../nn/index.ts";
import { fail } from "../util/index.ts";
import { exportJavaScript } from "./export-javascript.ts";
import { exportOnnx, type OnnxOptions } from "./export-onnx.ts";
import { writeFile } from "./file.ts";

/** Options of {@link exportModel}; what they mean depends on the format. */
export type ExportOptions = OnnxOptions;

/**
 * Writes a model as a file of another kind, by its ending: `.onnx` ({@link exportOnnx}); `.js`, `.mjs` or `.ts` ({@link exportJavaScript}, which has no `metadata`). The file is whole or not there.
 *
 * @param path a file's path (Node).
 * @throws DescentError for another ending, and for what the format can't say.
 * @example
 * await exportModel(model, "xor.onnx");
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
  ".js": script(false),
  ".mjs": script(false),
  ".ts": script(true),
};

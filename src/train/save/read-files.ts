import { decodeSafetensors, fail, type SavedTensor } from "../../util/index.ts";
import { sha256 } from "./checksum.ts";
import { MODEL, parseModelFile, WEIGHTS } from "./format.ts";
import type { ModelSource } from "./place.ts";

/** Larger model files are not ours: structure takes some hundred bytes a layer. */
const longestModelFile = 64 * 1024 * 1024;

/** The weights of a saved model, whatever its layers. */
export async function readWeights(source: ModelSource): Promise<Map<string, SavedTensor>> {
  const { text, path } = await readModelFile(source);
  return readTensors(source, WEIGHTS, parseModelFile(text, path).weights);
}

/** The text of a model.json and its path, for errors. */
export async function readModelFile(source: ModelSource): Promise<{ text: string; path: string }> {
  const file = await source.open(MODEL);
  if ("missing" in file)
    fail(`there is no model in ${source.name}: ${MODEL}: ${file.missing}`, "what model.save() wrote");
  const size = file.size ?? 0;
  const bytes = size > longestModelFile ? undefined : await file.read(longestModelFile);
  if (!bytes || bytes.length > longestModelFile) {
    fail(`${file.path} has ${bytes?.length ?? size} bytes or more`, `at most ${longestModelFile}`);
  }
  return { text: new TextDecoder().decode(bytes), path: file.path };
}

/** The tensors of a file that a model.json names with its size and checksum. */
export async function readTensors(
  source: ModelSource,
  name: string,
  { bytes, sha256: expected }: { bytes: number; sha256: string },
): Promise<Map<string, SavedTensor>> {
  const file = await source.open(name);
  const { path } = file;
  if ("missing" in file) {
    fail(`${path} cannot be read: ${file.missing}`, `the file that ${MODEL} names`, "copy all files of the model");
  }
  const data = file.size === undefined || file.size === bytes ? await file.read(bytes) : undefined;
  const found = data?.length ?? file.size ?? 0;
  if (!data || found !== bytes) {
    const more = file.size === undefined && found > bytes ? " or more" : "";
    fail(`${path} has ${found} bytes${more}`, `${bytes} bytes, as ${MODEL} says`, "copy all files of the model again");
  }
  if ((await sha256([data])) !== expected) {
    fail(`${path} is damaged: its checksum is not the one in ${MODEL}`, "the file as it was saved", "copy it again");
  }
  return decodeSafetensors(data, path);
}

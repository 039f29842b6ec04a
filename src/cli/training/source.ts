import { mnist } from "../../data/index.ts";
import { unknownName } from "../../util/index.ts";
import type { LoadedConfig } from "../config/load.ts";
import { check, checkData, sampleSchema } from "../config/schema.ts";
import { readDense } from "../data/dense.ts";
import { fromFolder, pairUp, readSampleFile, type Samples } from "../data/samples.ts";
import { EXIT, part } from "../exit.ts";
import { isTextFile, readTextFile, type TextSamples } from "../language/source.ts";

const NAMED = { mnist: readMnist };

/** The samples that a config's `data` stands for. */
export async function loadSamples({
  config: { data, split },
  path,
  folder,
}: LoadedConfig): Promise<Samples | TextSamples> {
  if (typeof data === "string" && isTextFile({ path: data })) {
    return readTextFile(fromFolder(folder, data), { path: data }, split);
  }
  if (typeof data === "string") {
    const read = Object.hasOwn(NAMED, data) ? NAMED[data as keyof typeof NAMED] : undefined;
    if (!read) return part(EXIT.usage, () => unknownName("data source", data, Object.keys(NAMED)), path);
    return part(EXIT.data, read, "data");
  }
  if (typeof data === "function") {
    const made: unknown = await part(EXIT.data, () => data(), `${path}: data()`);
    const { x, y } = check(sampleSchema, made, path, "data()");
    return samplesOf(x, y, "data()");
  }
  const known = checkData(data, path);
  if ("arrays" in known) return samplesOf(known.arrays.x, known.arrays.y, "data");
  if (isTextFile(known.file)) return readTextFile(fromFolder(folder, known.file.path), known.file, split);
  const { path: file, target, features } = known.file;
  return readSampleFile(fromFolder(folder, file), { features, target: typeof target === "string" ? [target] : target });
}

async function samplesOf(x: unknown, y: unknown, where: string): Promise<Samples> {
  return pairUp(await readDense(`${where}.x`, x), await readDense(`${where}.y`, y));
}

async function readMnist(): Promise<Samples> {
  const { images, labels } = await mnist();
  return pairUp(await readDense("mnist images", images), await readDense("mnist labels", labels));
}

/** Samples that were made of a text. */
export function textOf(samples: Samples | TextSamples): TextSamples | undefined {
  return "tokenizer" in samples ? samples : undefined;
}

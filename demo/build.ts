/**
 * Builds the page into a folder of static files that works from any path of any host:
 *
 *     npm run demo:build
 */
import { copyFile, cp, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { mnist, trainTestSplit } from "descent/data";
import { build } from "esbuild";
import { type DigitSet, encodeDigits } from "./digits.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Where the page is built unless told otherwise. */
export const defaultFolder = here("dist");

/** Fills `folder`, which is emptied before. */
export async function buildDemo(folder = defaultFolder): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await Promise.all([
    bundle(folder),
    writeDigits(join(folder, "digits.bin")),
    copyFile(here("index.html"), join(folder, "index.html")),
    cp(here("public"), folder, { recursive: true }),
  ]);
}

async function bundle(folder: string): Promise<void> {
  await build({
    entryPoints: { page: here("page/main.ts"), training: here("training/worker.ts"), style: here("style/style.css") },
    outdir: folder,
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    platform: "browser", // takes the variants for browsers that package.json names under "browser"
    target: "es2022",
    alias: { descent: here("../src/index.ts"), "descent/data": here("../src/data/index.ts") },
    external: ["node:*"], // reached in Node only
    chunkNames: "chunks/[name]-[hash]",
    logLevel: "warning",
  });
}

/** The 8,000 and 2,000 digits that `npm start` learns and is tested on, every digit with the same share of both. */
async function writeDigits(path: string): Promise<void> {
  const { images, labels } = await mnist();
  const [xTrain, xTest, yTrain, yTest] = trainTestSplit(images, labels, { testSize: 0.2, stratify: labels, seed: 1 });
  const set = async (x: typeof xTrain, y: Int32Array): Promise<DigitSet> => ({
    images: Uint8Array.from(await x.data(), (ink) => Math.round(ink * 255)),
    labels: Uint8Array.from(y),
  });
  const bytes = encodeDigits({ train: await set(xTrain, yTrain), test: await set(xTest, yTest) });
  await writeFile(path, await promisify(gzip)(bytes, { level: 9 }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildDemo();
  console.log(`Built: ${defaultFolder}. Any static host can serve this folder.`);
}

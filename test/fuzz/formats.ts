import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import {
  type Batch,
  type Dataset,
  fromArrayFiles,
  fromArrow,
  fromImages,
  fromTable,
  readArrays,
} from "../../src/data/index.ts";
import { layers, loadModel, sequential } from "../../src/index.ts";
import { unzip, zipBlob } from "../../src/train/save/zip.ts";
import golden from "../data/golden/arrays.json" with { type: "json" };
import arrowGolden from "../data/golden/arrow.json" with { type: "json" };

/** A kind of file, and how it is read. */
export interface Format {
  readonly name: string;
  /** The file that is damaged. */
  readonly file: string;
  readonly whole: Uint8Array;
  /** Reads the file at a path; what it gives is compared with what the whole file gives. */
  readonly read: (path: string) => Promise<unknown>;
  /** A checksum guards every byte: whatever is read must be what was written. */
  readonly checked: boolean;
}

async function everything(dataset: Dataset): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of dataset) batches.push(batch);
  return batches;
}

const rows = Array.from({ length: 40 }, (_, i) => ({
  a: i,
  b: i / 7,
  c: `word ${i % 5}`,
  d: i % 3 === 0 ? null : i > 20,
}));

/** Every kind of file that the library reads; files beside the damaged one lie in `scratch`. */
export async function formats(scratch: string): Promise<Format[]> {
  const model = sequential([
    layers.dense(4, { activation: "tanh", inputShape: [3] }),
    layers.batchNormalization(),
    layers.dense(1),
  ]).compile({ optimizer: "adam", loss: "meanSquaredError", engine: "reference" });
  const checkpoints = join(scratch, "checkpoints");
  const x = rows.map(({ a, b }) => [a, b, a * b]);
  const y = rows.map(({ b }) => [b]);
  await model.fit(x, y, { verbose: 0, checkpoint: checkpoints });
  await model.save(join(scratch, "model"));
  const { readFileSync, readdirSync } = await import("node:fs");

  const ofModel = (file: string): Format => {
    const folder = join(scratch, `model-${file}`);
    cpSync(join(scratch, "model"), folder, { recursive: true });
    const read = async (path: string) => {
      cpSync(path, join(folder, file));
      const loaded = await loadModel(folder);
      return [Object.entries(loaded.getWeights()).map(([name, values]) => [name, [...values]])];
    };
    return {
      name: `model ${file}`,
      file,
      whole: readFileSync(join(folder, file)),
      read,
      checked: file !== "model.json",
    };
  };

  const [newest = ""] = readdirSync(checkpoints);
  const ofCheckpoint = (file: string): Format => {
    const folder = join(scratch, `checkpoints-${file}`);
    cpSync(checkpoints, folder, { recursive: true });
    const read = async (path: string) => {
      cpSync(path, join(folder, newest, file));
      const { CheckpointFolder } = await import("../../src/train/checkpoint/folder.ts");
      const told: string[] = [];
      const found = await new CheckpointFolder(folder).newest((words) => told.push(words));
      return found?.record;
    };
    return { name: `checkpoint ${file}`, file, whole: readFileSync(join(folder, newest, file)), read, checked: true };
  };

  const zip = new Uint8Array(
    await zipBlob("m", [
      { name: "model.json", data: "{}" },
      { name: "weights", data: new Uint8Array(50) },
    ]).arrayBuffer(),
  );
  const archive: Format = {
    name: "archive of a model",
    file: "model.zip",
    whole: zip,
    read: async (path) => {
      const files = await unzip(new Blob([readFileSync(path)]), path);
      return Promise.all([...files].map(async ([name, blob]) => [name, (await blob.arrayBuffer()).byteLength]));
    },
    checked: false,
  };

  const arrays = golden.files
    .filter(({ name }) =>
      ["f4.npy", "pair.npz", "packed.npz", "u1-idx3-ubyte", "kinds.safetensors", "packed.npy.gz"].includes(name),
    )
    .map(({ name, base64 }): Format => {
      const read = async (path: string) => {
        const all = await readArrays(path);
        if (!path.endsWith("z") && !path.endsWith("safetensors")) await everything(await fromArrayFiles({ x: path }));
        return all;
      };
      return { name, file: name, whole: Buffer.from(base64, "base64"), read, checked: /npz$/.test(name) };
    });

  const arrow = arrowGolden.files
    .filter(({ name }) => ["numbers.arrow", "texts.arrow", "long.feather", "stream.arrows"].includes(name))
    .map(({ name, base64 }): Format => {
      const read = async (path: string) => everything(await fromArrow(path));
      return { name, file: name, whole: Buffer.from(base64, "base64"), read, checked: false };
    });

  const table = (file: string, whole: string | Uint8Array): Format => ({
    name: file,
    file,
    whole: typeof whole === "string" ? new TextEncoder().encode(whole) : whole,
    read: async (path) => everything(await fromTable(path, { threads: 1, memory: 256 })),
    checked: false,
  });
  const csv = `a,b,c,d\n${rows.map(({ a, b, c, d }) => `${a},${b},"${c}",${d ?? ""}`).join("\n")}\n`;
  const parquet = join(scratch, "table.parquet");
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  writeFileSync(join(scratch, "table.csv"), csv);
  const source = `read_csv('${join(scratch, "table.csv")}')`;
  await connection.run(`COPY (FROM ${source}) TO '${parquet}'`);
  connection.disconnectSync();
  instance.closeSync();

  mkdirSync(join(scratch, "images"), { recursive: true });
  const picture = sharp({ create: { width: 9, height: 7, channels: 3, background: "teal" } });
  const image = async (ending: "png" | "jpeg" | "webp" | "gif"): Promise<Format> => {
    const folder = join(scratch, `images-${ending}`);
    mkdirSync(join(folder, "class"), { recursive: true });
    const read = async (path: string) => {
      cpSync(path, join(folder, "class", `0.${ending}`));
      return everything((await fromImages(folder, { size: [5, 5] })).dataset);
    };
    const whole = await picture.clone().toFormat(ending).toBuffer();
    return { name: `${ending} image`, file: `0.${ending}`, whole, read, checked: false };
  };

  return [
    ...["model.json", "weights.safetensors", "optimizer.safetensors"].map(ofModel),
    ...["run.json", "weights.safetensors", "optimizer.safetensors"].map(ofCheckpoint),
    archive,
    ...arrays,
    ...arrow,
    table("table.csv", csv),
    table("table.json", JSON.stringify(rows)),
    table("table.jsonl", rows.map((row) => JSON.stringify(row)).join("\n")),
    table("table.parquet", readFileSync(parquet)),
    await image("png"),
    await image("jpeg"),
    await image("webp"),
    await image("gif"),
  ];
}

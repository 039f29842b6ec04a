import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../../util/index.ts";
import { syncFolder } from "../../util/node.ts";
import { sha256 } from "../save/checksum.ts";
import { reason } from "../save/file-error.ts";
import type { ModelPart } from "../save/place.ts";
import { type CheckpointRecord, decodeRecord, encodeRecord } from "./record.ts";

/** The file that is written last and knows the others. */
const RECORD = "run.json";

/** A checkpoint that was read and found whole. */
export interface WholeCheckpoint {
  readonly path: string;
  readonly record: CheckpointRecord;
  /** The contents of its other files. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/**
 * A folder of checkpoints, each a folder `step-000001200-epoch-0003` (updates done, epoch to go on with). One is written as
 * `.step-...-tmp`, flushed, and renamed: what has its name is whole as far as this machine can tell, and checksums tell the rest.
 */
export class CheckpointFolder {
  constructor(readonly folder: string) {}

  /** Makes the folder, removes what a killed process left half-written, and finds out whether it can be written. */
  async open(): Promise<void> {
    try {
      await mkdir(this.folder, { recursive: true });
      for (const name of await readdir(this.folder)) {
        if (/^\.step-.*-(tmp|gone)$/.test(name)) await rm(join(this.folder, name), { recursive: true, force: true });
      }
      const probe = join(this.folder, `.probe-${process.pid}`);
      await (await open(probe, "w")).close();
      await rm(probe);
    } catch (error) {
      fail(`checkpoints cannot be written to ${this.folder}: ${reason(error)}`, "a folder that can be written");
    }
  }

  /** Names of the checkpoints, the oldest first. */
  async names(): Promise<string[]> {
    const names = await readdir(this.folder).catch(() => [] as string[]);
    return names.filter((name) => /^step-\d{9,}-epoch-\d{4,}$/.test(name)).sort(byStep);
  }

  /**
   * The newest whole checkpoint; `onDamaged` hears of newer ones that are not.
   *
   * @throws DescentError when there are checkpoints and none is whole.
   */
  async newest(onDamaged: (words: string) => void): Promise<WholeCheckpoint | undefined> {
    const names = await this.names();
    for (const name of [...names].reverse()) {
      const found = await this.read(name);
      if (typeof found !== "string") return found;
      onDamaged(found);
    }
    if (names.length === 0) return undefined;
    fail(
      `none of the ${names.length} checkpoints in ${this.folder} is whole`,
      "a whole one",
      "begin in another folder",
    );
  }

  /** Reads a checkpoint and compares every file with its checksum; a text says what is wrong. */
  async read(name: string): Promise<WholeCheckpoint | string> {
    const path = join(this.folder, name);
    try {
      const record = await decodeRecord(await readFile(join(path, RECORD), "utf8"));
      if (typeof record === "string") return `${join(path, RECORD)}: ${record}`;
      const files = new Map<string, Uint8Array>();
      for (const [file, facts] of Object.entries(record.files)) {
        const place = join(path, file);
        if (file.includes("/") || file.includes("\\")) return `${path}: "${file}" is no file's name`;
        const { size } = await stat(place);
        if (size !== facts.bytes) return `${place} has ${size} bytes instead of ${facts.bytes}`;
        const data = await readFile(place);
        if ((await sha256([data])) !== facts.sha256) return `${place}: its checksum is wrong`;
        files.set(file, data);
      }
      return { path, record, files };
    } catch (error) {
      return `${path}: ${reason(error)}`;
    }
  }

  /** The record of a checkpoint, without a look at its other files; undefined when it can't be read. */
  async recordOf(name: string): Promise<CheckpointRecord | undefined> {
    try {
      const record = await decodeRecord(await readFile(join(this.folder, name, RECORD), "utf8"));
      return typeof record === "string" ? undefined : record;
    } catch {
      return undefined;
    }
  }

  /**
   * Writes a checkpoint: all of it or nothing, whenever the machine stops.
   *
   * @returns its path. @throws the file system's error, after what was written is removed.
   */
  async write(record: Omit<CheckpointRecord, "files">, parts: readonly ModelPart[]): Promise<string> {
    const name = nameOf(record);
    const beside = join(this.folder, `.${name}-tmp`);
    try {
      await rm(beside, { recursive: true, force: true });
      await mkdir(beside);
      const files: Record<string, { bytes: number; sha256: string }> = {};
      for (const { name: file, data } of parts) {
        const pieces = bytesOf(data);
        files[file] = { bytes: pieces.reduce((sum, { length }) => sum + length, 0), sha256: await sha256(pieces) };
        await writeFlushed(join(beside, file), pieces);
      }
      await writeFlushed(join(beside, RECORD), bytesOf(await encodeRecord({ ...record, files })));
      await syncFolder(beside);
      const path = join(this.folder, name);
      await this.remove(name); // of a branch that was left: a newer one was damaged
      await rename(beside, path);
      await syncFolder(this.folder);
      return path;
    } catch (error) {
      await rm(beside, { recursive: true, force: true }).catch(() => undefined);
      throw error;
    }
  }

  /** Removes a checkpoint, which is none any more from the first moment on. */
  async remove(name: string): Promise<void> {
    const gone = join(this.folder, `.${name}-gone`);
    await rename(join(this.folder, name), gone).catch((error: { code?: string }) => {
      if (error.code !== "ENOENT") throw error;
    });
    await rm(gone, { recursive: true, force: true });
  }
}

function nameOf({ step, epoch }: { step: number; epoch: number }): string {
  return `step-${String(step).padStart(9, "0")}-epoch-${String(epoch).padStart(4, "0")}`;
}

/** By updates, then by epochs: names of more digits than others come last. */
function byStep(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

function bytesOf(data: ModelPart["data"]): Uint8Array[] {
  if (typeof data === "string") return [new TextEncoder().encode(data)];
  return data instanceof Uint8Array ? [data] : [...data];
}

async function writeFlushed(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  const file = await open(path, "wx");
  try {
    for (const piece of pieces) await file.writeFile(piece);
    await file.sync();
  } finally {
    await file.close();
  }
}

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { DescentError } from "../../src/index.ts";
import { HostRandom } from "../../src/util/index.ts";
import type { Format } from "./formats.ts";

/** Numbers that programs trust too easily, as they lie in files. */
const NUMBERS = [0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** A damaged copy of a file: cut, flipped, overwritten, doubled, grown, or another kind's contents. */
export function mutated(whole: Uint8Array, others: readonly Uint8Array[], random: HostRandom): Uint8Array {
  const at = () => random.integer(Math.max(1, whole.length));
  const copy = Uint8Array.from(whole);
  switch (random.integer(9)) {
    case 0:
      return copy.subarray(0, at());
    case 1:
      return copy.subarray(at());
    case 2: {
      const from = at();
      return Buffer.concat([
        copy.subarray(0, from),
        copy.subarray(Math.min(whole.length, from + 1 + random.integer(40))),
      ]);
    }
    case 3: {
      const piece = copy.subarray(at()).subarray(0, 1 + random.integer(64));
      const to = at();
      return Buffer.concat([copy.subarray(0, to), piece, copy.subarray(to)]);
    }
    case 4: {
      const noise = Uint8Array.from({ length: 1 + random.integer(64) }, () => random.integer(256));
      copy.set(noise.subarray(0, Math.max(0, copy.length - 64)), Math.min(at(), Math.max(0, copy.length - 64)));
      return copy;
    }
    case 5: {
      const place = Math.min(at(), Math.max(0, copy.length - 4));
      if (copy.length >= 4) {
        const number = NUMBERS[random.integer(NUMBERS.length)] as number;
        new DataView(copy.buffer).setUint32(place, number, random.integer(2) === 0);
      }
      return copy;
    }
    case 6:
      return Buffer.concat([others[random.integer(others.length)] as Uint8Array]);
    case 7: {
      const other = others[random.integer(others.length)] as Uint8Array;
      const place = at();
      return Buffer.concat([copy.subarray(0, place), other.subarray(Math.min(place, other.length))]);
    }
    default: {
      for (let flips = 1 + random.integer(8); flips > 0; flips--) {
        const place = at();
        if (copy.length > 0) copy[place] = (copy[place] as number) ^ (1 << random.integer(8));
      }
      return copy;
    }
  }
}

/** What came of mutations of a format. */
export interface Tally {
  refused: number;
  /** Read, though damaged: right, or with nothing in the file to tell by. */
  read: number;
  readonly faults: string[];
}

/** Milliseconds after which a reader is taken to hang. */
const PATIENCE = 20_000;

/** Bytes by which reading a damaged file may make the process grow. */
const MOST_GROWTH = 400e6;

/** Reads damaged files: each is refused on one line, or read; where checksums are, as it was. */
export async function fuzz(format: Format, others: readonly Uint8Array[], count: number, seed: number, folder: string) {
  mkdirSync(folder, { recursive: true });
  const random = new HostRandom(seed, 77);
  const path = join(folder, format.file);
  writeFileSync(path, format.whole);
  const right = await format.read(path);
  const tally: Tally = { refused: 0, read: 0, faults: [] };
  for (let i = 0; i < count; i++) {
    const damaged = mutated(format.whole, others, random);
    writeFileSync(path, damaged);
    const before = process.memoryUsage().rss;
    const fault = (words: string) => tally.faults.push(`${format.name}, seed ${seed}, mutation ${i}: ${words}`);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error("it hangs")), PATIENCE);
    });
    try {
      const found = await Promise.race([format.read(path), late]);
      tally.read++;
      if (format.checked && !isDeepStrictEqual(found, right)) fault("read as something else");
    } catch (error) {
      if (!(error instanceof DescentError)) fault(String((error as Error)?.stack ?? error).slice(0, 400));
      else if (/[\r\n]/.test(error.message)) fault(`more than one line: ${error.message}`);
      tally.refused++;
    } finally {
      clearTimeout(timer);
    }
    const growth = process.memoryUsage().rss - before;
    if (growth > MOST_GROWTH) fault(`took ${Math.round(growth / 1e6)} MB`);
  }
  return tally;
}

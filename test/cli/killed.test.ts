import { join } from "node:path";
import { expect, test } from "vitest";
import { HostRandom } from "../../src/util/index.ts";
import { builtPackage } from "../tools/built.ts";
import { workFolder } from "./fixture.ts";
import { killTrainings } from "./killed.ts";

const scratch = workFolder();

// `npm run kill -- 300 1 command` is the long form.
test.each([
  ["images", 4],
  ["table", 3],
  ["streamed", 2],
  ["config", 3],
] as const)(
  "a training of the command (%s) that is killed %i times ends with the bits of one that was not",
  async (kind, kills) => {
    const command = join(await builtPackage(), "bin/descent.mjs");
    const tally = await killTrainings(kind, kills, new HostRandom(11), { command, folder: join(scratch, kind) });
    expect(tally.faults).toEqual([]);
    expect(tally.kills).toBe(kills);
    expect(tally.ended).toBeGreaterThan(0);
  },
);

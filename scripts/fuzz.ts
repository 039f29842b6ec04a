// `npm run fuzz -- [MUTATIONS] [SEED] [FORMAT]`: damages every kind of file that the library reads, so many times in all, and reads it: no crash,
// no hang, no wrong load where there is a checksum, no memory taken for it, and one line that says what is wrong.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formats } from "../test/fuzz/formats.ts";
import { fuzz } from "../test/fuzz/mutate.ts";

const [total = "20000", seed = "1", only = ""] = process.argv.slice(2);
const scratch = mkdtempSync(join(tmpdir(), "descent-fuzz-"));
try {
  const all = await formats(scratch);
  const chosen = all.filter(({ name }) => name.includes(only));
  const others = all.map(({ whole }) => whole);
  // A table is read by a database of its own, which takes its time to begin.
  const weightOf = (name: string) => (name.startsWith("table") ? 1 : 4);
  const weights = chosen.reduce((sum, { name }) => sum + weightOf(name), 0);
  const faults: string[] = [];
  let done = 0;
  for (const format of chosen) {
    const count = Math.ceil((Number(total) * weightOf(format.name)) / weights);
    const tally = await fuzz(format, others, count, Number(seed), join(scratch, "long", format.name));
    done += count;
    faults.push(...tally.faults);
    console.log(
      `${format.name}: ${count} mutations, ${tally.refused} refused, ${tally.read} read, ${tally.faults.length} faults`,
    );
    for (const fault of tally.faults.slice(0, 5)) console.log(`  ${fault}`);
  }
  console.log(`${done} mutations, ${faults.length} faults (seed ${seed})`);
  process.exitCode = faults.length === 0 ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/**
 * `npm run examples [-- NAME ...] [--seeds 3]`: runs the programs in examples/ with the seeds 1 to 3 (by default 1 only) and tells what each
 * came to, against its target. Exits with 1 when one misses it.
 */

import { Command } from "commander";
import { EXAMPLES } from "../examples/all.ts";
import { table } from "../src/cli/index.ts";

const command = new Command("npm run examples --")
  .argument("[names...]", "examples to run; all, if none is named")
  .option("--seeds <number>", "run each with the seeds 1 to this", "1")
  .parse();
const asked = command.args;
const seeds = Number(command.opts<{ seeds: string }>().seeds);
if (!Number.isInteger(seeds) || seeds < 1)
  command.error(`--seeds: an integer from 1 on was expected, not ${command.opts()["seeds"]}`);
const unknown = asked.filter((name) => !(name in EXAMPLES));
if (unknown.length > 0)
  command.error(`no example ${unknown.join(", ")}; known: ${Object.keys(EXAMPLES).join(", ")}`, { exitCode: 2 });

const rows: string[][] = [];
let missed = 0;
for (const [name, { target, run }] of Object.entries(EXAMPLES)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`\n== ${name}: ${target}`);
  for (let seed = 1; seed <= seeds; seed++) {
    const started = performance.now();
    const { result, passed } = await run(seed).catch((error: unknown) => ({ result: String(error), passed: false }));
    const seconds = `${((performance.now() - started) / 1000).toFixed(0)} s`;
    const verdict = passed ? "reached" : "MISSED";
    console.log(`${verdict}: ${result} (${seeds > 1 ? `seed ${seed}, ` : ""}${seconds})`);
    if (!passed) missed++;
    rows.push([name, `${seed}`, verdict, seconds, result]);
  }
}
const columns = ["example", "seed", "target", "time", "result"].map((title) => ({ title, align: "left" as const }));
console.log(`\n${table({ columns, rows })}`);
process.exit(missed === 0 ? 0 : 1);

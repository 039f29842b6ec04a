/**
 * `npm run examples [-- NAME ...]`: runs the programs in examples/ and tells what each came to, against its target. Exits with 1 when one
 * misses it.
 */

import { EXAMPLES } from "../examples/all.ts";
import { table } from "../src/cli/index.ts";

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in EXAMPLES));
if (unknown.length > 0) {
  console.error(`no example ${unknown.join(", ")}; known: ${Object.keys(EXAMPLES).join(", ")}`);
  process.exit(2);
}

const rows: string[][] = [];
let missed = 0;
for (const [name, { target, run }] of Object.entries(EXAMPLES)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`\n== ${name}: ${target}`);
  const started = performance.now();
  const { result, passed } = await run().catch((error: unknown) => ({ result: String(error), passed: false }));
  const seconds = (performance.now() - started) / 1000;
  console.log(`${passed ? "reached" : "MISSED"}: ${result} (${seconds.toFixed(0)} s)`);
  if (!passed) missed++;
  rows.push([name, passed ? "reached" : "MISSED", `${seconds.toFixed(0)} s`, result]);
}
const columns = ["example", "target", "time", "result"].map((title) => ({ title, align: "left" as const }));
console.log(`\n${table({ columns, rows })}`);
process.exit(missed === 0 ? 0 : 1);

#!/usr/bin/env node
// The command `descent`: the built program, or the sources through tsx in a clone that was not built.
const OLDEST = 20;

const [major] = process.versions.node.split(".").map(Number);
if (major < OLDEST) {
  console.error(`Descent needs Node ${OLDEST} or newer; this is ${process.version}. Fix: install it from nodejs.org.`);
  process.exit(2);
}

const { existsSync } = await import("node:fs");
const { fileURLToPath } = await import("node:url");
const built = new URL("../dist/node/cli/index.js", import.meta.url);
const sources = new URL("../src/cli/index.ts", import.meta.url);

// A clone runs its sources, whatever an earlier build left behind; a package has no sources.
let entry = built;
if (existsSync(fileURLToPath(sources))) {
  const { register } = await import("tsx/esm/api");
  register({ tsconfig: fileURLToPath(new URL("../tsconfig.json", import.meta.url)) });
  entry = sources;
}
const { main } = await import(entry.href);
process.exitCode = await main(process.argv.slice(2));

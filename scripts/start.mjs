// What `npm start` runs: installs what is missing, then trains the handwritten digits (examples/digits.ts) in this
// process, so that Ctrl-C, the terminal and the exit code are the example's own. Further arguments go to the example.
const OLDEST = 20;

const [major] = process.versions.node.split(".").map(Number);
if (major < OLDEST) {
  console.error(`Descent needs Node ${OLDEST} or newer; this is ${process.version}. Fix: install it from nodejs.org.`);
  process.exit(1);
}

// Loaded only now: older versions of Node could not even read them.
const { ensureInstalled, root } = await import("./install.mjs");
ensureInstalled();

const { pathToFileURL } = await import("node:url");
const example = `${root}examples/digits.ts`;
process.argv.splice(1, 1, example);

try {
  const { register } = await import("tsx/esm/api");
  register({ tsconfig: `${root}tsconfig.json` });
  await import(pathToFileURL(example).href);
} catch (error) {
  const short = error?.name === "DescentError" && !process.env.DESCENT_DEBUG;
  console.error(short ? `Error: ${error.message}` : error);
  process.exit(1);
}

// The package's doors for Node in a few files: a process that reads some 300 modules takes three times as long to start.
import { join } from "node:path";
import { build } from "esbuild";

/** Doors, and what is loaded by its path. */
const DOORS = [
  "index",
  "architectures/index",
  "data/index",
  "tabular/index",
  "text/index",
  "export/index",
  "records/index",
  "testing/index",
  "cli/index",
];
const ENTRIES = [...DOORS, "cli/config/resolveHook"];

/**
 * Bundles the modules in a folder ("dist", or "src" where `extension` is ".ts") into another. What is loaded only when it is needed stays
 * a file of its own; dependencies stay outside.
 *
 * @param code stands for the modules' content, in keys of what is cached (`bundled` in src/util/bundled.ts)
 */
export async function bundleForNode({ modules, extension, outdir, code }) {
  await build({
    entryPoints: ENTRIES.map((entry) => join(modules, `${entry}${extension}`)),
    outbase: modules,
    outdir,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    define: { DESCENT_BUNDLE: JSON.stringify(code) },
    // Lines stay lines: Node prints the one that an error was thrown on, before the error.
    minify: false,
    legalComments: "none",
    logLevel: "warning",
  });
}

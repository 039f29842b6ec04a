// What `npm run build` does after the compiler: dist/browser/descent.js, the public door in one file for pages without a
// bundler, and dist/node, the doors in few files. `node scripts/bundle.mjs [PACKAGE]` does it for a package built elsewhere.
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { bundleForNode } from "./node-bundle.mjs";

const folder = resolve(process.argv[2] ?? fileURLToPath(new URL("..", import.meta.url)));

await build({
  absWorkingDir: folder,
  entryPoints: [join(folder, "dist/index.js")],
  outfile: join(folder, "dist/browser/descent.js"),
  bundle: true,
  minify: true,
  format: "esm",
  platform: "browser", // takes the variants for browsers that package.json names under "browser"
  target: "es2022",
  legalComments: "none",
  logLevel: "warning",
});

const fingerprint = pathToFileURL(join(folder, "dist/engines/native/fingerprint.js")).href;
const { fingerprintOf } = await import(fingerprint);
const code = await fingerprintOf(fingerprint);
await bundleForNode({ modules: join(folder, "dist"), extension: ".js", outdir: join(folder, "dist/node"), code });

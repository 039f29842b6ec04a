// What `npm run build` does after the compiler: dist/browser/descent.js, the public door in one file for pages without a
// bundler. `node scripts/bundle.mjs [PACKAGE]` does it for a package built elsewhere.
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

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
  sourcemap: true,
  sourcesContent: false,
  legalComments: "none",
  logLevel: "warning",
});

import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { peersFolder, peerVersion } from "../peers/install.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const BINARIES = ["tfjs-backend-wasm.wasm", "tfjs-backend-wasm-simd.wasm", "tfjs-backend-wasm-threaded-simd.wasm"];

/** The page with all contestants, as static files. */
export async function buildPage(folder: string): Promise<void> {
  const { version } = JSON.parse(readFileSync(here("../../package.json"), "utf8"));
  await build({
    entryPoints: { page: here("page.ts") },
    outdir: folder,
    bundle: true,
    format: "esm",
    platform: "browser", // takes the variants for browsers that package.json names under "browser"
    target: "es2022",
    alias: { descent: here("../../src/index.ts") },
    external: ["node:*"], // reached in Node only
    define: {
      VERSIONS: JSON.stringify({ descent: version, jax: peerVersion("@jax-js/jax") }),
      "process.env.NODE_ENV": '"production"',
    },
    logLevel: "error",
  });
  for (const name of BINARIES) {
    copyFileSync(`${peersFolder}node_modules/@tensorflow/tfjs-backend-wasm/dist/${name}`, join(folder, name));
  }
  writeFileSync(
    join(folder, "index.html"),
    '<!doctype html><meta charset="utf-8"><title>Descent and others</title><script type="module" src="page.js"></script>',
  );
}

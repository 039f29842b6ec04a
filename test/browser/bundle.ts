import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The package's doors and the test runner, as a page finds them. */
const ALIASES = {
  descent: here("../../src/index.ts"),
  "descent/data": here("../../src/data/index.ts"),
  "descent/testing": here("../../src/testing/index.ts"),
  vitest: here("page/vitest.ts"),
};

/** Modules that only Node has, by the end of their path, and what does their work in a page. */
const STAND_INS: Readonly<Record<string, string>> = {
  "/examples/direct.ts": here("page/direct.ts"),
  "/src/data/sources/packageFiles.ts": here("page/package-files.ts"),
};

const standIns: Plugin = {
  name: "stand-ins",
  setup({ onResolve }) {
    onResolve({ filter: /\/(direct|packageFiles)\.ts$/ }, ({ path, resolveDir }) => {
      const full = fileURLToPath(new URL(path, `file://${resolveDir}/`));
      const end = Object.keys(STAND_INS).find((each) => full.endsWith(each));
      return end === undefined ? undefined : { path: STAND_INS[end]! };
    });
  },
};

/** The scripts that a page needs to run a module, by path: "/<name>.js" and the chunks it imports. */
export async function bundle(entry: string): Promise<Map<string, Uint8Array>> {
  const { outputFiles } = await build({
    entryPoints: [here(entry)],
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    outdir: "/",
    write: false,
    keepNames: true,
    alias: ALIASES,
    external: ["node:*", "koffi"], // imported by engines that are never loaded in a page
    plugins: [standIns],
    logLevel: "warning",
  });
  return new Map(outputFiles.map(({ path, contents }) => [path, contents]));
}

import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { fingerprintOf } from "../src/engines/native/fingerprint.ts";
import { bundleForNode } from "./node-bundle.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Stands for the code in src/. */
const code = () => fingerprintOf(new URL("../src/engines/native/fingerprint.ts", import.meta.url).href);

/** Makes the package in a folder as far as Node's programs use it, of the sources as `npm run build` makes it of dist. */
export async function makeNodePackage(folder: string): Promise<void> {
  const modules = join(root, "src");
  await bundleForNode({ modules, extension: ".ts", outdir: join(folder, "dist/node"), code: await code() });
  mkdirSync(join(folder, "bin"));
  for (const file of ["bin/descent.mjs", "package.json"]) copyFileSync(join(root, file), join(folder, file));
}

/** "descent" is the sources, or what {@link makeNodePackage} made of them in the folder `from`. */
function doors(from: string | undefined): Plugin {
  return {
    name: "doors",
    setup({ onResolve }) {
      onResolve({ filter: /^descent(\/\w+)?$/ }, ({ path }) => {
        const file = join(path.replace(/^descent/, "."), "index");
        return from === undefined
          ? { path: join(root, "src", `${file}.ts`) }
          : { path: join(from, "dist/node", `${file}.js`), external: true };
      });
    },
  };
}

/** Makes one file of JavaScript of a TypeScript program and all that it imports but packages. */
export async function makeScript(program: string, file: string, from?: string): Promise<void> {
  await build({
    entryPoints: [program],
    outfile: file,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    define: { DESCENT_BUNDLE: JSON.stringify(await code()) },
    plugins: [doors(from)],
    tsconfigRaw: "{}", // whose paths would lead to the sources
    sourcemap: "inline",
    sourcesContent: false,
    keepNames: true,
    logLevel: "warning",
  });
}

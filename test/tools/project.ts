import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const tsc = join(root, "node_modules/typescript/bin/tsc");

/** Makes a project in `home` that has the package installed as npm would: built by `npm run build`'s own steps. */
export function installPackage(home: string): void {
  const target = join(home, "node_modules/descent");
  mkdirSync(target, { recursive: true });
  execFileSync(process.execPath, [tsc, "-p", "tsconfig.build.json", "--outDir", join(target, "dist")], { cwd: root });
  writeFileSync(join(target, "package.json"), readFileSync(join(root, "package.json")));
  for (const name of ["koffi", "zod", "commander", "tsx", "@koromix", "@types"]) {
    symlinkSync(join(root, "node_modules", name), join(home, "node_modules", name));
  }
  execFileSync(process.execPath, [join(root, "scripts/bundle.mjs"), target], { cwd: root });
  writeFileSync(join(home, "package.json"), '{ "type": "module" }');
}

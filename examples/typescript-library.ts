import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** A declaration file that comes with TypeScript, such as "lib.dom.d.ts": English and code, two megabytes that every project has. */
export function typescriptLibrary(file: string): string {
  const require = createRequire(import.meta.url);
  // Since version 7 the compiler, and with it the library, lies in a package for the platform.
  const places = [`@typescript/typescript-${process.platform}-${process.arch}`, "typescript"];
  for (const place of places) {
    try {
      const manifest = require.resolve(`${place}/package.json`, {
        paths: [dirname(require.resolve("typescript/package.json"))],
      });
      return readFileSync(join(dirname(manifest), "lib", file), "utf8");
    } catch (error) {
      if (place === "typescript") throw error;
    }
  }
  return "";
}

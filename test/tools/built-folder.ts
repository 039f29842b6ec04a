import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** The folder of what built.ts makes. */
    built: string;
  }
}

/** Inside of node_modules, so that what lies in it finds the dependencies. */
const caches = fileURLToPath(new URL("../../node_modules/.cache", import.meta.url));

/** Before all tests: a folder for programs made once for all of them. The answer is called after them. */
export default function setup(project: TestProject): () => void {
  mkdirSync(caches, { recursive: true });
  const folder = mkdtempSync(join(caches, "descent-test-"));
  project.provide("built", folder);
  return () => rmSync(folder, { recursive: true, force: true });
}

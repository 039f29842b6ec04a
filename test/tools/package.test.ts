import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const home = mkdtempSync(join(tmpdir(), "descent-package-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const program = `
import { layers, sequential, tensor } from "descent";
import { standardScaler } from "descent/data";
const scaled = await standardScaler().fitTransform([[1], [3]]);
const model = sequential([layers.dense(1, { inputShape: [1], kernelInitializer: "ones" })]);
const output = await model.predict(scaled);
console.log(JSON.stringify(await tensor(output).array()));
`;

test("the built package works in a project of its own, in plain JavaScript and in strict TypeScript", () => {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const target = join(home, "node_modules/descent");
  mkdirSync(target, { recursive: true });
  execFileSync(process.execPath, [tsc, "-p", "tsconfig.build.json", "--outDir", join(target, "dist")], { cwd: root });
  writeFileSync(join(target, "package.json"), readFileSync(join(root, "package.json")));
  for (const name of ["koffi", "zod", "commander", "tsx", "@koromix", "@types"]) {
    symlinkSync(join(root, "node_modules", name), join(home, "node_modules", name));
  }
  writeFileSync(join(home, "package.json"), '{ "type": "module" }');
  for (const name of ["main.js", "main.ts"]) writeFileSync(join(home, name), program);

  expect(execFileSync(process.execPath, ["main.js"], { cwd: home, encoding: "utf8" }).trim()).toBe("[[-1],[1]]");

  const strict = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--target", "es2022", "--module", "nodenext"];
  const { stdout } = spawnSync(process.execPath, [tsc, ...strict, "--types", "node", "main.ts"], {
    cwd: home,
    encoding: "utf8",
  });
  expect(stdout).toBe("");
});

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { installPackage, tsc } from "./project.ts";

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
  installPackage(home);
  for (const name of ["main.js", "main.ts"]) writeFileSync(join(home, name), program);

  expect(execFileSync(process.execPath, ["main.js"], { cwd: home, encoding: "utf8" }).trim()).toBe("[[-1],[1]]");

  const strict = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--target", "es2022", "--module", "nodenext"];
  const { stdout } = spawnSync(process.execPath, [tsc, ...strict, "--types", "node", "main.ts"], {
    cwd: home,
    encoding: "utf8",
  });
  expect(stdout).toBe("");
});

test("an error that nobody caught is printed in lines that can be read, and names the user's own line", () => {
  const mistaken = `
    import { layers } from "descent";
    layers.dense(10, { activtion: "relu" });
  `;
  writeFileSync(join(home, "mistaken.js"), mistaken);
  const { stderr, status } = spawnSync(process.execPath, ["mistaken.js"], { cwd: home, encoding: "utf8" });
  expect(status).toBe(1);
  expect(stderr).toContain('DescentError: unknown option of dense: "activtion".');
  expect(stderr).toContain("mistaken.js:3:");
  expect(stderr).toContain("throw new DescentError");
  expect(Math.max(...stderr.split("\n").map((line) => line.length))).toBeLessThan(250);
});

test("what is installed refers to no file that is not there", () => {
  const dist = join(home, "node_modules/descent/dist");
  const maps = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".map"));
  expect(maps).toEqual([]);
});

test("applications in browsers compile without the types of Node", () => {
  const options = {
    strict: true,
    target: "ES2022",
    module: "ESNext",
    moduleResolution: "bundler",
    lib: ["ES2022", "DOM"],
    types: [],
    noEmit: true,
    skipLibCheck: false,
  };
  writeFileSync(join(home, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files: ["main.ts"] }));
  rmSync(join(home, "node_modules/@types"), { force: true });
  const { stdout } = spawnSync(process.execPath, [tsc, "-p", "."], { cwd: home, encoding: "utf8" });
  expect(stdout).toBe("");
});

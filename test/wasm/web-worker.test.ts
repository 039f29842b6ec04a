import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { missing, openHost } from "../browser/host.ts";
import { ISOLATED } from "../browser/server.ts";

const PAGE = `globalThis.used = new Promise((resolve, reject) => {
  const worker = new Worker("/in-worker.js", { type: "module" });
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = ({ message }) => reject(new Error(message));
});`;

beforeEach((context) => context.skip(missing !== undefined, missing));

test.each([
  ["an isolated page", ISOLATED, { threads: 2, counts: [200, 100], workers: 2 }],
  ["a page that is not isolated", undefined, { threads: 1, counts: [200, 0], workers: 1 }],
])("the engine works in a Web Worker of %s", async (_, headers, expected) => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("./fixtures/in-worker.ts", import.meta.url))],
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
  });
  const scripts = new Map([
    ["/page.js", new TextEncoder().encode(PAGE)],
    ["/in-worker.js", outputFiles[0]!.contents],
  ]);
  const host = await openHost({ scripts, start: "/page.js", ...(headers && { headers }) });
  onTestFinished(() => host.close());
  const used = host.page.waitForFunction(() => (globalThis as { used?: Promise<unknown> }).used);
  expect(await (await Promise.race([used, host.lost])).jsonValue()).toEqual(expected);
  expect(host.complaints).toEqual([]);
});

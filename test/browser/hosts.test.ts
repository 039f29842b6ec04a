import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { builtScript } from "../tools/built.ts";
import { bundle } from "./bundle.ts";
import { missing, openBrowser, openHost } from "./host.ts";
import { ISOLATED } from "./server.ts";

/** A browser, a page and its server, each of which may lack something. */
interface HostCase {
  readonly name: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  /** Runs in the page before anything else. */
  readonly script?: string;
}

const policy = (text: string) => ({ ...ISOLATED, "Content-Security-Policy": text });
const threads = (count: number) => `globalThis.process = { env: { DESCENT_THREADS: "${count}" } };`;
const NO_WORKERS = "delete globalThis.Worker;";

/** Flags of V8, which Node and Chromium share. */
const NO_FMA = "--no-enable-fma3";
type NodeFlag = typeof NO_FMA;

/** Hosts on which WebAssembly runs, and what the engine says of them. */
const WORKING: readonly (HostCase & { readonly reason: RegExp; readonly like?: NodeFlag })[] = [
  { name: "an isolated page", headers: ISOLATED, reason: /^\d+ threads?, 128-bit vectors/ },
  { name: "1 thread", headers: ISOLATED, script: threads(1), reason: /^1 thread,/ },
  { name: "2 threads", headers: ISOLATED, script: threads(2), reason: /^2 threads,/ },
  { name: "4 threads", headers: ISOLATED, script: threads(4), reason: /^4 threads,/ },
  {
    name: "a page that is not isolated from other origins",
    reason: /^1 thread, .*threads?: the page is not isolated from other origins \(headers COOP and COEP\)/,
  },
  {
    name: "a policy against workers",
    headers: policy("worker-src 'none'"),
    reason: /^1 thread, .*workers are refused .*must allow blob: in worker-src/,
  },
  {
    name: "a policy against workers from blobs",
    headers: policy("worker-src 'self'"),
    reason: /^1 thread, .*workers are refused .*must allow blob: in worker-src/,
  },
  {
    name: "a strict policy with all that is needed",
    headers: policy("default-src 'self'; img-src data:; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:"),
    reason: /^\d+ threads?, 128-bit vectors/,
  },
  { name: "no workers", headers: ISOLATED, script: NO_WORKERS, reason: /^1 thread, .*this host has no workers/ },
  { name: "no workers, not isolated", script: NO_WORKERS, reason: /^1 thread, .*this host has no workers/ },
  {
    name: "a processor without fused multiply-add",
    headers: ISOLATED,
    flags: [`--js-flags=${NO_FMA}`],
    reason: /^\d+ threads?, 128-bit vectors, without fused multiply-add/,
    like: NO_FMA,
  },
];

/** Hosts on which it can't, and what must be said. */
const REFUSING: readonly (HostCase & { readonly reason: RegExp })[] = [
  {
    name: "a policy against WebAssembly",
    headers: policy("script-src 'self' 'unsafe-inline'"),
    reason: /content security policy must allow 'wasm-unsafe-eval' in script-src/,
  },
  {
    name: "a processor without vectors",
    headers: ISOLATED,
    flags: ["--js-flags=--no-enable-sse4-1"],
    reason: /WebAssembly has no SIMD \(128-bit vectors\); a newer browser or Node has/,
  },
  {
    name: "no WebAssembly",
    headers: ISOLATED,
    script: "delete globalThis.WebAssembly;",
    reason: /this host has no WebAssembly/,
  },
];

/** Lets the page reach its own workers. */
const WATCH_WORKERS = `globalThis.workers = [];
globalThis.Worker = class extends Worker {
  constructor(...given) {
    super(...given);
    workers.push(this);
  }
};`;

let scripts: Map<string, Uint8Array>;
beforeAll(async () => {
  if (missing === undefined) scripts = await bundle("page/hosted.ts");
});
beforeEach((context) => context.skip(missing !== undefined, missing));

/** A browser for each set of flags: starting one takes longer than most tests. */
const browsers = new Map<string, Promise<Browser>>();
function browserWith(flags: readonly string[]): Promise<Browser> {
  const key = flags.join(" ");
  const browser = browsers.get(key) ?? openBrowser(flags);
  browsers.set(key, browser);
  return browser;
}
afterAll(() => Promise.all([...browsers.values()].map(async (browser) => (await browser).close())));

/** What comes of the training in Node: the same bits wherever multiply-adds are fused, and others where they are not. */
async function trainedInNode(flag: NodeFlag | undefined): Promise<string> {
  const script = await builtScript(new URL("../engine/fixtures/train.ts", import.meta.url));
  const flags = flag === undefined ? [] : [flag];
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, script], {
    env: { ...process.env, DESCENT_ENGINE: "wasm" },
  });
  return stdout.trim();
}
const inNode = new Map<NodeFlag | undefined, Promise<string>>();

/** Does something with a page on a host, and closes the page. */
async function onHost<T>({ script, headers = {}, flags = [] }: HostCase, work: (page: Page) => Promise<T>): Promise<T> {
  const host = await openHost({
    scripts,
    start: "/hosted.js",
    headers,
    browser: await browserWith(flags),
    prepare: async (page) => {
      if (script) await page.addInitScript(script);
    },
  });
  try {
    return await Promise.race([work(host.page), host.lost]);
  } finally {
    await host.close();
  }
}

describe("training in a page goes on with", () => {
  test.each(WORKING.map((each) => [each.name, each] as const))("%s", async (_name, { reason, like, ...host }) => {
    await onHost(host, async (page) => {
      const chosen = await page.evaluate(() => hosted.engine("auto"));
      expect(chosen.name).toBe("wasm");
      expect(chosen.reason).toMatch(reason);
      const trained = await page.evaluate(() => hosted.trained());
      expect(trained).toMatch(/^[0-9a-f]{64} 60 steps, loss 0\.0/);
      const expected = inNode.get(like) ?? trainedInNode(like);
      inNode.set(like, expected);
      expect(trained).toBe(await expected);
    });
  });
});

describe("training in a page without WebAssembly is slow, and says why, with", () => {
  test.each(REFUSING.map((each) => [each.name, each] as const))("%s", async (_name, { reason, ...host }) => {
    await onHost(host, async (page) => {
      const chosen = await page.evaluate(() => hosted.engine("auto"));
      expect(chosen.name).toBe("reference");
      expect(chosen.reason).toMatch(reason);
      const refused = await page.evaluate(() => hosted.engine("wasm"));
      expect(refused.name).toBe("none");
      expect(refused.reason).toMatch(/^the wasm engine can't run here: /);
      expect(refused.reason).toMatch(reason);
      expect(await page.evaluate(() => hosted.xor())).toBe(1);
    });
  });
});

describe("workers lost in mid-training", () => {
  test.each([
    ["in an isolated page", { headers: ISOLATED }],
    ["in a page that is not isolated", {}],
  ])("%s: an error says so, and the next training has new ones", async (name, host) => {
    await onHost({ name, ...host, script: WATCH_WORKERS }, async (page) => {
      const { error, epochs } = await page.evaluate(() => hosted.loseWorkers());
      expect(error).toMatch(/^DescentError: A WebAssembly worker was lost/);
      expect(epochs).toBe(2);
    });
  });
});

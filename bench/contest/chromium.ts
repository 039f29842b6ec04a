import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ISOLATED, serveDemo } from "../../demo/serve.ts";
import { findChromium, launchChromium } from "../../test/browser/chromium.ts";
import type { VectorPeaks } from "../machine/vector-peak.ts";
import { buildPage } from "./build.ts";
import type { Answer, Hello, Request } from "./requests.ts";
import type { Host } from "./rival.ts";

/** What the page offers: see page.ts. */
declare const contest: {
  start(name: string, threads: number): Promise<Hello>;
  ask(request: Request): Promise<Answer>;
  peak(threads: number): Promise<VectorPeaks>;
};

/** Chromium: each contestant in a page of its own that may share memory between threads. */
export async function openChromium(): Promise<Host> {
  const found = findChromium();
  if ("reason" in found) throw new Error(found.reason);
  const folder = mkdtempSync(join(tmpdir(), "descent-bench-page-"));
  await buildPage(folder);
  const server = await serveDemo({ folder, headers: ISOLATED });
  const browser = await launchChromium(found.program);
  const open = async (threads: number) => {
    const page = await browser.newPage();
    page.on("pageerror", (error) => console.error(`page: ${error.message}`));
    // Libraries that have no option for it start as many threads as the page says that there are cores.
    await page.addInitScript(`Object.defineProperty(navigator, "hardwareConcurrency", { get: () => ${threads} })`);
    await page.goto(server.url);
    await page.waitForFunction("globalThis.contest");
    return page;
  };
  return {
    name: `Chromium ${browser.version()}`,
    async open(name, threads) {
      const page = await open(threads);
      const hello = await page.evaluate(([who, count]) => contest.start(who, count), [name, threads] as const);
      return {
        hello,
        ask: (request) => page.evaluate((what) => contest.ask(what), request),
        stop: () => page.close(),
      };
    },
    async vectorPeaks(threads) {
      const page = await open(threads);
      const peaks = await page.evaluate((count) => contest.peak(count), threads);
      await page.close();
      return peaks;
    },
    async close() {
      await browser.close();
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ISOLATED, serveDemo } from "../../demo/serve.ts";
import { findChromium, launchChromium } from "../../test/browser/chromium.ts";
import { buildPage } from "./build.ts";
import { measureVectorPeak, type VectorPeaks } from "./peak.ts";
import { startProcess } from "./process.ts";
import type { Answer, ContestantName, Hello, Request, Rival } from "./requests.ts";
import { provideWorkers } from "./web-workers.ts";

/** Where contestants run. */
export interface Host {
  readonly name: string;
  start(name: ContestantName, threads: number): Promise<Rival>;
  peak(threads: number): Promise<VectorPeaks>;
  close(): Promise<void>;
}

/** Node: every contestant in a process of its own. */
export async function openNode(engine: string): Promise<Host> {
  return {
    name: `Node ${process.version}`,
    start: (name, threads) => startProcess(name, threads, engine),
    async peak(threads) {
      provideWorkers(threads);
      return measureVectorPeak(threads);
    },
    async close() {},
  };
}

/** What the page offers: see page.ts. */
declare const contest: {
  start(name: ContestantName, threads: number): Promise<Hello>;
  ask(name: ContestantName, request: Request): Promise<Answer>;
  peak(threads: number): Promise<VectorPeaks>;
};

/** Chromium: all contestants in one page that may share memory between threads; a page for each number of threads. */
export async function openChromium(): Promise<Host> {
  const found = findChromium();
  if ("reason" in found) throw new Error(found.reason);
  const folder = mkdtempSync(join(tmpdir(), "descent-bench-page-"));
  await buildPage(folder);
  const server = await serveDemo({ folder, headers: ISOLATED });
  const browser = await launchChromium(found.program);
  const pages = new Map<number, Promise<import("playwright-core").Page>>();
  const open = async (threads: number) => {
    const page = await browser.newPage();
    page.on("pageerror", (error) => console.error(`page: ${error.message}`));
    // Libraries that have no option for it start as many threads as the page says that there are cores.
    await page.addInitScript(`Object.defineProperty(navigator, "hardwareConcurrency", { get: () => ${threads} })`);
    await page.goto(server.url);
    await page.waitForFunction("globalThis.contest");
    return page;
  };
  const pageFor = (threads: number) => {
    const page = pages.get(threads) ?? open(threads);
    pages.set(threads, page);
    return page;
  };
  return {
    name: `Chromium ${browser.version()}`,
    async start(name, threads) {
      const page = await pageFor(threads);
      const hello = await page.evaluate(([who, count]) => contest.start(who, count), [name, threads] as const);
      return {
        hello,
        ask: (request) => page.evaluate(([who, what]) => contest.ask(who, what), [name, request] as const),
        async stop() {
          pages.delete(threads);
          await page.close();
        },
      };
    },
    async peak(threads) {
      const page = await open(threads);
      const peak = await page.evaluate((count) => contest.peak(count), threads);
      await page.close();
      return peak;
    },
    async close() {
      await browser.close();
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

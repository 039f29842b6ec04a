// `npm run bench:demo`: the demo's page trains for ten minutes in Chromium while someone clicks every second. Tells memory (of
// the page with all its threads, and of the browser's process) and how long clicks wait.
//
//     npm run bench:demo -- --minutes 2      shorter
//     npm run bench:demo -- --trainer page   trained on the page's own thread
//     npm run bench:demo -- --plain          a host without headers, a browser without service workers: one thread
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Browser, Page } from "playwright-core";
import { buildDemo } from "../demo/build.ts";
import { ISOLATED, serveDemo } from "../demo/serve.ts";
import { findChromium, launchChromium } from "../test/browser/chromium.ts";
import { digits, formatTable, sleep } from "./format.ts";

const TARGET_MS = 50;
/** What is clicked, in turn; beside it the button that pauses and resumes. */
const TARGETS = ["#sample", "#confusion td:nth-of-type(5)", "#strip button", "#clear", "#settings summary"];
/** So many seconds of every minute the training is paused: as long do clicks wait on this machine anyway. */
const PAUSE = 15;
/** Seconds in which the tasks of the page's thread are noted, after all else: that takes time itself. */
const TRACED = 30;

interface Click {
  readonly training: boolean;
  /** Milliseconds from the click to its handler, and to the first picture after it. */
  readonly handled: number;
  readonly painted: number;
}

interface Sample {
  readonly second: number;
  readonly images: string;
  readonly accuracy: string;
  /** Megabytes. */
  readonly heap: number;
  readonly process: number;
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Processor time in microseconds. */
  readonly tdur?: number;
}

/** Installed in the page: notes for each click when its handlers ran and when the next picture was made. */
function watchClicks(): void {
  const clicks: Click[] = [];
  Object.assign(globalThis, { clicks });
  addEventListener(
    "click",
    (event) => {
      const handled = performance.now() - event.timeStamp;
      const training = document.body.dataset.state === "training";
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel(); // its message comes after the picture
        port1.onmessage = () => clicks.push({ training, handled, painted: performance.now() - event.timeStamp });
        port2.postMessage(undefined);
      });
    },
    { capture: true },
  );
}

/** What the browser's process of the page holds, in megabytes. */
async function residentMegabytes(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const sizes = processInfo
    .filter(({ type }) => type === "renderer")
    .map(({ id }) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1] ?? 0) / 1024);
  return Math.max(...sizes);
}

async function heapMegabytes(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  return usedSize / 1e6;
}

/** The page with all its workers and their memory, in megabytes; only isolated pages may ask, and the answer takes long. */
function pageMegabytes(page: Page): Promise<number | undefined> {
  return page.evaluate(async () => {
    const { measureUserAgentSpecificMemory } = performance as Performance & {
      measureUserAgentSpecificMemory?: () => Promise<{ bytes: number }>;
    };
    if (!crossOriginIsolated || !measureUserAgentSpecificMemory) return undefined;
    return (await measureUserAgentSpecificMemory.call(performance)).bytes / 1e6;
  });
}

/** Clicks once a second, at another moment of every second, and pauses for a part of every minute. */
async function clickAbout(page: Page, duration: number, each: (second: number) => Promise<void> | void): Promise<void> {
  const begun = performance.now();
  const seconds = () => (performance.now() - begun) / 1000;
  for (let i = 0; seconds() < duration; i++) {
    const pausing = i % 60 === 60 - PAUSE || (i > 0 && i % 60 === 0);
    const target = pausing ? "#run" : (TARGETS[i % TARGETS.length] ?? "#run");
    await page.locator(target).first().click();
    await each(i);
    await sleep(Math.max(0, i * 1000 + ((i * 377) % 1000) - seconds() * 1000));
  }
}

/** A sample every half minute. */
async function soak(browser: Browser, page: Page, minutes: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  await clickAbout(page, minutes * 60, async (second) => {
    if (second % 30 !== 15) return;
    const [images, accuracy] = [await page.locator("#seen").innerText(), await page.locator("#accuracy").innerText()];
    const [heap, process] = [await heapMegabytes(page), await residentMegabytes(browser)];
    samples.push({ second, images, accuracy, heap, process });
    console.log(`${second} s: ${images} images, ${accuracy}, heap ${digits(heap)} MB, process ${digits(process)} MB`);
  });
  return samples;
}

/**
 * The longest task of the page's own thread during a while of training and clicks, in milliseconds of processor time: other programs on
 * the machine do not lengthen that.
 */
async function longestTask(browser: Browser, page: Page): Promise<number> {
  await browser.startTracing(page, { categories: ["toplevel", "devtools.timeline"] });
  await clickAbout(page, TRACED, () => undefined);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const drawing = traceEvents.find(({ name }) => name === "FireAnimationFrame"); // workers make no pictures here
  const own = traceEvents.filter(({ pid, tid }) => pid === drawing?.pid && tid === drawing.tid);
  const tasks = own.filter(({ name }) => name === "ThreadControllerImpl::RunTask");
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur / 1000));
}

function delayRow(name: string, delays: readonly number[]): string[] {
  const sorted = [...delays].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  const late = sorted.filter((value) => value > TARGET_MS).length;
  return [name, String(sorted.length), digits(at(0.5)), digits(at(0.99)), digits(at(1)), String(late)];
}

function report(samples: readonly Sample[], clicks: readonly Click[]): void {
  const rows = samples.map(({ second, images, accuracy, heap, process }) =>
    [String(second), digits(heap), digits(process)].concat(images, accuracy),
  );
  console.log(`\n${formatTable([["second", "page's heap, MB", "process, MB", "images seen", "right"], ...rows])}\n`);
  const training = clicks.filter((click) => click.training);
  const paused = clicks.filter((click) => !click.training);
  const delays = [
    ["ms from a click", "clicks", "median", "99 %", "worst", `later than ${TARGET_MS} ms`],
    delayRow(
      "to its handler, training",
      training.map(({ handled }) => handled),
    ),
    delayRow(
      "to its handler, paused",
      paused.map(({ handled }) => handled),
    ),
    delayRow(
      "to the next picture, training",
      training.map(({ painted }) => painted),
    ),
    delayRow(
      "to the next picture, paused",
      paused.map(({ painted }) => painted),
    ),
  ];
  console.log(`${formatTable(delays)}\n`);
}

const { values } = parseArgs({
  options: { minutes: { type: "string" }, trainer: { type: "string" }, plain: { type: "boolean" } },
});
const found = findChromium();
if ("reason" in found) throw new Error(found.reason);
const folder = mkdtempSync(join(tmpdir(), "descent-soak-"));
await buildDemo(folder);
const server = await serveDemo({ folder, headers: values.plain ? {} : ISOLATED });
// Memory is measured when asked for, not at the next large garbage collection.
const browser = await launchChromium(found.program, ["--enable-blink-features=ForceEagerMeasureMemory"]);
try {
  const page = await browser.newPage({ serviceWorkers: values.plain ? "block" : "allow" });
  page.setDefaultTimeout(120_000);
  await page.addInitScript(watchClicks);
  await page.goto(`${server.url}?epochs=100000${values.trainer ? `&trainer=${values.trainer}` : ""}`);
  await page.locator('body[data-state="ready"]').waitFor();
  const run = page.locator("#run");
  await run.click();
  await page.locator('#numbers tr, [data-state="failed"]').first().waitFor({ state: "attached" });
  if ((await page.locator("#numbers tr").count()) === 0) throw new Error(await page.locator("#status").innerText());
  console.log(`${cpus().length} cores. ${await page.locator("#why").innerText()}`);
  const before = await pageMegabytes(page);
  const samples = await soak(browser, page, Number(values.minutes ?? 10));
  const load = digits(loadavg()[1] ?? Number.NaN);
  const clicks = await page.evaluate(() => (globalThis as typeof globalThis & { clicks: Click[] }).clicks);
  const after = await pageMegabytes(page);
  report(samples, clicks);
  if (before && after) console.log(`Page and all its workers: ${digits(before)} MB before, ${digits(after)} MB after`);
  console.log(`Programs that wanted a core, over the last 5 minutes: ${load} on ${cpus().length} cores`);
  if ((await run.innerText()) === "Resume") await run.click();
  console.log(`Longest task of the page's thread: ${digits(await longestTask(browser, page))} ms of processor time`);
} finally {
  await browser.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
}

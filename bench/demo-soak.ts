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
import { digits, formatTable, sleep } from "./measure.ts";

const TARGET_MS = 50;

/** What is clicked, in turn; beside it the button that pauses and resumes. */
const TARGETS = ["#sample", "#confusion td:nth-of-type(5)", "#strip button", "#clear", "#settings summary"];
/** So many seconds of every minute the training is paused: as long do clicks wait on this machine anyway. */
const PAUSE = 15;

interface Click {
  readonly target: string;
  readonly training: boolean;
  /** Milliseconds from the click to its handler, and to the first picture after it. */
  readonly handled: number;
  readonly painted: number;
}

interface Noted {
  readonly clicks: Click[];
  /** Of the page's own thread, those above 50 ms: milliseconds. */
  readonly tasks: number[];
}

interface Sample {
  readonly seconds: number;
  readonly images: string;
  readonly accuracy: string;
  /** Megabytes. */
  readonly heap: number;
  readonly process: number;
}

/** Installed in the page: notes for each click when its handlers ran and when the next picture was made. */
function watchClicks(): void {
  const clicks: Click[] = [];
  const tasks: number[] = [];
  Object.assign(globalThis, { clicks, tasks });
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) tasks.push(duration);
  }).observe({ type: "longtask", buffered: true });
  addEventListener(
    "click",
    (event) => {
      const target = (event.target as Element).id || (event.target as Element).tagName.toLowerCase();
      const handled = performance.now() - event.timeStamp;
      const training = document.body.dataset.state === "training";
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel(); // its message comes after the picture
        port1.onmessage = () =>
          clicks.push({ target, training, handled, painted: performance.now() - event.timeStamp });
        port2.postMessage(undefined);
      });
    },
    { capture: true },
  );
}

/** What the browser's process of the page holds in memory of its own, in megabytes. */
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

async function sampleNow(browser: Browser, page: Page, seconds: number): Promise<Sample> {
  const text = (id: string) => page.locator(`#${id}`).innerText();
  return {
    seconds,
    images: await text("seen"),
    accuracy: await text("accuracy"),
    heap: await heapMegabytes(page),
    process: await residentMegabytes(browser),
  };
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Clicks once a second, at a place of its own in every second, and takes a sample every half minute. */
async function soak(browser: Browser, page: Page, minutes: number): Promise<Noted & { samples: Sample[] }> {
  const samples: Sample[] = [];
  const begun = performance.now();
  const seconds = () => (performance.now() - begun) / 1000;
  for (let i = 0; seconds() < minutes * 60; i++) {
    const pausing = i % 60 === 60 - PAUSE || (i > 0 && i % 60 === 0);
    await page
      .locator(pausing ? "#run" : TARGETS[i % TARGETS.length]!)
      .first()
      .click();
    if (i % 30 === 15) {
      samples.push(await sampleNow(browser, page, seconds()));
      const { images, accuracy, heap, process } = samples.at(-1)!;
      console.log(
        `${digits(seconds())} s: ${images} images, ${accuracy}, heap ${digits(heap)} MB, process ${digits(process)} MB`,
      );
    }
    await sleep(Math.max(0, i * 1000 + ((i * 377) % 1000) - seconds() * 1000));
  }
  const noted = await page.evaluate(() => {
    const { clicks, tasks } = globalThis as typeof globalThis & Noted;
    return { clicks, tasks };
  });
  return { samples, ...noted };
}

function report({ samples, clicks, tasks }: Noted & { readonly samples: readonly Sample[] }): void {
  const rows = samples.map(({ seconds, images, accuracy, heap, process }) =>
    [seconds, heap, process].map((value) => digits(value)).concat(images, accuracy),
  );
  const head = ["second", "page's heap, MB", "process, MB", "images seen", "right"];
  console.log(`\n${formatTable([head, ...rows])}\n`);
  const training = clicks.filter((click) => click.training);
  const paused = clicks.filter((click) => !click.training);
  const delays = [["ms from a click", "clicks", "median", "99 %", "worst", `later than ${TARGET_MS} ms`]];
  for (const [name, of] of [
    ["to its handler, training", training.map(({ handled }) => handled)],
    ["to its handler, paused", paused.map(({ handled }) => handled)],
    ["to the next picture, training", training.map(({ painted }) => painted)],
    ["to the next picture, paused", paused.map(({ painted }) => painted)],
  ] as const) {
    const sorted = [...of].sort((a, b) => a - b);
    const figures = [quantile(sorted, 0.5), quantile(sorted, 0.99), sorted.at(-1) ?? Number.NaN];
    const late = sorted.filter((value) => value > TARGET_MS).length;
    delays.push([name, String(sorted.length), ...figures.map(digits), String(late)]);
  }
  console.log(`${formatTable(delays)}\n`);
  console.log(`Tasks of the page's thread above 50 ms: ${tasks.map(digits).join(", ") || "none"}`);
  console.log(
    `Load of the machine over the last 5 minutes: ${digits(loadavg()[1] ?? Number.NaN)} on ${cpus().length} cores`,
  );
}

const { values } = parseArgs({
  options: { minutes: { type: "string" }, trainer: { type: "string" }, plain: { type: "boolean" } },
});
const found = findChromium();
if ("reason" in found) throw new Error(found.reason);
const folder = mkdtempSync(join(tmpdir(), "descent-soak-"));
await buildDemo(folder);
const server = await serveDemo({ folder, headers: values.plain ? {} : ISOLATED });
// Measured when asked, not at the next large garbage collection.
const browser = await launchChromium(found.program, ["--enable-blink-features=ForceEagerMeasureMemory"]);
try {
  const page = await browser.newPage({ serviceWorkers: values.plain ? "block" : "allow" });
  page.setDefaultTimeout(120_000);
  await page.addInitScript(watchClicks);
  await page.goto(`${server.url}?epochs=100000${values.trainer ? `&trainer=${values.trainer}` : ""}`);
  await page.locator('body[data-state="ready"]').waitFor();
  await page.locator("#run").click();
  await page.locator('#numbers tr, [data-state="failed"]').first().waitFor({ state: "attached" });
  if ((await page.locator("#numbers tr").count()) === 0) throw new Error(await page.locator("#status").innerText());
  console.log(`${cpus().length} cores. ${await page.locator("#why").innerText()}`);
  const before = await pageMegabytes(page);
  const result = await soak(browser, page, Number(values.minutes ?? 10));
  const after = await pageMegabytes(page);
  report(result);
  if (before && after) console.log(`Page and all its workers: ${digits(before)} MB before, ${digits(after)} MB after`);
} finally {
  await browser.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
}

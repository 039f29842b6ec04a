import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { buildDemo } from "../../demo/build.ts";
import { type ServeOptions, serveDemo } from "../../demo/serve.ts";
import { findChromium, launchChromium } from "./chromium.ts";
import { missing } from "./host.ts";

// The demo's page as it is built, in Chromium. `demo/page` and `demo/training` have tests of their own in test/demo.
/** Milliseconds: other tests may need the machine too. */
const PATIENCE = 100_000;

/** A training that does not end by itself, of short epochs. */
const LONG = "?images=160&batch=40&epochs=100000";
const SHORT = "?images=160&batch=40&epochs=2";

if (missing !== undefined) {
  test("the demo in a page", (context) => context.skip(missing));
} else {
  describe("the demo in a page", { timeout: 2 * PATIENCE }, demo);
}

function demo(): void {
  let browser: Browser;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "descent-demo-"));
    await buildDemo(folder);
    const found = findChromium();
    if ("program" in found) browser = await launchChromium(found.program);
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The page of a test, ready to train; whatever it complains of or fetches from elsewhere fails the test. */
  async function open(search: string, context: BrowserContextOptions = {}, serving: ServeOptions = {}): Promise<Page> {
    const server = await serveDemo({ folder, ...serving });
    const own = await browser.newContext(context);
    const page = await own.newPage();
    page.setDefaultTimeout(PATIENCE);
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.stack ?? error.message));
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    own.on("request", (request) => {
      if (!/^(blob|data):/.test(request.url()) && !request.url().startsWith(server.url)) complaints.push(request.url());
    });
    onTestFinished(async () => {
      await own.close();
      await server.close();
      expect(complaints).toEqual([]);
    });
    await page.goto(server.url + search);
    await state(page, "ready");
    return page;
  }

  const state = (page: Page, wanted: string) => page.locator(`body[data-state="${wanted}"]`).waitFor();
  const text = (page: Page, id: string) => page.locator(`#${id}`).innerText();
  /** Waits for the end of an epoch. */
  const epoch = (page: Page) => page.locator("#numbers tr").first().waitFor({ state: "attached" });

  /** Shares of the ten digits, in percent. */
  async function shares(page: Page): Promise<number[]> {
    await page.locator("#bars .most").waitFor();
    return (await page.locator("#bars .share").allInnerTexts()).map((share) => Number.parseFloat(share));
  }

  async function expectShares(page: Page): Promise<void> {
    const all = await shares(page);
    expect(all).toHaveLength(10);
    const sum = all.reduce((total, share) => total + share, 0);
    expect(Math.abs(sum - 100)).toBeLessThanOrEqual(0.51); // ten numbers rounded to 0.1
  }

  async function drawSeven(page: Page): Promise<void> {
    const canvas = page.locator("#canvas");
    await canvas.scrollIntoViewIfNeeded();
    const { x, y, width, height } = (await canvas.boundingBox())!;
    const to = (right: number, down: number) => page.mouse.move(x + right * width, y + down * height, { steps: 4 });
    await to(0.3, 0.2);
    await page.mouse.down();
    await to(0.7, 0.2);
    await to(0.45, 0.85);
    await page.mouse.up();
  }

  test("trains, and tells of every epoch", async () => {
    const page = await open(SHORT);
    await page.getByRole("button", { name: "Start training" }).click();
    await state(page, "ended");
    expect(await text(page, "place")).toBe("Epoch 2 of 2, step 4 of 4");
    expect(await text(page, "seen")).toBe("320");
    expect(await text(page, "status")).toMatch(/^Done: \d+\.\d % right on digits it has never seen/);
    expect(await text(page, "why")).toMatch(/^Engine: wasm, \d+ threads?, /);
    expect(await page.locator("#numbers tr").count()).toBe(2);
    const counts = (await page.locator("#confusion td").allInnerTexts()).map(Number);
    expect(counts).toHaveLength(100);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(40);
    expect(await page.locator("#strip li").count()).toBe(20);
    const wrong = counts.filter((_, i) => i % 11 !== 0).reduce((sum, count) => sum + count, 0);
    expect(await page.locator("#mistakes li:visible").count()).toBe(Math.min(24, wrong));
    for (const label of ["Loss", "Accuracy", "Images per second"]) {
      await page.getByRole("img", { name: new RegExp(`^${label}: learning from .* to .*`) }).waitFor();
    }
    // Once more, from the beginning.
    await page.getByRole("button", { name: "Train again" }).click();
    await page.locator("#numbers tr").nth(1).waitFor({ state: "hidden" });
    await state(page, "ended");
    expect(await page.locator("#numbers tr").count()).toBe(2);
  });

  test("pause stops the steps, resume goes on, start over begins anew", async () => {
    const page = await open(LONG);
    await page.getByRole("button", { name: "Start training" }).click();
    await epoch(page);
    await page.getByRole("button", { name: "Pause" }).click();
    await state(page, "paused");
    const [place, seen] = [await text(page, "place"), await text(page, "seen")];
    // Answers come while it is paused; as long as they take, no step is done.
    for (let i = 0; i < 5; i++) {
      await page.getByRole("button", { name: "Test digit", exact: true }).click();
      await expectShares(page);
    }
    expect([await text(page, "place"), await text(page, "seen")]).toEqual([place, seen]);
    await page.getByRole("button", { name: "Resume" }).click();
    await page.waitForFunction((before) => document.getElementById("seen")?.textContent !== before, seen);
    const images = () => Number(document.getElementById("seen")?.textContent?.replace(",", ""));
    await page.waitForFunction(() => Number(document.getElementById("seen")?.textContent?.replace(",", "")) > 3200);
    await page.getByRole("button", { name: "Start over" }).click();
    await state(page, "training");
    await page.getByRole("button", { name: "Pause" }).click();
    await state(page, "paused");
    expect(await page.evaluate(images)).toBeLessThan(3200);
  });

  test("reads what is drawn while it trains", async () => {
    const page = await open(LONG);
    await drawSeven(page);
    await expectShares(page);
    expect(await text(page, "sure")).toMatch(/guess/);
    const untrained = await shares(page);
    await page.getByRole("button", { name: "Start training" }).click();
    // The same drawing is asked about again as the weights change.
    await page.waitForFunction(
      (before) =>
        [...document.querySelectorAll("#bars .share")].some(
          (share, i) => Number.parseFloat(share.textContent ?? "") !== before[i],
        ),
      untrained,
    );
    await expectShares(page);
    expect(await page.evaluate(() => document.body.dataset.state)).toBe("training");
    await page.getByRole("button", { name: "Clear" }).click();
    expect(await text(page, "digit")).toBe("?");
  });

  test("knows the digits after a short training", async () => {
    const page = await open("?images=2000&epochs=2");
    await page.getByRole("button", { name: "Start training" }).click();
    await state(page, "ended");
    expect(Number.parseFloat(await text(page, "accuracy"))).toBeGreaterThan(88);
    await drawSeven(page);
    await page.waitForFunction(() => document.getElementById("digit")?.textContent === "7");
    await expectShares(page);
    // A mistake can be looked at.
    const mistake = page.locator("#mistakes button").first();
    const [, said, is] = /(\d), is (\d)/.exec(await mistake.innerText()) ?? [];
    await mistake.click();
    await page.waitForFunction((digit) => document.getElementById("digit")?.textContent === digit, said);
    expect(await text(page, "truth")).toBe(`A test digit: it is ${is}.`);
  });

  test("works by keyboard alone", async () => {
    const page = await open(LONG);
    const focused = () => page.evaluate(() => document.activeElement?.id);
    async function tabTo(id: string): Promise<void> {
      for (let i = 0; i < 60 && (await focused()) !== id; i++) await page.keyboard.press("Tab");
      expect(await focused()).toBe(id);
    }
    await tabTo("run");
    await page.keyboard.press("Enter");
    await epoch(page);
    expect(await focused()).toBe("run");
    await page.keyboard.press("Space");
    await state(page, "paused");

    await tabTo("canvas");
    await page.keyboard.press("Space"); // pen down
    for (let i = 0; i < 12; i++) await page.keyboard.press("ArrowDown");
    await expectShares(page);
    const line = await shares(page);
    await page.keyboard.press("Space"); // pen up
    for (let i = 0; i < 6; i++) await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Space");
    for (let i = 0; i < 10; i++) await page.keyboard.press("ArrowUp");
    await page.waitForFunction(
      (before) => document.querySelector("#bars .share")?.textContent !== before,
      `${line[0]} %`,
    );
    await page.keyboard.press("Backspace");
    await page.keyboard.press("Delete");
    expect(await text(page, "digit")).toBe("?");
    await tabTo("sample");
    await page.keyboard.press("Enter");
    expect(await text(page, "truth")).toMatch(/^A test digit: it is \d\.$/);
    await expectShares(page);

    for (let i = 0; i < 60 && !(await page.evaluate(() => document.activeElement?.matches("td"))); i++) {
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("Home");
    for (let i = 0; i < 10; i++) await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowRight");
    expect(await text(page, "examples-title")).toMatch(/^1 read rightly: /);
    expect(await page.locator('#confusion td[aria-selected="true"]').count()).toBe(1);
  });

  test("fits a phone, where a finger draws", async () => {
    const page = await open(LONG, { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
    await page.getByRole("button", { name: "Start training" }).tap();
    await epoch(page);
    const canvas = page.locator("#canvas");
    await canvas.scrollIntoViewIfNeeded();
    await canvas.tap();
    await expectShares(page);
    await page.locator("#confusion td").nth(11).tap();
    expect(await text(page, "examples-title")).toMatch(/^1 read rightly/);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    // As wide as a canvas that nobody has given a size (300), which is half as high.
    expect(await canvas.evaluate((element: HTMLCanvasElement) => [element.width, element.height])).toEqual([300, 300]);
    // Controls are large enough for fingers, and nothing sticks out.
    const small = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>(".push, input, select, .tile")]
        .filter((element) => element.checkVisibility())
        .map((element) => element.getBoundingClientRect())
        .filter(({ width, height, right }) => width < 44 || height < 44 || right > 360),
    );
    expect(small).toEqual([]);
  });

  test("is legible, in light and in dark", async () => {
    const page = await open(SHORT, { colorScheme: "light", reducedMotion: "reduce" });
    await page.getByRole("button", { name: "Start training" }).click();
    await drawSeven(page);
    await state(page, "ended");
    for (const [colorScheme, background] of [
      ["light", "rgb(246, 247, 249)"],
      ["dark", "rgb(16, 21, 28)"],
    ] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe(background);
      expect(await page.evaluate(lowContrasts)).toEqual([]);
    }
  });

  test("a static host without headers: a service worker makes up for them, under any path", async () => {
    const page = await open(SHORT, {}, { headers: {}, base: "/some/where" });
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    await page.getByRole("button", { name: "Start training" }).click();
    await state(page, "ended");
    expect(await text(page, "why")).not.toMatch(/isolated/);
  });

  test("without service workers too: one thread, and the page says why", async () => {
    const page = await open(SHORT, { serviceWorkers: "block" }, { headers: {} });
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
    await page.getByRole("button", { name: "Start training" }).click();
    await state(page, "ended");
    expect(await text(page, "why")).toMatch(/^Engine: wasm, 1 thread, .*isolated/);
  });

  test("without a thread of its own for training", async () => {
    const page = await open(`${SHORT}&trainer=page`);
    await page.getByRole("button", { name: "Start training" }).click();
    await state(page, "ended");
    expect(
      page
        .workers()
        .map((worker) => worker.url())
        .filter((url) => url.includes("training.js")),
    ).toEqual([]);
  });

  test("what fails is said, and can be tried again", async () => {
    const page = await open(`${SHORT}&engine=gpu`);
    await page.getByRole("button", { name: "Start training" }).click();
    await state(page, "failed");
    expect(await text(page, "status")).toMatch(/"gpu"/);
    await page.getByRole("button", { name: "Start training" }).click();
    await state(page, "failed");
  });
}

/** Texts whose contrast with what lies behind them is below WCAG's AA; runs in the page. */
function lowContrasts(): string[] {
  type Colour = readonly [number, number, number, number];
  const parse = (colour: string): Colour => {
    const [r = 0, g = 0, b = 0, a = 1] = (colour.match(/[\d.]+/g) ?? []).map(Number);
    return colour.startsWith("color(") ? [r * 255, g * 255, b * 255, a] : [r, g, b, a];
  };
  const over = (top: Colour, below: Colour): Colour => {
    const mix = (i: 0 | 1 | 2) => top[i] * top[3] + below[i] * (1 - top[3]);
    return [mix(0), mix(1), mix(2), 1];
  };
  const behind = (element: Element): Colour => {
    const own = parse(getComputedStyle(element).backgroundColor);
    if (own[3] === 1) return own;
    return over(own, element.parentElement ? behind(element.parentElement) : [255, 255, 255, 1]);
  };
  const luminance = (colour: Colour) => {
    const part = (i: 0 | 1 | 2) => {
      const value = colour[i] / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    };
    return 0.2126 * part(0) + 0.7152 * part(1) + 0.0722 * part(2);
  };
  const texts = [...document.querySelectorAll("body *")].filter(
    (element) =>
      element.checkVisibility() &&
      !element.closest("button:disabled, .unseen, canvas") &&
      [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim()),
  );
  return texts.flatMap((element) => {
    const style = getComputedStyle(element);
    const below = behind(element);
    const ink = over(parse(element instanceof SVGElement ? style.fill : style.color), below);
    const [light, dark] = [luminance(ink), luminance(below)].sort((a, b) => b - a) as [number, number];
    const ratio = (light + 0.05) / (dark + 0.05);
    const size = Number.parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const name = `${element.tagName}.${element.getAttribute("class")} "${element.textContent?.trim().slice(0, 20)}"`;
    return ratio < (large ? 3 : 4.5) ? [`${name}: ${ratio.toFixed(2)}`] : [];
  });
}

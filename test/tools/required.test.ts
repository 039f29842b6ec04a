import { expect, test } from "vitest";
import { engineInfo, resolveEngine } from "../../src/tensor/index.ts";
import { findChromium, launchChromium } from "../browser/chromium.ts";

// Tests over all engines that work here would pass without a compiler too. Where it must be there, these tell.
test.for(["native", "wasm"])("the %s engine works here", async (name, context) => {
  const info = (await engineInfo()).find((each) => each.name === name);
  context.skip(!info?.available, `needs ${name}: ${info?.detail}`);
  expect((await resolveEngine(name)).engine.name).toBe(name);
});

test("Chromium starts here", async (context) => {
  const found = findChromium();
  if ("reason" in found) return context.skip(`needs chromium: ${found.reason}`);
  const browser = await launchChromium(found.program);
  expect(browser.isConnected()).toBe(true);
  await browser.close();
});

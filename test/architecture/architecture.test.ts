import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { doorsOf, LAYERS, layerOf, layerTable, lintRule, withLayerTable } from "../../scripts/layers.ts";
import { findCycle, type Import, importsOf, root, staticReach, withProject } from "./source.ts";

const files = withProject(
  ["src/"],
  (sources) =>
    new Map([...sources].map(([path, file]) => [path, { imports: importsOf(path, file), lines: lineCount(path) }])),
);
const imports = [...files.values()].flatMap((file) => file.imports);
const MOST_LINES = 450;

function lineCount(path: string): number {
  return readFileSync(root + path, "utf8")
    .trimEnd()
    .split("\n").length;
}

/** What is wrong with an import by the table of layers, or undefined. */
function complaint({ from, to, specifier }: Import): string | undefined {
  if (to === undefined) return undefined;
  const [source, target] = [layerOf(from), layerOf(to)];
  if (source === target) return undefined;
  const layer = source ? LAYERS[source] : undefined;
  if (!layer || !target) return `${from} imports ${specifier}, a folder that scripts/layers.ts does not know`;
  if (!layer.mayImport.includes(target)) return `${from} imports ${specifier}, but ${source} may not import ${target}`;
  if (!doorsOf(target).includes(to))
    return `${from} imports ${specifier} past the door ${doorsOf(target).join(" or ")}`;
  return undefined;
}

function graph(edges: readonly Import[], name: (file: string) => string | undefined): Map<string, Set<string>> {
  const result = new Map<string, Set<string>>();
  for (const { from, to } of edges) {
    const [source, target] = [name(from), to && name(to)];
    if (source && target && source !== target) result.set(source, (result.get(source) ?? new Set()).add(target));
  }
  return result;
}

describe("the table of layers", () => {
  test("points down only, and knows every name it uses", () => {
    for (const [name, layer] of Object.entries(LAYERS)) {
      for (const other of layer.mayImport) {
        expect(LAYERS[other]?.level, `${name} -> ${other}`).toBeLessThan(layer.level);
      }
    }
  });

  test("holds every folder of src/", () => {
    expect([...files.keys()].filter((file) => layerOf(file) === undefined)).toEqual([]);
  });

  test("is the source of the lint rule and of ARCHITECTURE.md's table (npm run layers)", () => {
    expect(JSON.parse(readFileSync(`${root}biome.layers.json`, "utf8"))).toEqual(JSON.parse(lintRule()));
    const page = readFileSync(`${root}ARCHITECTURE.md`, "utf8");
    expect(page).toContain("<!-- layers: written by npm run layers -->");
    expect(withLayerTable(page, layerTable())).toBe(page);
  });
});

describe("imports of src/", () => {
  test("are found at all", () => {
    expect(imports.length).toBeGreaterThan(100);
  });

  test("name files that exist, ending in .ts", () => {
    const broken = imports.filter(({ to }) => to && !(to.endsWith(".ts") && existsSync(root + to)));
    expect(broken.map(({ from, specifier }) => `${from} imports ${specifier}`)).toEqual([]);
  });

  test("point down and go through the doors", () => {
    expect(imports.map(complaint).filter(Boolean)).toEqual([]);
  });

  test("make no cycle between folders", () => {
    expect(findCycle(graph(imports, layerOf))).toBeUndefined();
  });

  test("make no cycle between files", () => {
    expect(findCycle(graph(imports, (file) => file))).toBeUndefined();
  });

  test("reach no node: module from what browsers load", () => {
    const safe = Object.entries(LAYERS).filter(([, layer]) => layer.browserSafe);
    const reachedByNode = safe.flatMap(([name]) => {
      const door = doorsOf(name)[0] ?? "";
      const reached = staticReach(door, imports);
      return [...reached]
        .filter(([target]) => target.startsWith("node:") || target === "koffi")
        .map(([, edge]) => edge);
    });
    expect(reachedByNode).toEqual([]);
  });
});

describe("the checks themselves", () => {
  const edge = (from: string, specifier: string, to: string): Import => ({
    from,
    specifier,
    to,
    typeOnly: true,
    dynamic: false,
  });

  test.each([
    ["upward", edge("src/ir/a.ts", "../tensor/index.ts", "src/tensor/index.ts"), /may not import tensor/],
    ["sideways", edge("src/nn/a.ts", "../optim/index.ts", "src/optim/index.ts"), /may not import optim/],
    [
      "between engines",
      edge("src/engines/native/a.ts", "../reference/index.ts", "src/engines/reference/index.ts"),
      /may not import engines\/reference/,
    ],
    ["past a door", edge("src/nn/a.ts", "../tensor/tensor.ts", "src/tensor/tensor.ts"), /past the door/],
    ["into the unknown", edge("src/nn/a.ts", "../misc/index.ts", "src/misc/index.ts"), /does not know/],
  ])("refuse an import %s", (_, bad, message) => {
    expect(complaint(bad)).toMatch(message);
  });

  test("see every form of import", () => {
    const path = "test/architecture/fixture.ts";
    const found = withProject([path], (sources) => [...sources].flatMap(([name, file]) => importsOf(name, file)));
    const form = ({ typeOnly, dynamic }: Import) => (typeOnly ? "type" : dynamic ? "dynamic" : "static");
    expect(Object.fromEntries(found.map((one) => [one.to, form(one)]))).toEqual({
      "src/util/index.ts": "static",
      "src/util/shape.ts": "type",
      "src/util/errors.ts": "type",
      "src/util/names.ts": "static",
      "src/util/node.ts": "type",
      "src/util/philox.ts": "dynamic",
    });
    expect([...staticReach(path, found).keys()]).toEqual([path, "src/util/index.ts", "src/util/names.ts"]);
  });

  test("find a cycle", () => {
    const edges = new Map([
      ["a", new Set(["b"])],
      ["b", new Set(["c"])],
      ["c", new Set(["b"])],
    ]);
    expect(findCycle(edges)).toEqual(["b", "c", "b"]);
  });
});

test("the package's exports are doors, and tsconfig.json and package.json name the same", () => {
  const { exports } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { exports: Record<string, unknown> };
  const { paths } = JSON.parse(readFileSync(`${root}tsconfig.json`, "utf8")).compilerOptions;
  // One is a file made from the first: the whole door for pages without a bundler.
  expect(exports["./browser"]).toEqual({ types: "./dist/index.d.ts", default: "./dist/browser/descent.js" });
  const doors = Object.keys(exports).filter((name) => name !== "./package.json" && name !== "./browser");
  expect(Object.keys(paths)).toEqual(doors.map((name) => name.replace(/^\./, "descent")));
  for (const name of doors) {
    const folder = name === "." ? "" : `${name.slice(2)}/`;
    expect(paths[name.replace(/^\./, "descent")]).toEqual([`./src/${folder}index.ts`]);
    expect(exports[name]).toEqual({
      types: `./dist/${folder}index.d.ts`,
      node: `./dist/node/${folder}index.js`, // the same modules in a few files: scripts/node-bundle.mjs
      default: `./dist/${folder}index.js`,
    });
  }
});

test("package.json names every variant for browsers, as source and as built", () => {
  const { browser } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { browser: Record<string, string> };
  const variants = [...files.keys()].filter((file) => file.endsWith(".browser.ts"));
  expect(variants.length).toBeGreaterThan(0);
  const pairs = variants.flatMap((variant) => {
    const built = (file: string) => file.replace(/^src/, "dist").replace(/ts$/, "js");
    const node = variant.replace(".browser.ts", ".ts");
    return [
      [`./${built(node)}`, `./${built(variant)}`],
      [`./${node}`, `./${variant}`],
    ];
  });
  expect(browser).toEqual(Object.fromEntries(pairs));
});

test(`no source file exceeds ${MOST_LINES} lines`, () => {
  const long = [...files].filter(([, file]) => file.lines > MOST_LINES);
  expect(long.map(([path, { lines }]) => `${path}: ${lines}`)).toEqual([]);
});

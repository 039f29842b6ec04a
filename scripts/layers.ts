import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A folder of src/ (or its root door, "index") and the folders whose doors it may import; type-only imports count. */
export interface Layer {
  level: number;
  /** What the folder is, in the words of ARCHITECTURE.md. */
  is: string;
  mayImport: readonly string[];
  /** Never reaches a node: module by static imports, so that browsers can load it. */
  browserSafe: boolean;
}

/**
 * THE table of layers. From it come the lint rule (biome.layers.json, written by `npm run layers`), the tests in
 * test/architecture and the table in ARCHITECTURE.md. Imports point down; a folder's own files are always allowed.
 */
export const LAYERS: Record<string, Layer> = {
  util: {
    level: 0,
    is: "errors, shapes, names, seeded random numbers; `util/node.ts` for files",
    mayImport: [],
    browserSafe: true,
  },
  ir: {
    level: 1,
    is: "the language: dtypes, graph nodes, one record per op, verify, print",
    mayImport: ["util"],
    browserSafe: true,
  },
  autodiff: {
    level: 2,
    is: "the backward walk and the gradient check",
    mayImport: ["util", "ir"],
    browserSafe: true,
  },
  passes: {
    level: 2,
    is: "graph to graph to kernels: simplify, fuse, schedule, plan memory",
    mayImport: ["util", "ir"],
    browserSafe: true,
  },
  engine: {
    level: 2,
    is: "the contract every engine fulfils, and the registry",
    mayImport: ["util", "ir"],
    browserSafe: true,
  },
  codegen: {
    level: 3,
    is: "kernels to code, as far as all code generators share it: expressions, loops, plans of products",
    mayImport: ["util", "ir", "passes"],
    browserSafe: true,
  },
  "engines/reference": {
    level: 4,
    is: "evaluates each op's meaning in float64: slow, obvious, the truth",
    mayImport: ["util", "ir", "engine", "passes"],
    browserSafe: true,
  },
  "engines/native": {
    level: 4,
    is: "kernels to C to the system's compiler to a shared library",
    mayImport: ["util", "ir", "engine", "passes", "codegen"],
    browserSafe: false,
  },
  "engines/wasm": {
    level: 4,
    is: "kernels to a WebAssembly module: for browsers, and for hosts without a compiler",
    mayImport: ["util", "ir", "engine", "passes", "codegen"],
    browserSafe: true,
  },
  tensor: {
    level: 5,
    is: "the waist: lazy tensors, functions, grad, compile, programs with state, random keys",
    mayImport: ["util", "ir", "autodiff", "passes", "engine", "engines/reference", "engines/native", "engines/wasm"],
    browserSafe: true,
  },
  nn: {
    level: 6,
    is: "layers, networks, activations, initializers, losses, metrics",
    mayImport: ["util", "tensor"],
    browserSafe: true,
  },
  optim: {
    level: 6,
    is: "one file per optimizer, schedules, clipping",
    mayImport: ["util", "tensor"],
    browserSafe: true,
  },
  data: {
    level: 6,
    is: "datasets that are read piece by piece, tables, sources, scaling, splitting, cleaning",
    mayImport: ["util", "tensor"],
    browserSafe: true,
  },
  text: {
    level: 6,
    is: "tokenizers, and tokens as windows to train on",
    mayImport: ["util"],
    browserSafe: true,
  },
  train: {
    level: 7,
    is: "the model users see, the one training loop, events, checkpoints",
    mayImport: ["util", "tensor", "nn", "optim", "data"],
    browserSafe: true,
  },
  architectures: {
    level: 8,
    is: "networks of the literature, ready to train: ResNet, U-Net, ...",
    mayImport: ["util", "nn", "train"],
    browserSafe: true,
  },
  tabular: {
    level: 8,
    is: "tables of any kind as features, the models for them, and what they came to",
    mayImport: ["util", "tensor", "nn", "optim", "data", "train"],
    browserSafe: true,
  },
  export: {
    level: 8,
    is: "models as files of others: ONNX, JavaScript, safetensors of PyTorch; reads graphs, as engines do",
    mayImport: ["util", "ir", "passes", "tensor", "nn", "train"],
    browserSafe: false,
  },
  records: {
    level: 8,
    is: "what trainings leave behind for people: events of TensorBoard, MLflow, CSV, JSON lines",
    mayImport: ["util", "nn", "train"],
    browserSafe: false,
  },
  index: {
    level: 8,
    is: "the public door: re-exports only",
    mayImport: ["util", "tensor", "nn", "optim", "data", "train"],
    browserSafe: true,
  },
  testing: {
    level: 8,
    is: "public helpers for tests of ops, layers, optimizers and engines",
    mayImport: [
      "util",
      "ir",
      "autodiff",
      "passes",
      "engine",
      "engines/reference",
      "engines/native",
      "engines/wasm",
      "tensor",
      "nn",
      "optim",
      "data",
      "train",
    ],
    browserSafe: false,
  },
  cli: {
    level: 9,
    is: "the command `descent`: a thin face on the public door",
    mayImport: ["util", "tensor", "nn", "optim", "data", "text", "train", "tabular", "export", "records", "index"],
    browserSafe: false,
  },
};

/** The doors of a folder: what others may import from it. */
export function doorsOf(layer: string): string[] {
  if (layer === "index") return ["src/index.ts"];
  return layer === "util" ? ["src/util/index.ts", "src/util/node.ts"] : [`src/${layer}/index.ts`];
}

/** The layer a source file belongs to: "src/nn/layers/dense.ts" is in "nn"; undefined when the table lacks it. */
export function layerOf(file: string): string | undefined {
  if (file === "src/index.ts") return "index";
  const [, first = "", second = ""] = file.split("/");
  if (`${first}/${second}` in LAYERS) return `${first}/${second}`;
  return first in LAYERS ? first : undefined;
}

/** biome.layers.json: an editor underlines a forbidden import while it is typed. */
export function lintRule(): string {
  const overrides = Object.keys(LAYERS).map((layer) => {
    const allowed = [...(LAYERS[layer]?.mayImport ?? []), layer];
    const forbidden = Object.keys(LAYERS).filter((other) => !allowed.includes(other) && other !== "index");
    const above = forbidden.map((other) => `**/${other.split("/").at(-1)}/**`);
    const patterns = [
      { group: above, message: `src/${layer} may import only from ${allowed.join(", ")} (scripts/layers.ts).` },
    ].filter(({ group }) => group.length > 0);
    return {
      includes: [layer === "index" ? "src/index.ts" : `src/${layer}/**`],
      linter: { rules: { style: { noRestrictedImports: { level: "error", options: { patterns } } } } },
    };
  });
  return JSON.stringify({ overrides }, null, 2);
}

/** The rows of ARCHITECTURE.md's table of layers. */
export function layerTable(): string {
  const rows = Object.entries(LAYERS).map(([layer, { level, is, mayImport }]) => {
    const name = layer === "index" ? "src/index.ts" : `src/${layer}/`;
    return `| ${level} | \`${name}\` | ${is} | ${mayImport.join(", ") || "nothing"} |`;
  });
  return ["| level | folder | what it is | may import |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

/** Puts `table` between the markers of a Markdown text. */
export function withLayerTable(markdown: string, table: string): string {
  return markdown.replace(
    /(<!-- layers: written by npm run layers -->\n)[\s\S]*?(<!-- \/layers -->)/,
    (_, before: string, after: string) => `${before}${table}\n${after}`,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const at = (name: string) => new URL(`../${name}`, import.meta.url);
  writeFileSync(at("biome.layers.json"), `${lintRule()}\n`);
  writeFileSync(at("ARCHITECTURE.md"), withLayerTable(readFileSync(at("ARCHITECTURE.md"), "utf8"), layerTable()));
}

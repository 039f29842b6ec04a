import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as architectures from "../src/architectures/index.ts";
import * as descent from "../src/index.ts";

/** A table of docs/catalogue.md: what the registry `names` knows, told by the docstrings of the sources in `folder`. */
interface Chapter {
  readonly title: string;
  readonly about: string;
  readonly names: readonly string[];
  /** Or one file. */
  readonly folder: string;
}

const CHAPTERS: readonly Chapter[] = [
  {
    title: "Layers",
    about: "`layers.NAME(...)`. [Guide](guide/models.md)",
    names: descent.layerNames,
    folder: "src/nn/layers",
  },
  {
    title: "Architectures",
    about: "`NAME(...)` of `descent/architectures`. [Guide](guide/models.md#ready-architectures)",
    names: Object.keys(architectures),
    folder: "src/architectures",
  },
  {
    title: "Activations",
    about: "By name, with options `{ kind, ... }`, or called. [Guide](guide/models.md#activations)",
    names: descent.activationNames,
    folder: "src/nn/activations",
  },
  {
    title: "Initializers",
    about: "By name or `initializers.NAME(...)`. [Guide](guide/models.md#initializers)",
    names: descent.initializerNames,
    folder: "src/nn/initializers.ts",
  },
  {
    title: "Regularizers",
    about: "`kernelRegularizer: ...`, by name or `regularizers.NAME(...)`. [Guide](guide/models.md#weights)",
    names: descent.regularizerNames,
    folder: "src/nn/regularizers.ts",
  },
  {
    title: "Constraints",
    about: "`kernelConstraint: ...`, by name or `constraints.NAME(...)`. [Guide](guide/models.md#weights)",
    names: descent.constraintNames,
    folder: "src/nn/constraints.ts",
  },
  {
    title: "Losses",
    about: "By name or `losses.NAME(...)`. [Guide](guide/training.md#losses)",
    names: descent.lossNames,
    folder: "src/nn/losses",
  },
  {
    title: "Metrics",
    about: "By name or `metrics.NAME(...)`. [Guide](guide/training.md#metrics)",
    names: descent.metricNames,
    folder: "src/nn/metrics",
  },
  {
    title: "Optimizers",
    about: "By name or `optimizers.NAME(...)`. [Guide](guide/training.md#optimizers-and-schedules)",
    names: descent.optimizerNames,
    folder: "src/optim",
  },
  {
    title: "Wrappers of optimizers",
    about: "`optimizers.NAME({ optimizer, ... })`. [Guide](guide/training.md#around-an-optimizer)",
    names: descent.wrapperNames,
    folder: "src/optim",
  },
  {
    title: "Schedules",
    about: "`schedules.NAME(...)` as a learning rate. [Guide](guide/training.md#optimizers-and-schedules)",
    names: descent.scheduleNames,
    folder: "src/optim",
  },
];

/** What a source says of a function that it exports: how it is called and the docstring before its example. */
interface Entry {
  readonly call: string;
  readonly text: string;
}

const at = (path: string) => new URL(`../${path}`, import.meta.url);

/** The text of a docstring up to its first tag, on one line. */
function prose(comment: string): string {
  const lines = comment.split("\n").map((line) => line.replace(/^\s*\*? ?/, ""));
  const tag = lines.findIndex((line) => line.startsWith("@"));
  return (tag < 0 ? lines : lines.slice(0, tag))
    .join(" ")
    .replace(/\{@link ([^}]+)\}/g, "$1")
    .replace(/\s+/g, " ")
    .trim();
}

/** `(units: number, options: DenseOptions = {})` as `(units, options?)`; optional ones in one pair of brackets. */
function parameters(list: string): string {
  const parts = list.split(/,\s*(?=\w+\??\s*[:=])/).filter((part) => part.trim() !== "");
  return parts
    .map((part) => {
      const name = /^\s*(?:\{[^}]*\}|(\w+))/.exec(part)?.[1] ?? "options";
      return /\?\s*:|=[^>]/.test(part) ? `${name}?` : name;
    })
    .join(", ");
}

/** The exported functions of the sources in a folder, or of one source, that have a docstring. */
export function entriesOf(folder: string): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  const files = folder.endsWith(".ts") ? [folder] : readdirSync(at(folder)).map((file) => `${folder}/${file}`);
  for (const file of files.sort()) {
    if (!file.endsWith(".ts")) continue;
    const source = readFileSync(at(file), "utf8");
    const functions =
      /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export (?:function|const) (\w+)(?:<[^(]*>)?(?:\(((?:[^()]|\([^()]*\))*)\))?/g;
    for (const [, comment = "", name = "", list = ""] of source.matchAll(functions)) {
      entries.set(name, { call: `${name}(${parameters(list)})`, text: prose(comment) });
    }
  }
  return entries;
}

function table({ title, about, names, folder }: Chapter): string {
  const entries = entriesOf(folder);
  const rows = [...names].sort().map((name) => {
    const entry = entries.get(name);
    if (!entry) throw new Error(`${title}: no docstring stands before "export function ${name}" in ${folder}`);
    return `| \`${entry.call}\` | ${entry.text.replaceAll("|", "\\|")} |`;
  });
  return [`## ${title}`, "", `${about} (${names.length})`, "", "| name | what it is |", "| --- | --- |", ...rows].join(
    "\n",
  );
}

/** docs/catalogue.md: everything that has a name, from the registries and the docstrings. */
export function catalogue(): string {
  const head =
    "# Catalogue\n\nEverything that has a name, with its equation and where it comes from. Written by `npm run catalogue` from the docstrings;";
  const tests =
    "each is compared with PyTorch, Keras, scikit-learn or the paper's equations in `test/golden/`, on every engine.";
  return `${[`${head}\n${tests}`, ...CHAPTERS.map(table)].join("\n\n")}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(at("docs/catalogue.md"), catalogue());

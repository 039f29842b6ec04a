import { product } from "../util/index.ts";
import { formatBatch } from "./checks.ts";
import type { NetworkLayer, NetworkStructure } from "./structure.ts";

/**
 * A table: a line per layer with its name and kind, the shape of its output, its number of parameters and, where layers
 * don't simply follow each other, what flows into it; then the totals.
 */
export function summaryOf(name: string, network: NetworkStructure): string {
  const branching = network.order.some(
    ({ origin }, i) => i > 0 && !(origin.inputs.length === 1 && origin.inputs[0] === network.order[i - 1]),
  );
  const header = ["Layer", "Output shape", "Parameters", ...(branching ? ["Receives"] : [])];
  const rows = network.layers.map((layer) => [
    [`${layer.path} (${layer.definition.kind})`, ...(isFrozen(layer) ? ["frozen"] : []), ...tiesOf(layer)].join(", "),
    layer.calls
      .map(({ shape }) => formatBatch(shape))
      .filter(unique)
      .join(" "),
    count(sizesOf(layer).total),
    ...(branching ? [receives(layer, network.layers)] : []),
  ]);
  const sizes = network.layers.map(sizesOf);
  const sum = (sort: keyof Sizes) => {
    const all = sizes.reduce((total, each) => total + each[sort], 0);
    return `${count(all)} (${bytes(4 * all)})`;
  };
  return [
    `Model "${name}"`,
    ...table(header, rows),
    `Parameters: ${sum("total")}`,
    ` trainable: ${sum("trainable")}`,
    ...(sizes.some(({ frozen }) => frozen > 0) ? [` frozen: ${sum("frozen")}`] : []),
    ` not trainable: ${sum("moving")}`,
  ].join("\n");
}

interface Sizes {
  readonly trainable: number;
  readonly frozen: number;
  readonly moving: number;
  readonly total: number;
}

/** Numbers of weights, as the network would be if it were compiled now. */
function sizesOf({ specs, trainable: thawed }: NetworkLayer): Sizes {
  const sizes = { trainable: 0, frozen: 0, moving: 0, total: 0 };
  for (const { shape, trainable, frozen } of Object.values(specs)) {
    const size = product(shape);
    sizes[!trainable ? "moving" : frozen || !thawed ? "frozen" : "trainable"] += size;
    sizes.total += size;
  }
  return sizes;
}

function tiesOf({ ties }: NetworkLayer): string[] {
  return ties.map(({ name, path }) => `${name} of ${path}`);
}

function isFrozen(layer: NetworkLayer): boolean {
  return !layer.trainable && layer.weights.length > 0;
}

function receives({ calls }: NetworkLayer, layers: readonly NetworkLayer[]): string {
  const sources = calls.flatMap(({ origin }) => origin.inputs.map((input) => input.origin.layer));
  return sources
    .map((source) => layers.find(({ definition }) => definition === source)?.path)
    .filter(unique)
    .join(", ");
}

function unique<T>(item: T, i: number, all: readonly T[]): boolean {
  return all.indexOf(item) === i;
}

/** Lines of a table; the third column (numbers) is aligned to the right. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `│ ${cells.map((cell, i) => (i === 2 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))).join(" │ ")} │`;
  const rule = (left: string, middle: string, right: string) =>
    left + widths.map((width) => "─".repeat(width + 2)).join(middle) + right;
  return [rule("┌", "┬", "┐"), line(header), rule("├", "┼", "┤"), ...rows.map(line), rule("└", "┴", "┘")];
}

function count(number: number): string {
  return number.toLocaleString("en-US");
}

function bytes(number: number): string {
  if (number < 1024) return `${number} B`;
  const power = Math.min(3, Math.floor(Math.log2(number) / 10));
  return `${(number / 1024 ** power).toFixed(1)} ${["B", "KiB", "MiB", "GiB"][power]}`;
}

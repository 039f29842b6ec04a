import type { ProfileData, ProfiledMemory } from "./data.ts";
import { cut, formatBytes } from "./numbers.ts";

type Block = ProfiledMemory["blocks"][number];

const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
/** Lines of the drawing, and blocks that are listed below it. */
const [HEIGHT, LISTED] = [12, 8];

/** Totals, and a drawing of the arena: kernels from left to right, addresses upward, a letter for each of the largest blocks. */
export function formatMemory({ memory, kernels }: ProfileData, width: number): string {
  const { blocks, arena } = memory;
  if (blocks.length === 0) return formatTotals(memory);
  const largest = [...blocks].sort((a, b) => b.bytes - a.bytes);
  const letters = new Map(largest.map((block, i) => [block, LETTERS[i] ?? "#"]));
  const label = Math.max(...[0, arena].map((bytes) => formatBytes(bytes).length));
  const columns = Math.min(kernels.length, width - label - 4);
  const rows = Math.min(HEIGHT, blocks.length);
  const lines = Array.from({ length: rows }, (_, i) => {
    const row = rows - 1 - i;
    const cells = Array.from({ length: columns }, (_, column) => {
      const area = {
        from: (row * arena) / rows,
        to: ((row + 1) * arena) / rows,
        first: (column * kernels.length) / columns,
        last: ((column + 1) * kernels.length) / columns,
      };
      const block = mostOf(blocks, area);
      return block ? letters.get(block) : "·";
    });
    const name = i === 0 ? formatBytes(arena) : row === 0 ? "0 B" : "";
    return `${name.padStart(label)} │${cells.join("")}│`;
  });
  const axis = `${" ".repeat(label)}  kernel 1 to ${kernels.length}`;
  const list = largest.slice(0, LISTED).map((block) => {
    const { bytes, first, last, owner, kernel } = block;
    const who = `${owner.layer || "-"} ${owner.phase}: ${kernel}`;
    return cut(
      `${letters.get(block)}  ${formatBytes(bytes).padStart(8)}  ${`${first + 1}-${last + 1}`.padStart(7)}  ${who}`,
      width,
    );
  });
  return [
    formatTotals(memory),
    "",
    "Intermediate values in memory, over the kernels of a step:",
    ...lines,
    axis,
    "",
    `   ${"size".padStart(8)}  kernels  written first by`,
    ...list,
    ...(blocks.length > LISTED ? [`... and ${blocks.length - LISTED} more`] : []),
  ].join("\n");
}

interface Area {
  readonly from: number;
  readonly to: number;
  readonly first: number;
  readonly last: number;
}

/** The block that takes most of an area of memory and time. */
function mostOf(blocks: readonly Block[], { from, to, first, last }: Area): Block | undefined {
  let [best, most]: [Block | undefined, number] = [undefined, 0];
  for (const block of blocks) {
    const high = Math.min(to, block.offset + block.bytes) - Math.max(from, block.offset);
    const wide = Math.min(last, block.last + 1) - Math.max(first, block.first);
    if (high > 0 && wide > 0 && high * wide > most) [best, most] = [block, high * wide];
  }
  return best;
}

function formatTotals(memory: ProfiledMemory): string {
  const { parameters, slots, moving, frozen, batch, activations, arena, scratch, total, least } = memory;
  const line = (name: string, bytes: number, note = "") =>
    `  ${name.padEnd(22)}${formatBytes(bytes).padStart(9)}${note && `   ${note}`}`;
  return [
    `A step's memory: ${formatBytes(total)}, ${(total / Math.max(least, 1)).toFixed(2)} times the least (${formatBytes(least)})`,
    line("parameters", parameters),
    line("optimizer's slots", slots),
    ...(moving > 0 ? [line("moving statistics", moving)] : []),
    ...(frozen > 0 ? [line("frozen weights", frozen)] : []),
    line("batch and results", batch),
    line("intermediate values", arena, `${formatBytes(activations)} of them needed at the same time`),
    line("kernels' own", scratch, "packed operands, partial sums"),
  ].join("\n");
}

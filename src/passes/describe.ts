import { DTYPES, indexRange, loopsOf, type Node } from "../ir/index.ts";
import { product } from "../util/index.ts";
import type { Group } from "./group.ts";
import type {
  Access,
  Expression,
  Kernel,
  KernelPart,
  KernelProgram,
  KernelStep,
  Loop,
  RepeatKernel,
  Stage,
} from "./kernel.ts";
import { forEachAccess } from "./loop-kernel.ts";
import { forEachPart } from "./lower.ts";

/** A kernel in words and numbers, for profiles. */
export interface KernelDescription {
  /** What it computes: "matmul 128x512x784 + add + relu". */
  readonly title: string;
  /** Scopes of the values that it computes, that of its main one first. */
  readonly scopes: readonly string[];
  /** float32 operations; a multiply-add counts as two. */
  readonly operations: number;
  /** Bytes that it must read and write at least: every element once. */
  readonly bytes: number;
}

/**
 * A block of the arena: an intermediate value's memory. Kernels `first` to `last` (both included) need it. What a kernel overwrites in
 * place, element by element, ends before it.
 */
export interface BlockDescription {
  readonly offset: number;
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

/** Ops that kernels compute nothing for. */
const FREE = new Set(["constant", "placeholder", "data", "identity", "iota", "movement", "concat"]);

/** What a group's kernel computes: its members and all that is computed on the way to them, the main one first. */
export function partsOf(group: Group, inMemory: ReadonlySet<Node>): KernelPart[] {
  const members = new Set(group.members);
  const found = new Set<Node>();
  const walk = (node: Node): void => {
    if (found.has(node)) return;
    for (const input of node.inputs) if (members.has(input) || !inMemory.has(input)) walk(input);
    found.add(node);
  };
  group.members.forEach(walk);
  const main = group.members[0]!;
  return [main, ...[...found].filter((node) => node !== main)]
    .filter(({ op }) => !FREE.has(op.family))
    .map(({ op, scope }) => ({ op: op.name, scope }));
}

type PlainKernel = Exclude<Kernel, RepeatKernel>;

/** Kernels of a program, numbered as they stand in it; those of a loop one by one, with what the loop repeats. */
interface NumberedKernel extends Omit<KernelStep, "kernel"> {
  readonly kernel: PlainKernel;
  /** How many times it runs. */
  readonly count: number;
  /** Kernels during which what it touches is needed: itself, or all of the outermost loop it is in. */
  readonly first: number;
  readonly last: number;
}

function numbered(steps: readonly KernelStep[], from = 0, count = 1): NumberedKernel[] {
  const found: NumberedKernel[] = [];
  for (const { kernel, ...step } of steps) {
    const at = from + found.length;
    if (kernel.kind !== "repeat") {
      found.push({ ...step, kernel, count, first: at, last: at });
      continue;
    }
    const inner = numbered(kernel.steps, at, count * kernel.count);
    const last = at + inner.length - 1;
    found.push(...inner.map((each) => ({ ...each, first: at, last })));
  }
  return found;
}

/** Describes the kernels of a program. What a kernel in a loop does is told of all of its turns. */
export function describeKernels({ steps, buffers }: KernelProgram): KernelDescription[] {
  return numbered(steps).map(({ kernel, parts, scope, count }) => ({
    title: `${count > 1 ? `${count} times ` : ""}${titleOf(kernel, parts)}`,
    scopes: [...new Set([...parts.map((part) => part.scope), ...(parts.length === 0 ? [scope] : [])])],
    operations: count * operationsOf(kernel),
    bytes: count * trafficOf(kernel, (buffer) => buffers[buffer]!.length),
  }));
}

/** The blocks of a program's arena, in the order of their addresses. */
export function describeArena({ steps, buffers }: KernelProgram): BlockDescription[] {
  const lives = new Map<number, { first: number; last: number }>();
  for (const { kernel, first, last } of numbered(steps)) {
    for (const { buffer } of accessesOf(kernel)) {
      let whole = buffer;
      for (let place = buffers[whole]!.place; place.kind === "window"; place = buffers[whole]!.place) whole = place.of;
      const life = lives.get(whole);
      lives.set(whole, { first: life?.first ?? first, last });
    }
  }
  const blocks = [...lives].flatMap(([buffer, life]) => {
    const { place, dtype, length } = buffers[buffer]!;
    return place.kind === "arena" ? [{ offset: place.offset, bytes: length * DTYPES[dtype].bytes, ...life }] : [];
  });
  const meets = (a: BlockDescription, b: BlockDescription) =>
    a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
  return blocks
    .map((block) => {
      // Whatever begins in its place before it ends is made of it.
      const heirs = blocks.filter((other) => other !== block && other.first > block.first && meets(block, other));
      return { ...block, last: Math.min(block.last, ...heirs.map(({ first }) => first - 1)) };
    })
    .sort((a, b) => a.offset - b.offset || a.first - b.first);
}

function titleOf(kernel: PlainKernel, parts: readonly KernelPart[]): string {
  const [main = "copy", ...rest] = new Set(parts.map(({ op }) => op));
  const whole = kernel.kind === "loop" && kernel.stages.every(({ reductions }) => reductions.length === 0);
  if (whole && parts.length > 1) return `elementwise ${sizesOf(kernel)}: ${[main, ...rest].join(", ")}`;
  return [`${main} ${sizesOf(kernel)}`, ...rest].join(" + ");
}

/** "128x512x784": rows, columns, depth of a product; outer and inner loops of others, as "128x10 over 64". */
function sizesOf(kernel: PlainKernel): string {
  switch (kernel.kind) {
    case "contraction": {
      const batch = points(kernel.batch);
      const sizes = [kernel.rows, kernel.columns, kernel.depth].map(points).join("x");
      const precision = kernel.precision ? ` in ${kernel.precision}` : "";
      return `${batch > 1 ? `${batch} of ` : ""}${sizes}${precision}`;
    }
    case "random":
      return String(kernel.count);
    case "scatter":
      return `${kernel.count}x${kernel.width} into ${kernel.rows}`;
    case "loop": {
      const outer = kernel.outer.map(({ size }) => size).join("x") || "1";
      const inner = kernel.stages.map((stage) => stage.inner).find(({ length }) => length > 0);
      return inner ? `${outer} over ${inner.map(({ size }) => size).join("x")}` : outer;
    }
  }
}

function points(loops: readonly Loop[]): number {
  return product(loops.map(({ size }) => size));
}

const COUNTED: Readonly<Record<string, number>> = {
  add: 1,
  sub: 1,
  mul: 1,
  div: 1,
  rem: 1,
  sqrt: 1,
  floor: 1,
  ceil: 1,
  nearest: 1,
  lesser: 1,
  greater: 1,
  fma: 2,
};

/** Operations of some values at all points of `loops`. What does not depend on a loop is computed once for all of its turns. */
function operationsOver(roots: readonly Expression[], loops: readonly Loop[], outer: readonly Loop[]): number {
  const depends = new Map<Expression, ReadonlySet<number>>();
  let count = 0;
  forEachPart(roots, (part) => {
    const on = new Set<number>();
    if (part.kind === "load" || part.kind === "gather") loopsOf(part.access.index, on);
    if (part.kind === "index") loopsOf(part.index, on);
    if (part.kind === "result") for (const { id } of outer) on.add(id);
    const inputs = part.kind === "scalar" ? part.args : part.kind === "gather" ? [part.row] : [];
    for (const input of inputs) for (const loop of depends.get(input)!) on.add(loop);
    depends.set(part, on);
    if (part.kind !== "scalar" || part.type !== "f32") return;
    count += (COUNTED[part.op] ?? 0) * points(loops.filter(({ id }) => on.has(id)));
  });
  return count;
}

function operationsOf(kernel: PlainKernel): number {
  switch (kernel.kind) {
    case "contraction": {
      const results = [...kernel.batch, ...kernel.rows, ...kernel.columns];
      const values = kernel.stores.map(({ value }) => value);
      return 2 * points(results) * points(kernel.depth) + operationsOver(values, results, results);
    }
    case "random":
      return 0;
    case "scatter":
      return kernel.replaces ? 0 : kernel.count * kernel.width;
    case "loop":
      return kernel.stages.reduce((total, { inner, reductions, stores }) => {
        const loops = [...kernel.outer, ...inner];
        const values = [...reductions, ...stores].map(({ value }) => value);
        return total + operationsOver(values, loops, kernel.outer) + points(loops) * reductions.length;
      }, 0);
  }
}

interface KernelAccess {
  readonly buffer: number;
  readonly store: boolean;
  readonly bytes: number;
  /** Elements at least and at most: [low, high], where that is known. */
  readonly range: { readonly low: number; readonly high: number } | undefined;
  /** As many elements at most as there are points. */
  readonly points: number;
}

/** All that a kernel reads and writes. */
function accessesOf(kernel: PlainKernel): KernelAccess[] {
  const found: KernelAccess[] = [];
  const run = ({ buffer, index, dtype }: Access, count: number, store: boolean, points = count) => {
    const range = { low: index.constant, high: index.constant + count - 1 };
    found.push({ buffer, store, bytes: DTYPES[dtype].bytes, range, points });
  };
  const stagesOf = (loops: readonly Loop[], stages: readonly Stage[]) => {
    const sizes = new Map([...loops, ...stages.flatMap(({ inner }) => inner)].map(({ id, size }) => [id, size]));
    forEachAccess(stages, (access, store, stage, gathered) => {
      const used = loopsOf(access.index);
      const over = gathered ? [...loops, ...stage.inner] : [...loops, ...stage.inner].filter(({ id }) => used.has(id));
      found.push({
        buffer: access.buffer,
        store,
        bytes: DTYPES[access.dtype].bytes,
        range: gathered || access.guards.length > 0 ? undefined : indexRange(access.index, (id) => sizes.get(id) ?? 1),
        points: points(over),
      });
    });
  };
  switch (kernel.kind) {
    case "loop":
      stagesOf(kernel.outer, kernel.stages);
      break;
    case "contraction": {
      const { batch, rows, columns, depth, a, b, stores } = kernel;
      const load = (access: Access): Expression => ({ kind: "load", type: "f32", access });
      const reads = { inner: depth, reductions: [], stores: [] };
      const operands = [a, b].map((access) => ({ id: 0, reduction: "sum" as const, value: load(access) }));
      stagesOf(
        [...batch, ...rows, ...columns],
        [
          { ...reads, reductions: operands },
          { inner: [], reductions: [], stores },
        ],
      );
      break;
    }
    case "random":
      run(kernel.key, 2, false);
      run(kernel.counter, 1, false);
      run(kernel.target, kernel.count, true);
      break;
    case "scatter": {
      const [given, all] = [kernel.count * kernel.width, kernel.rows * kernel.width];
      run(kernel.indices, kernel.count, false);
      run(kernel.updates, given, false);
      if (typeof kernel.base === "object") run(kernel.base, all, false);
      run(kernel.target, all, true, kernel.base === "target" ? given : all);
      break;
    }
  }
  return found;
}

/** Bytes to be read and written when caches hold everything as long as the kernel runs. */
function trafficOf(kernel: PlainKernel, lengthOf: (buffer: number) => number): number {
  const groups = new Map<string, KernelAccess[]>();
  for (const access of accessesOf(kernel)) {
    const key = `${access.buffer} ${access.store}`;
    groups.set(key, [...(groups.get(key) ?? []), access]);
  }
  let total = 0;
  for (const accesses of groups.values()) {
    const [{ buffer, bytes }] = accesses as [KernelAccess];
    const low = Math.min(...accesses.map(({ range }) => range?.low ?? 0));
    const high = Math.max(...accesses.map(({ range }) => range?.high ?? lengthOf(buffer) - 1));
    const touched = accesses.reduce((sum, each) => sum + each.points, 0);
    total += bytes * Math.min(high - low + 1, touched);
  }
  return total;
}

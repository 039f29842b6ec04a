import { invariant } from "../util/index.ts";
import type { AnyBuffer } from "./hazards.ts";
import { aliveBytes, blocksOf, bytesOf, inPlace, intermediatesOf, type Touching } from "./lifetimes.ts";

/** Bytes that must become free for a kernel to run before its turn: less does not matter to memory, nor to a cache. */
const WORTH_FREEING = 64 << 10;
/** Bytes that a kernel may take without asking whether another one should run first. */
const LITTLE = 4 << 10;
/** Share of the memory of the order given that another order must save. */
const WORTH_SAVING = 0.02;

/** For each step those before it that must stay before it: one of the two writes what the other touches. */
export function dependencies(steps: readonly Touching[], buffers: readonly AnyBuffer[]): number[][] {
  const earlier = new Map<string, { step: number; store: boolean; low: number; high: number }[]>();
  return steps.map(({ touches }, step) => {
    const found = new Set<number>();
    for (const { buffer, store, low, high } of touches) {
      const key = memoryOf(buffer, buffers);
      if (key === undefined) continue;
      const others = earlier.get(key) ?? [];
      earlier.set(key, others);
      for (const other of others) {
        if ((store || other.store) && other.step !== step && other.low <= high && low <= other.high)
          found.add(other.step);
      }
      others.push({ step, store, low, high });
    }
    return [...found];
  });
}

/** What is written together: a state's old and new value lie in the same memory, intermediates in none as yet. */
function memoryOf(buffer: number, buffers: readonly AnyBuffer[]): string | undefined {
  const { place } = buffers[buffer]!;
  if (place === "arena" || place.kind === "arena") return `${buffer}`;
  return place.kind === "state" || place.kind === "output" ? `${place.kind} ${place.index}` : undefined;
}

/**
 * The order given, but a kernel that frees more memory than it takes runs as soon as it can: the product for a weight's gradient, say,
 * right after the last other reader of what it multiplies, while that lies in a cache. Kept when it saves memory.
 */
export function orderForMemory<T extends Touching>(steps: readonly T[], buffers: readonly AnyBuffer[]): readonly T[] {
  const before = dependencies(steps, buffers);
  const peak = (each: readonly Touching[]) => aliveBytes(blocksOf(each, buffers), each.length);
  let [best, least] = [steps, (1 - WORTH_SAVING) * peak(steps)];
  for (const turn of ["first", "last"] as const) {
    const order = freeingOrder(steps, buffers, before, turn);
    const bytes = peak(order);
    if (bytes <= least) [best, least] = [order, (1 - WORTH_SAVING) * bytes];
  }
  return best;
}

/**
 * `turn`: which of the kernels that could run does so when none frees memory. The last one follows up what was just computed: the
 * gradient of the last layer's weights before that of the first one's.
 */
function freeingOrder<T extends Touching>(
  steps: readonly T[],
  buffers: readonly AnyBuffer[],
  before: readonly (readonly number[])[],
  turn: "first" | "last",
): T[] {
  const after = steps.map((): number[] => []);
  before.forEach((list, step) => {
    for (const each of list) after[each]!.push(step);
  });
  const missing = before.map(({ length }) => length);
  const touched = steps.map((step) => intermediatesOf(step, buffers));
  const uses = new Map<number, number>();
  for (const list of touched) for (const buffer of list) uses.set(buffer, (uses.get(buffer) ?? 0) + 1);
  const made = new Set<number>();
  const freed = (step: number): number => {
    let bytes = 0;
    for (const buffer of touched[step]!) {
      if (uses.get(buffer) === 1) bytes += bytesOf(buffers[buffer]!);
      if (!made.has(buffer)) bytes -= bytesOf(buffers[buffer]!);
    }
    return bytes;
  };
  const ready = new Set(missing.flatMap((count, step) => (count === 0 ? [step] : [])));
  const order: T[] = [];
  while (ready.size > 0) {
    const turns = [...ready].sort((a, b) => a - b);
    const gains = turns.map(freed);
    const most = Math.max(...gains);
    const free = gains.findIndex((gain) => gain > -LITTLE);
    const waiting = turn === "first" ? 0 : free >= 0 ? free : turns.length - 1;
    const next = turns[most >= WORTH_FREEING ? gains.indexOf(most) : waiting]!;
    ready.delete(next);
    order.push(steps[next]!);
    for (const buffer of touched[next]!) {
      made.add(buffer);
      uses.set(buffer, uses.get(buffer)! - 1);
    }
    for (const step of after[next]!) if (--missing[step]! === 0) ready.add(step);
  }
  invariant(order.length === steps.length, "kernels depend on each other in a circle");
  return order;
}

/**
 * Bytes of intermediates without which these kernels can't run in any order: the most, over the kernels, of what one reads and writes
 * and what some kernel before it in every order makes for some kernel after it in every order.
 */
export function leastAliveBytes(steps: readonly Touching[], buffers: readonly AnyBuffer[]): number {
  const count = steps.length;
  const reaches = steps.map(() => new Uint8Array(count));
  dependencies(steps, buffers).forEach((list, step) => {
    reaches[step]![step] = 1;
    for (const earlier of list) for (let i = 0; i < count; i++) reaches[step]![i]! |= reaches[earlier]![i]!;
  });
  const users = new Map<number, number[]>();
  steps.forEach((step, number) => {
    for (const buffer of intermediatesOf(step, buffers)) users.set(buffer, [...(users.get(buffer) ?? []), number]);
  });
  let least = 0;
  steps.forEach((step, number) => {
    let bytes = 0;
    for (const [buffer, by] of users) {
      const begun = by.some((user) => reaches[number]![user] === 1);
      const needed = by.some((user) => reaches[user]![number] === 1);
      if (begun && needed) bytes += bytesOf(buffers[buffer]!);
    }
    for (const target of inPlace(step, buffers).keys()) bytes -= bytesOf(buffers[target]!);
    least = Math.max(least, bytes);
  });
  return least;
}

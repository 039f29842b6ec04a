import { DTYPES } from "../ir/index.ts";
import type { AnyBuffer, Touch } from "./hazards.ts";
import { readsOnlyOwnElement, replacesSliceBySlice } from "./in-place.ts";
import type { Kernel } from "./kernel.ts";

/** A kernel and what it reads and writes. */
export interface Touching {
  readonly kernel: Kernel;
  readonly touches: readonly Touch[];
}

/**
 * A piece of the arena, needed from one step to another, both included. Its buffers follow each other: a kernel that is the last to
 * read one makes the next one in its place.
 */
export interface Block {
  readonly buffers: readonly number[];
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

export function isIntermediate({ place }: AnyBuffer): boolean {
  return place === "arena" || place.kind === "arena";
}

export function bytesOf({ dtype, length }: AnyBuffer): number {
  return length * DTYPES[dtype].bytes;
}

/** The intermediates that a kernel touches. */
export function intermediatesOf({ touches }: Touching, buffers: readonly AnyBuffer[]): Set<number> {
  return new Set(touches.map(({ buffer }) => buffer).filter((buffer) => isIntermediate(buffers[buffer]!)));
}

/** Intermediates that a kernel reads and one that it writes which may be made in the place of any of them. */
export function inPlace({ kernel, touches }: Touching, buffers: readonly AnyBuffer[]): Map<number, number[]> {
  const own = (store: boolean) =>
    new Set(
      touches
        .filter((touch) => touch.store === store && isIntermediate(buffers[touch.buffer]!))
        .map(({ buffer }) => buffer),
    );
  const [written, read] = [own(true), own(false)];
  const found = new Map<number, number[]>();
  for (const target of written) {
    const { dtype, length } = buffers[target]!;
    const places = [...read].filter(
      (old) =>
        !written.has(old) &&
        buffers[old]!.dtype === dtype &&
        buffers[old]!.length === length &&
        (kernel.kind === "repeat"
          ? replacesSliceBySlice(kernel, target, old, buffers)
          : !read.has(target) && readsOnlyOwnElement(kernel, target, new Set([old]))),
    );
    if (places.length > 0) found.set(target, places);
  }
  return found;
}

/** The blocks of a schedule. */
export function blocksOf(steps: readonly Touching[], buffers: readonly AnyBuffer[]): Block[] {
  const lives = new Map<number, { first: number; last: number }>();
  steps.forEach((step, number) => {
    for (const buffer of intermediatesOf(step, buffers)) {
      lives.set(buffer, { first: lives.get(buffer)?.first ?? number, last: number });
    }
  });
  /** What was made in whose place. */
  const successor = new Map<number, number>();
  const successors = new Set<number>();
  steps.forEach((step, number) => {
    for (const [target, places] of inPlace(step, buffers)) {
      const old = places.find((each) => lives.get(each)!.last === number && !successor.has(each));
      if (old === undefined || lives.get(target)!.first !== number) continue;
      successor.set(old, target);
      successors.add(target);
    }
  });
  return [...lives.keys()]
    .filter((buffer) => !successors.has(buffer))
    .map((start) => {
      const chain = [start];
      for (let next = successor.get(start); next !== undefined; next = successor.get(next)) chain.push(next);
      const { first } = lives.get(start)!;
      return { buffers: chain, bytes: bytesOf(buffers[start]!), first, last: lives.get(chain.at(-1)!)!.last };
    });
}

/** The most bytes of blocks that are needed at one step: no plan of the same schedule can do with less. */
export function aliveBytes(blocks: readonly Block[], steps: number): number {
  const change = new Float64Array(steps + 1);
  for (const { bytes, first, last } of blocks) {
    change[first]! += bytes;
    change[last + 1]! -= bytes;
  }
  let [alive, most] = [0, 0];
  for (const each of change) {
    alive += each;
    most = Math.max(most, alive);
  }
  return most;
}

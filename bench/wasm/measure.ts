import { median, sleep, summarize, type Times } from "../measure.ts";
import { watchOthers } from "./others.ts";
import type { Answer, Rival } from "./requests.ts";
import type { Task } from "./task.ts";

/** How a contestant did in one task. */
export interface Showing {
  readonly name: string;
  readonly threads: number;
  /** Milliseconds per step; undefined when it can't do the task. */
  readonly times: Times | undefined;
  /** Its median time over Descent's, block by block of the same round: above 1, Descent is faster. */
  readonly ratio: { readonly median: number; readonly least: number; readonly most: number } | undefined;
  /** Why it has no times, in its own words, or what is wrong with its results. */
  readonly error: string | undefined;
  /** The losses of the first steps and of the last (a product's elements, and 0). */
  readonly first: readonly number[];
  readonly last: number | undefined;
}

/** All contestants in one task; Descent is the first. */
export interface Result {
  readonly task: string;
  readonly flopPerStep: number;
  readonly showings: readonly Showing[];
  /** Cores that other processes used, in the worst block of the rounds that count; 0 where the system does not tell. */
  readonly othersUsed: number;
}

/** Threads stay awake for a moment after a step; a pause keeps contestants out of each other's way. */
const PAUSE_MS = 300;

/** A contestant that is so slow does no more blocks: one is enough to see it. */
const LONGEST_MS = 45_000;

/** Cores that others may use for a round to count as undisturbed. */
const QUIET = 0.15;

/** How much is done for figures that others on the machine have not spoilt. */
export interface Patience {
  /** Before each round a quiet moment is waited for, this long at most. Default 10,000. */
  readonly waitMs?: number;
  /** Disturbed rounds are done again, up to so many times as many. Default 4. */
  readonly repeats?: number;
}

async function quietMoment(waitMs: number): Promise<void> {
  const begun = performance.now();
  while (performance.now() - begun < waitMs) {
    const watch = watchOthers();
    await sleep(500);
    if ((watch.read() ?? 0) <= QUIET) return;
  }
}

/** Two libraries that add in other orders come this near each other in a few steps of training. */
const TOLERANCE = 2e-3;

interface Entry {
  readonly rival: Rival;
  readonly first: readonly number[];
  readonly blocks: Map<number, number>;
  spent: number;
  error: string | undefined;
}

/** Whether training draws random numbers, so that losses differ from library to library. */
function isRandom(task: Task): boolean {
  return task.kind === "training" && task.layers.some(({ kind }) => kind === "dropout");
}

/** What is wrong with a contestant's first results beside Descent's, if anything. */
function checkFirst(task: Task, first: readonly number[], ours: readonly number[]): string | undefined {
  const wrong = first.findIndex((value, i) => {
    const own = ours[i] ?? value;
    const allowed = isRandom(task) ? 0.5 : TOLERANCE;
    return !(Math.abs(value - own) <= allowed * Math.max(1, Math.abs(own)));
  });
  return wrong < 0 ? undefined : `its results differ: ${first[wrong]} instead of ${ours[wrong]} (number ${wrong})`;
}

async function begin(task: Task, rivals: readonly Rival[]): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const rival of rivals) {
    const { first = [], error }: Answer = await rival.ask({ ask: "begin", task });
    const wrong = error ?? checkFirst(task, first, entries[0]?.first ?? []);
    entries.push({ rival, first, error: wrong, blocks: new Map(), spent: 0 });
    await sleep(PAUSE_MS);
  }
  return entries;
}

async function end(
  task: Task,
  { rival, first, blocks, error }: Entry,
  ours: Entry,
  counted: Set<number>,
): Promise<Showing> {
  const loss = first.length > 0 ? (await rival.ask({ ask: "end" })).loss : undefined;
  const stuck = task.kind === "training" && !error && !((loss ?? Number.NaN) < (first[0] ?? 0));
  const wrong = error ?? (stuck ? `its loss does not fall: ${first[0]}, then ${loss}` : undefined);
  // Who was too slow for more has but its first blocks, whatever disturbed them.
  const chosen = [...blocks].filter(([round]) => counted.has(round));
  const taken = wrong ? [] : chosen.length > 0 ? chosen : [...blocks];
  const ratios = taken.map(([round, ms]) => ms / (ours.blocks.get(round) ?? Number.NaN));
  return {
    name: rival.hello.name,
    threads: rival.hello.threads,
    times: taken.length > 0 ? summarize(taken.map(([, ms]) => ms)) : undefined,
    ratio:
      taken.length > 0 && rival !== ours.rival
        ? { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) }
        : undefined,
    error: wrong,
    first,
    last: loss,
  };
}

/**
 * All contestants in turns, block by block, after a round to warm up. On a machine that others use as well, rounds are repeated, and the
 * `rounds` of them count in which others used the least: which those are does not depend on the times measured.
 */
export async function measure(
  task: Task,
  rivals: readonly Rival[],
  rounds: number,
  { waitMs = 10_000, repeats = 4 }: Patience = {},
): Promise<Result> {
  const entries = await begin(task, rivals);
  const [ours] = entries;
  if (!ours) throw new Error("nobody to measure");
  /** Of each round: cores that others used during the worst of its blocks. */
  const disturbance: number[] = [];
  const isEnough = () => disturbance.slice(1).filter((each) => each <= QUIET).length >= rounds;
  for (let round = 0; round <= rounds * repeats && !isEnough(); round++) {
    let worst = 0;
    await quietMoment(waitMs);
    for (const entry of entries) {
      if (entry.error || entry.spent > LONGEST_MS) continue;
      const watch = watchOthers();
      const { block, error } = await entry.rival.ask({ ask: "block", steps: task.steps });
      worst = Math.max(worst, watch.read() ?? 0);
      entry.error = error;
      if (block) {
        entry.blocks.set(round, block.ms);
        entry.spent += block.ms * block.steps;
      }
      await sleep(PAUSE_MS);
    }
    disturbance[round] = worst;
  }
  const order = disturbance.map((_, round) => round).slice(1);
  order.sort((a, b) => (disturbance[a] ?? 0) - (disturbance[b] ?? 0));
  const counted = new Set(order.slice(0, rounds));
  const showings: Showing[] = [];
  for (const entry of entries) showings.push(await end(task, entry, ours, counted));
  return {
    task: task.name,
    flopPerStep: task.flop,
    showings,
    othersUsed: Math.max(...[...counted].map((round) => disturbance[round] ?? 0)),
  };
}

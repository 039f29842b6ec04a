import { median, sleep, summarize, type Times } from "../measure.ts";
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
}

/** Threads stay awake for a moment after a step; a pause keeps contestants out of each other's way. */
const PAUSE_MS = 300;

/** A contestant that is so slow does no more blocks: one is enough to see it. */
const LONGEST_MS = 45_000;

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

async function end(task: Task, { rival, first, blocks, error }: Entry, ours: Entry): Promise<Showing> {
  const loss = first.length > 0 ? (await rival.ask({ ask: "end" })).loss : undefined;
  const stuck = task.kind === "training" && !error && !((loss ?? Number.NaN) < (first[0] ?? 0));
  const pairs = [...blocks].flatMap(([round, ms]) => {
    const own = ours.blocks.get(round);
    return own === undefined ? [] : [ms / own];
  });
  const wrong = error ?? (stuck ? `its loss does not fall: ${first[0]}, then ${loss}` : undefined);
  const counts = !wrong && blocks.size > 0;
  return {
    name: rival.hello.name,
    threads: rival.hello.threads,
    times: counts ? summarize([...blocks.values()]) : undefined,
    ratio:
      counts && rival !== ours.rival
        ? { median: median(pairs), least: Math.min(...pairs), most: Math.max(...pairs) }
        : undefined,
    error: wrong,
    first,
    last: loss,
  };
}

/** All contestants in turns, block by block; the first round warms up (but for who is too slow to be asked again). */
export async function measure(task: Task, rivals: readonly Rival[], rounds: number): Promise<Result> {
  const entries = await begin(task, rivals);
  const [ours] = entries;
  if (!ours) throw new Error("nobody to measure");
  for (let round = 0; round <= rounds; round++) {
    for (const entry of entries) {
      if (entry.error || entry.spent > LONGEST_MS) continue;
      const { block, error } = await entry.rival.ask({ ask: "block", steps: task.steps });
      entry.error = error;
      if (block) {
        entry.blocks.set(round, block.ms);
        entry.spent += block.ms * block.steps;
      }
      await sleep(PAUSE_MS);
    }
  }
  for (const { blocks } of entries) if (blocks.size > 1) blocks.delete(0);
  const showings: Showing[] = [];
  for (const entry of entries) showings.push(await end(task, entry, ours));
  return { task: task.name, flopPerStep: task.flop, showings };
}

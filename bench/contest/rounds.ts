import { median, sleep, summarize, type Times } from "../format.ts";
import type { Task } from "../suite/task.ts";
import { watchOthers } from "./others.ts";
import type { Answer } from "./requests.ts";
import type { Rival } from "./rival.ts";

/** A contestant by its key in bench/contest/contestants.ts; those that can't be started say why. */
export interface Competitor {
  readonly key: string;
  readonly title: string;
  /** Whether it rounds what it multiplies. */
  readonly rounded?: boolean;
  readonly rival: Rival | { readonly reason: string };
}

/** How a contestant did in one task. */
export interface Showing {
  readonly key: string;
  readonly title: string;
  /** Milliseconds per step; undefined when it can't do the task. */
  readonly times: Times | undefined;
  /** Its time over Descent's, block by block of the same round: above 1, Descent is faster. */
  readonly ratio: { readonly median: number; readonly least: number; readonly most: number } | undefined;
  /** Why it has no times, in its own words, or what is wrong with its results. */
  readonly error: string | undefined;
  /** What its times are worth: where it was too slow for as many blocks or steps as the others. */
  readonly remark: string | undefined;
  /** The losses of the first steps and of the last (a product's elements, and 0). */
  readonly first: readonly number[];
  readonly last: number | undefined;
}

/** All contestants in one task; the first is what others are compared with. */
export interface Result {
  readonly task: Task;
  readonly showings: readonly Showing[];
  /** Cores that other processes used, in the worst block of the rounds that count; 0 where the system does not tell. */
  readonly othersUsed: number;
}

/** Threads stay awake for a moment after a step; a pause keeps contestants out of each other's way. */
const PAUSE_MS = 200;

/** Of a block: one step at least, and as many as fit. */
const BLOCK_MS = 250;

/** Who has computed for so long does no more blocks of this task. */
const LONGEST_MS = 10_000;

/** Of a step. */
const VERY_SLOW_MS = 3000;

/** Cores that others may use for a round to count as undisturbed. */
const QUIET = 0.15;

/** How much is done for figures that others on the machine have not spoilt. */
export interface Patience {
  /** Before each round a quiet moment is waited for, this long at most. Default 2000. */
  readonly waitMs?: number;
  /** Disturbed rounds are done again, up to so many times as many. Default 2. */
  readonly repeats?: number;
  /** Of a block; default 250. */
  readonly blockMs?: number;
  /** Told whose turn it is. */
  readonly said?: (title: string) => void;
}

async function quietMoment(waitMs: number): Promise<void> {
  const begun = performance.now();
  while (performance.now() - begun < waitMs) {
    const watch = watchOthers();
    await sleep(250);
    if ((watch.read() ?? 0) <= QUIET) return;
  }
}

/** Two libraries that add in other orders come this near each other in a few steps of training. */
const TOLERANCE = 2e-3;
/** The same where factors keep 8 of their 24 bits. */
const ROUNDED = 0.03;
/** Losses that are but similar: random numbers or padding differ. */
const SIMILAR = 0.5;

/** Steps after which a loss on one batch has fallen, whatever the learning rate. */
const ENOUGH_STEPS = 40;
/** A loss beyond it is nonsense, after however few steps. */
const LARGE_LOSS = 1e3;

interface Entry {
  readonly competitor: Competitor;
  readonly first: readonly number[];
  /** What it does otherwise than others, in its own words. */
  readonly remark: string | undefined;
  /** Milliseconds per step, by round. */
  readonly blocks: Map<number, number>;
  /** Milliseconds and steps in all. */
  spent: number;
  steps: number;
  error: string | undefined;
}

/** What is wrong with a contestant's first results beside Descent's, if anything. */
export function checkFirst(
  task: Task,
  first: readonly number[],
  ours: readonly number[],
  rounded = false,
): string | undefined {
  const similar = task.kind === "training" && !task.exact;
  const allowed = similar ? SIMILAR : rounded ? ROUNDED : TOLERANCE;
  const compared = similar ? first.slice(0, 1) : first;
  const wrong = compared.findIndex((value, i) => {
    const own = ours[i] ?? value;
    return !(Math.abs(value - own) <= allowed * Math.max(1, Math.abs(own)));
  });
  return wrong < 0 ? undefined : `its results differ: ${first[wrong]} instead of ${ours[wrong]} (number ${wrong})`;
}

async function begin(task: Task, competitors: readonly Competitor[], said?: (title: string) => void): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const competitor of competitors) {
    const { rival, title } = competitor;
    said?.(`${title}, first steps`);
    const answer: Answer = "reason" in rival ? { error: rival.reason } : await rival.ask({ ask: "begin", task });
    const { first = [], remark } = answer;
    const error = answer.error ?? checkFirst(task, first, entries[0]?.first ?? [], competitor.rounded);
    entries.push({ competitor, first, remark, error, blocks: new Map(), spent: 0, steps: 0 });
    if (!error) await sleep(PAUSE_MS);
  }
  return entries;
}

async function block(entry: Entry, round: number, ms: number): Promise<void> {
  const { rival } = entry.competitor;
  if (entry.error || "reason" in rival || entry.spent > LONGEST_MS) return;
  const { block, error } = await rival.ask({ ask: "block", ms });
  entry.error = error;
  if (!block) return;
  entry.blocks.set(round, block.ms);
  entry.spent += block.ms * block.steps;
  entry.steps += block.steps;
}

function remarkOn({ remark, blocks, spent, steps }: Entry, counted: number): string | undefined {
  const words = [
    remark,
    steps > 0 && steps === blocks.size && spent / steps > BLOCK_MS && "1 step a block",
    spent > LONGEST_MS && counted < blocks.size && `${blocks.size} blocks in all`,
  ].filter(Boolean);
  return words.length > 0 ? words.join(", ") : undefined;
}

/** Ends its work. Who is very slow isn't asked for the loss, which takes one more step. */
async function farewell({ competitor: { rival }, error, spent, steps }: Entry): Promise<Answer> {
  if ("reason" in rival || error) return {};
  if (spent / steps < VERY_SLOW_MS) return rival.ask({ ask: "end" });
  await rival.stop();
  return {};
}

async function end(task: Task, entry: Entry, ours: Entry, counted: Set<number>): Promise<Showing> {
  const { competitor, first, blocks, steps } = entry;
  const { key, title } = competitor;
  const ended = await farewell(entry);
  const last = ended.loss;
  const error = entry.error ?? ended.error;
  const begun = first[0];
  const bound = begun !== undefined && steps > ENOUGH_STEPS ? begun : LARGE_LOSS;
  const stuck = task.kind === "training" && !error && last !== undefined && !((last ?? Number.NaN) < bound);
  const wrong = error ?? (stuck ? `its loss does not fall: ${begun}, then ${last}` : undefined);
  // Who was too slow for more has but its first blocks, whatever disturbed them.
  const chosen = [...blocks].filter(([round]) => counted.has(round));
  const taken = wrong ? [] : chosen.length > 0 ? chosen : [...blocks];
  const ratios = taken.map(([round, ms]) => ms / (ours.blocks.get(round) ?? Number.NaN)).filter(Number.isFinite);
  return {
    key,
    title,
    times: taken.length > 0 ? summarize(taken.map(([, ms]) => ms)) : undefined,
    ratio:
      ratios.length > 0 && entry !== ours
        ? { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) }
        : undefined,
    error: wrong,
    remark: wrong ? undefined : remarkOn(entry, counted.size),
    first,
    last,
  };
}

/**
 * All contestants in turns, block by block, after a round to warm up. On a machine that others use as well, rounds are repeated, and the
 * `rounds` of them count in which others used the least: which those are does not depend on the times measured.
 */
export async function measure(
  task: Task,
  competitors: readonly Competitor[],
  rounds: number,
  { waitMs = 2000, repeats = 2, blockMs = BLOCK_MS, said }: Patience = {},
): Promise<Result> {
  const entries = await begin(task, competitors, said);
  const [ours] = entries;
  if (!ours) throw new Error("nobody to measure");
  /** Of each round: cores that others used during the worst of its blocks. */
  const disturbance: number[] = [];
  const isEnough = () => disturbance.slice(1).filter((each) => each <= QUIET).length >= rounds;
  for (let round = 0; round <= rounds * repeats && !isEnough(); round++) {
    let worst = 0;
    await quietMoment(waitMs);
    for (const entry of entries) {
      const watch = watchOthers();
      said?.(entry.competitor.title);
      await block(entry, round, blockMs);
      worst = Math.max(worst, watch.read() ?? 0);
      if (!entry.error) await sleep(PAUSE_MS);
    }
    disturbance[round] = worst;
  }
  const order = disturbance.map((_, round) => round).slice(1);
  order.sort((a, b) => (disturbance[a] ?? 0) - (disturbance[b] ?? 0));
  const counted = new Set(order.slice(0, rounds));
  const showings: Showing[] = [];
  for (const entry of entries) showings.push(await end(task, entry, ours, counted));
  return { task, showings, othersUsed: Math.max(0, ...[...counted].map((round) => disturbance[round] ?? 0)) };
}

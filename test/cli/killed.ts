// Trainings of `descent train` that are killed at random moments, taken up with --resume, and compared with those that nobody killed.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type HostRandom, invariant } from "../../src/util/index.ts";
import { flowers, writeBars } from "./samples.ts";

/** What `descent train` is given, besides where to write. */
const TRAININGS = {
  images: ["bars", "--epochs", "12"],
  numbers: ["bars", "--labels", "told.csv", "--path", "file", "--target", "place", "--task", "regression", "-e", "12"],
  labels: ["bars", "--labels", "told.csv", "--path", "file", "--target", "across", "--target", "low", "-e", "12"],
  table: ["flowers.csv", "--target", "kind", "--networks", "3", "--epochs", "150"],
  streamed: ["FROM 'flowers.csv'", "--target", "kind", "--memory", "512MB", "--epochs", "40"],
  config: ["flowers.json"],
} as const;

export type Killable = keyof typeof TRAININGS;

export const KILLABLE = Object.keys(TRAININGS) as Killable[];

/** A config with dropout, whose checkpoints are written every few steps. */
const CONFIG = {
  data: { path: "numbers.csv", target: "kind" },
  model: [
    { kind: "dense", units: 16, activation: "relu" },
    { kind: "dropout", rate: 0.3 },
    { kind: "dense", units: 3, activation: "softmax" },
  ],
  compile: { optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] },
  fit: {
    epochs: 150,
    batchSize: 16,
    validationSplit: 0.2,
    checkpoint: { folder: "checkpoints", every: { steps: 7 }, keep: { last: 2, best: 1 } },
  },
};

/** Files that are written after the training, one after the other. */
const RESULTS = ["metrics.json", "report.html", "predictions.csv", "train.ts"];

/** How a process is ended: killed, or first asked to end, which writes a checkpoint, and killed while it does. */
interface Blow {
  readonly signal: "SIGKILL" | "SIGTERM";
  /** Milliseconds after the beginning, or after a file that is waited for; then after SIGTERM. */
  readonly after: number;
  readonly grace?: number;
  /** How often a checkpoint must begin to be written first, or the result that must be there. */
  readonly cue?: number | string;
}

export interface Tally {
  kills: number;
  /** Of these, with a checkpoint that was half written or half removed. */
  halves: number;
  /** Trainings that ended, and were compared. */
  ended: number;
  /** What was not as it should be. */
  faults: string[];
}

/**
 * Kills trainings of one kind until it was done `kills` times; each that ended is compared with one that nobody killed.
 *
 * @param command the program `descent`. @param folder an empty one. @param say hears how far it is.
 */
export async function killTrainings(
  kind: Killable,
  kills: number,
  random: HostRandom,
  { command, folder, say = () => undefined }: { command: string; folder: string; say?: (tally: Tally) => void },
): Promise<Tally> {
  mkdirSync(folder, { recursive: true });
  writeBars(folder);
  writeFileSync(join(folder, "flowers.csv"), flowers());
  const numbers = Array.from({ length: 150 }, (_, i) => `${(i % 3) + ((i * 7) % 10) / 5},${(i * 13) % 10},${i % 3}`);
  writeFileSync(join(folder, "numbers.csv"), `a,b,kind\n${numbers.join("\n")}\n`);
  const tally: Tally = { kills: 0, halves: 0, ended: 0, faults: [] };
  const begun = performance.now();
  const straight = await train(kind, "straight", false, { command, folder });
  const lasted = performance.now() - begun;
  if (straight !== "") return { ...tally, faults: [`the one that nobody kills: ${straight}`] };
  const expected = endOf(join(folder, "straight"));
  for (let run = 1; tally.kills < kills || tally.ended === 0; run++) {
    const name = `run-${run}`;
    for (let isBegun = false; ; isBegun = true) {
      const blow = tally.kills < kills ? drawn(random, lasted) : undefined;
      const old = new Set(halfWritten(join(folder, name)));
      const words = await train(kind, name, isBegun, { command, folder, blow });
      if (words === KILLED) {
        tally.kills++;
        if (halfWritten(join(folder, name)).some((half) => !old.has(half))) tally.halves++;
        say(tally);
        continue;
      }
      const fault = words || differences(expected, endOf(join(folder, name)));
      if (fault !== "") return { ...tally, faults: [`${name}: ${fault}`] };
      tally.ended++;
      say(tally);
      break;
    }
  }
  return tally;
}

const KILLED = "killed";

function drawn(random: HostRandom, lasted: number): Blow {
  const after = random.uniform() * lasted;
  const soon = random.uniform() ** 2 * 40;
  const way = random.integer(4);
  if (way === 0) return { signal: "SIGKILL", after };
  if (way === 1) return { signal: "SIGTERM", after, grace: soon };
  if (way === 2) return { signal: "SIGKILL", after: soon / 4, cue: 1 + random.integer(3) };
  return { signal: "SIGKILL", after: soon, cue: RESULTS[random.integer(RESULTS.length)] as string };
}

/** "" when it ended well, "killed", or what went wrong. */
async function train(
  kind: Killable,
  name: string,
  resume: boolean,
  { command, folder, blow }: { command: string; folder: string; blow?: Blow | undefined },
): Promise<string> {
  if (kind === "config") {
    const checkpoint = { ...CONFIG.fit.checkpoint, folder: `${name}/checkpoints` };
    writeFileSync(join(folder, "flowers.json"), JSON.stringify({ ...CONFIG, fit: { ...CONFIG.fit, checkpoint } }));
  }
  const { DESCENT_DEBUG: _, ...environment } = process.env;
  const args = ["train", ...TRAININGS[kind], "--output", name, ...(resume ? ["--resume"] : [])];
  const child = spawn(process.execPath, [command, ...args], {
    cwd: folder,
    env: { ...environment, DESCENT_ENGINE: "wasm", DESCENT_THREADS: "1", NO_COLOR: "1" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    words += text;
  });
  const timers: NodeJS.Timeout[] = [];
  const strike = (after: number, signal: NodeJS.Signals) =>
    void timers.push(setTimeout(() => child.kill(signal), after));
  const hit = ({ signal, after, grace }: Blow) => {
    strike(after, signal);
    if (grace !== undefined) strike(after + grace, "SIGKILL");
  };
  if (blow?.cue === undefined) {
    if (blow) hit(blow);
  } else {
    const isThere =
      typeof blow.cue === "string" ? resultOf(join(folder, name), blow.cue) : nthHalf(join(folder, name), blow.cue);
    const watch = setInterval(() => {
      if (!isThere()) return;
      clearInterval(watch);
      hit(blow);
    }, 1);
    timers.push(watch);
  }
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.on("close", (...end) => resolve(end));
  });
  for (const timer of timers) clearTimeout(timer);
  if (signal === "SIGKILL" || signal === "SIGTERM" || (code === 130 && blow?.signal === "SIGTERM")) return KILLED;
  return code === 0 ? words : `exit code ${code}: ${words}`;
}

/** Whether a result is there that was not at first. */
function resultOf(folder: string, name: string): () => boolean {
  const file = join(folder, name);
  const isOld = existsSync(file);
  return () => !isOld && existsSync(file);
}

/** Whether a checkpoint is being written for the n-th time. */
function nthHalf(folder: string, n: number): () => boolean {
  const seen = new Set(halfWritten(folder));
  const least = seen.size + n;
  return () => {
    for (const half of halfWritten(folder)) seen.add(half);
    return seen.size >= least;
  };
}

/** Checkpoints, and results, that are half written or half removed. */
function halfWritten(folder: string): string[] {
  const among = (path: string) => {
    try {
      return readdirSync(path).map((name) => join(path, name));
    } catch {
      return [];
    }
  };
  const trainings = among(join(folder, "checkpoints"));
  return [...among(folder), ...trainings, ...trainings.flatMap(among)].filter((path) => /-(tmp|gone)$/.test(path));
}

/** All that came of a training but times: files and their digests, figures as JSON. */
function endOf(folder: string): Map<string, string> {
  const end = new Map<string, string>();
  const metrics = readFileSync(join(folder, "metrics.json"), "utf8");
  const timeless = (key: string, value: unknown) => (/^(seconds|samplesPerSecond)$/.test(key) ? undefined : value);
  end.set("metrics.json", JSON.stringify(JSON.parse(metrics, timeless)));
  // What writeFileAtomic wrote beside when it was killed stays, in nobody's way.
  const files = readdirSync(join(folder, "model"))
    .filter((name) => !name.endsWith(".tmp"))
    .map((name) => join("model", name));
  invariant(files.length >= 2, "a model and its weights");
  for (const file of [...files, "predictions.csv"]) {
    const path = join(folder, file);
    if (existsSync(path)) end.set(file, createHash("sha256").update(readFileSync(path)).digest("hex"));
  }
  for (const file of ["report.html", "run.json"]) end.set(file, existsSync(join(folder, file)) ? "there" : "missing");
  return end;
}

function differences(expected: Map<string, string>, actual: Map<string, string>): string {
  const names = new Set([...expected.keys(), ...actual.keys()]);
  return [...names]
    .filter((name) => expected.get(name) !== actual.get(name))
    .map((name) => `${name} differs`)
    .join(", ");
}

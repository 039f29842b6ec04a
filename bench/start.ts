// `npm run bench:start`: seconds from `npm start` to its first progress, cold (empty cache of compiled programs) and warm.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { formatTable, formatTimes, summarize } from "./format.ts";

const TARGETS = { cold: 10, warm: 1.5 };
const REPEATS = { cold: 5, warm: 10 };

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "descent-start-"));

/** Seconds from `npm start` to the line that says that the training has begun: all is compiled then. */
function secondsToProgress(cache: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const child = spawn("npm", ["start"], {
      cwd: root,
      env: { ...process.env, DESCENT_CACHE: cache },
      stdio: ["ignore", "pipe", "inherit"],
      detached: true, // a group of its own, so that npm's children end with it
    });
    let said = "";
    let seconds: number | undefined;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (seconds !== undefined || !said.includes("\nEngine ") || child.pid === undefined) return;
      seconds = (performance.now() - begun) / 1000;
      process.kill(-child.pid, "SIGKILL");
    });
    child.on("close", () =>
      seconds === undefined ? reject(new Error(`npm start ended early:\n${said}`)) : resolve(seconds),
    );
  });
}

async function repeat(times: number, cacheOf: (repeat: number) => string): Promise<number[]> {
  const seconds: number[] = [];
  for (let i = 0; i < times; i++) seconds.push(await secondsToProgress(join(folder, cacheOf(i))));
  return seconds;
}

try {
  const cold = await repeat(REPEATS.cold, (i) => `cold-${i}`);
  const warm = await repeat(REPEATS.warm, () => "cold-0");
  const row = (name: keyof typeof TARGETS, seconds: number[]) => {
    const times = summarize(seconds);
    const verdict = times.median <= TARGETS[name] ? "met" : "MISSED";
    return [name, formatTimes(times), String(seconds.length), `${TARGETS[name]} s`, verdict];
  };
  console.log("From `npm start` to its first progress; median (least-most)\n");
  console.log(formatTable([["start", "seconds", "repeats", "target", ""], row("cold", cold), row("warm", warm)]));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

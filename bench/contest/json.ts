import { cpus } from "node:os";
import { z } from "zod";
import type { Peaks } from "../machine/peak.ts";
import { type Peak, shares } from "../machine/roofline.ts";
import type { Result } from "./rounds.ts";

const level = z.strictObject({
  name: z.string(),
  bytes: z.number().nullable().describe("what it holds for all threads together; null for memory"),
  gbytes: z.number().describe("1e9 bytes per second, read and written back"),
});

const peak = z.strictObject({ threads: z.int(), gflops: z.number(), levels: z.array(level) });

const shownShape = {
  msPerStep: z.number().describe("median of the blocks"),
  spread: z.tuple([z.number(), z.number()]).describe("least and most of the blocks, in milliseconds per step"),
  blocks: z.array(z.number()).describe("milliseconds per step"),
  shareOfPeak: z.number().nullable().describe("of the peak FLOP/s of all threads; null where that was not measured"),
  shareOfRoofline: z.number().nullable(),
  ratio: z.number().optional().describe("median over the rounds of its time over Descent's; not Descent's own"),
  remark: z.string().optional(),
};

const showing = z.union([z.strictObject(shownShape), z.strictObject({ error: z.string() })]);

/** What `--json` writes: cases, by name, hold contestants, by the names of bench/contest/contestants.ts. */
export const benchSchema = z.strictObject({
  machine: z.strictObject({
    processor: z.string(),
    cores: z.int(),
    host: z.string(),
    threads: z.int(),
    peak: z.union([z.strictObject({ one: peak, all: peak }), z.string().describe("why it was not measured")]),
    contestants: z.record(z.string(), z.string()).describe("version and set-up, or why not there"),
  }),
  cases: z.record(z.string(), z.record(z.string(), showing)),
});

export type BenchJson = z.infer<typeof benchSchema>;

const levelsOf = ({ threads, gflops, levels }: Peak) => ({
  threads,
  gflops,
  levels: levels.map(({ name, bytes, gbytes }) => ({ name, bytes: Number.isFinite(bytes) ? bytes : null, gbytes })),
});

export interface Measured {
  readonly host: string;
  readonly threads: number;
  readonly peaks: Peaks | string;
  readonly contestants: Readonly<Record<string, string>>;
  readonly results: readonly Result[];
}

export function toJson({ host, threads, peaks, contestants, results }: Measured): BenchJson {
  const whole = typeof peaks === "string" ? undefined : peaks;
  const cases = results.map(({ task, showings }) => {
    const shown = showings.map(({ key, times, ratio, error, remark }) => {
      if (!times) return [key, { error: error ?? "not measured" }] as const;
      const share = whole && shares(task, times.median, whole.all);
      return [
        key,
        {
          msPerStep: times.median,
          spread: [times.least, times.most] as [number, number],
          blocks: times.blocks,
          shareOfPeak: share?.peak ?? null,
          shareOfRoofline: share?.roofline ?? null,
          ...(ratio && { ratio: ratio.median }),
          ...(remark !== undefined && { remark }),
        },
      ] as const;
    });
    return [task.name, Object.fromEntries(shown)] as const;
  });
  return {
    machine: {
      processor: cpus()[0]?.model ?? "unknown",
      cores: cpus().length,
      host,
      threads,
      peak: whole ? { one: levelsOf(whole.one), all: levelsOf(whole.all) } : String(peaks),
      contestants,
    },
    cases: Object.fromEntries(cases),
  };
}

/** A level of the memory's hierarchy. */
export interface Level {
  /** "L1", "L2", "L3", "memory". */
  readonly name: string;
  /** What it holds for all threads together; Infinity (null in JSON) for memory. */
  readonly bytes: number;
  /** Bytes per second, in 1e9: read and written back count one each. */
  readonly gbytes: number;
}

/** What so many threads can do. */
export interface Peak {
  readonly threads: number;
  /** float32 multiply-adds out of registers, in 1e9 operations per second (an FMA counts as two). */
  readonly gflops: number;
  /** From the smallest. */
  readonly levels: readonly Level[];
}

/** Work to do. */
export interface Cost {
  readonly flop: number;
  /** The least bytes that must be moved. */
  readonly bytes: number;
}

/** The first level that holds so many bytes. */
export function levelFor({ levels }: Peak, bytes: number): Level {
  const level = levels.find((each) => bytes <= each.bytes) ?? levels.at(-1);
  if (!level) throw new Error("no level of memory was measured");
  return level;
}

/**
 * The least milliseconds for some work: what the arithmetic takes at the peak, or what moving the least bytes takes at the bandwidth of the
 * level that holds them, whichever is longer.
 */
export function leastMs(cost: Cost, peak: Peak): number {
  return Math.max(cost.flop / peak.gflops, cost.bytes / levelFor(peak, cost.bytes).gbytes) / 1e6;
}

/** Shares of the peak and of the roofline that a time per step comes to; 1 is all. */
export function shares(cost: Cost, ms: number, peak: Peak): { peak: number; roofline: number } {
  return { peak: cost.flop / (ms * 1e6) / peak.gflops, roofline: leastMs(cost, peak) / ms };
}

/** The better of two measurements: what disturbs a machine only ever makes it slower. */
export function bestOf(first: Peak, second: Peak): Peak {
  return {
    threads: first.threads,
    gflops: Math.max(first.gflops, second.gflops),
    levels: first.levels.map((level, i) => ({
      ...level,
      gbytes: Math.max(level.gbytes, second.levels[i]?.gbytes ?? 0),
    })),
  };
}

import { readdirSync, readFileSync } from "node:fs";

/** Cores that processes other than this one and its children were using. */
export interface Watch {
  /** Since the watch began; undefined where the system does not tell (it does on Linux). */
  read(): number | undefined;
}

interface Ticks {
  /** Of all cores, since the system started. */
  readonly total: number;
  readonly busy: number;
  /** Of this process and its descendants. */
  readonly own: number;
  readonly cores: number;
}

function ticks(): Ticks | undefined {
  try {
    const [all, ...rest] = readFileSync("/proc/stat", "utf8").split("\n");
    const numbers = (all ?? "").trim().split(/\s+/).slice(1, 9).map(Number);
    const total = numbers.reduce((sum, each) => sum + each, 0);
    const idle = (numbers[3] ?? 0) + (numbers[4] ?? 0);
    return { total, busy: total - idle, own: ownTicks(), cores: rest.filter((line) => /^cpu\d/.test(line)).length };
  } catch {
    return undefined;
  }
}

/** Of all processes that descend from this one. */
function ownTicks(): number {
  const parents = new Map<number, number>();
  const used = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const text = readFileSync(`/proc/${name}/stat`, "utf8");
      // After the name, which stands in parentheses and may hold anything: state, parent, ...; user and system time are 12th and 13th.
      const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
      parents.set(Number(name), Number(fields[1]));
      used.set(Number(name), Number(fields[11]) + Number(fields[12]));
    } catch {
      // it has ended meanwhile
    }
  }
  const isOwn = (id: number): boolean => {
    for (let each: number | undefined = id; each; each = parents.get(each)) if (each === process.pid) return true;
    return false;
  };
  return [...used].reduce((sum, [id, ticks]) => (isOwn(id) ? sum + ticks : sum), 0);
}

/** Watches how busy others keep the machine while something is measured. */
export function watchOthers(): Watch {
  const before = ticks();
  return {
    read() {
      const after = ticks();
      if (!before || !after || after.total === before.total) return undefined;
      const others = after.busy - before.busy - (after.own - before.own);
      return Math.max(0, (after.cores * others) / (after.total - before.total));
    },
  };
}

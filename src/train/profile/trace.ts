import type { ProfileData, ProfiledKernel } from "./data.ts";
import type { StepRecord } from "./recorder.ts";

/** An event of the Trace Event Format; times are microseconds. */
export type TraceEvent =
  | {
      readonly ph: "X";
      readonly name: string;
      readonly cat: string;
      readonly ts: number;
      readonly dur: number;
      readonly pid: number;
      readonly tid: number;
      readonly args: Readonly<Record<string, string | number>>;
    }
  | {
      readonly ph: "M";
      readonly name: "process_name" | "thread_name" | "thread_sort_index";
      readonly pid: number;
      readonly tid: number;
      readonly args: Readonly<Record<string, string | number>>;
    };

/** A file of the Trace Event Format. */
export interface Trace {
  readonly traceEvents: readonly TraceEvent[];
  readonly displayTimeUnit: "ms";
}

const PROCESS = 1;
/** Row of the event loop; thread i has row i + 1. */
const LOOP = 0;

/** The recorded steps as a trace. */
export function traceOf(profile: ProfileData, records: readonly StepRecord[]): Trace {
  const start = records[0]?.copyBegin ?? 0;
  const micros = (ms: number) => Math.max(0, Math.round((ms - start) * 1e6) / 1e3);
  const row = (tid: number, name: string): TraceEvent[] => [
    { ph: "M", name: "thread_name", pid: PROCESS, tid, args: { name } },
    { ph: "M", name: "thread_sort_index", pid: PROCESS, tid, args: { sort_index: tid } },
  ];
  const slice = (
    tid: number,
    name: string,
    cat: string,
    begin: number,
    end: number,
    args: Readonly<Record<string, string | number>> = {},
  ): TraceEvent => {
    const [ts, until] = [micros(begin), micros(end)];
    return { ph: "X", name, cat, ts, dur: Math.max(0, Math.round((until - ts) * 1e3) / 1e3), pid: PROCESS, tid, args };
  };
  const threads = Array.from({ length: profile.threads }, (_, i) => row(i + 1, `thread ${i + 1}`)).flat();
  const name = `${profile.model} on ${profile.engine}`;
  const events: TraceEvent[] = [
    { ph: "M", name: "process_name", pid: PROCESS, tid: LOOP, args: { name } },
    ...row(LOOP, "event loop"),
    ...threads,
  ];
  records.forEach(({ copyBegin, copyEnd, runBegin, runEnd, times }, i) => {
    events.push(slice(LOOP, "copy of the batch", "loop", copyBegin, copyEnd, { step: i }));
    events.push(slice(LOOP, `step ${i}`, "loop", runBegin, runEnd, { step: i }));
    for (const { kernel, thread, begin, end } of times) {
      const about = profile.kernels[kernel] as ProfiledKernel;
      const args = { ...argumentsOf(about), number: kernel, step: i };
      events.push(slice(thread + 1, about.kernel, about.owners[0]?.phase ?? "forward", begin, end, args));
    }
  });
  return { traceEvents: events, displayTimeUnit: "ms" };
}

function argumentsOf({ owners, gflops, gbytes, roof }: ProfiledKernel): Record<string, string | number> {
  const round = (value: number) => Number(value.toPrecision(4));
  return {
    layers: owners.map(({ layer, phase }) => `${layer || "-"} ${phase}`).join(", "),
    "GFLOP/s": round(gflops),
    "GB/s": round(gbytes),
    ...(roof !== undefined && { "share of the roofline": round(roof) }),
  };
}

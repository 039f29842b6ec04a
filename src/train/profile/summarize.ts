import type { KernelInfo, Profiler, Roof } from "../../tensor/index.ts";
import { attribute } from "./attribute.ts";
import type { Phase, ProfiledKernel, ProfiledLayer, ProfiledMemory, ProfiledOwner, ProfiledStep } from "./data.ts";
import { Profile } from "./profile.ts";
import type { StepRecord } from "./recorder.ts";

/** What a profile is made from, beside the records. */
export interface ProfileSubject {
  readonly model: string;
  readonly engine: string;
  readonly batchSize: number;
  readonly profiler: Profiler;
  /** Paths of the model's layers. */
  readonly layers: readonly string[];
  /** Bytes of the arrays that the program is bound to. */
  readonly arrays: Pick<ProfiledMemory, "parameters" | "slots" | "moving" | "frozen" | "batch">;
  readonly machine: Roof | undefined;
}

/** A profile of the recorded steps. */
export function summarize(subject: ProfileSubject, all: readonly StepRecord[]): Profile {
  const { profiler, machine, model, engine, batchSize } = subject;
  const { threads } = profiler;
  const records = typical(all);
  const runs = records.map(({ times }) => attribute(times, profiler.kernels.length));
  const step = stepOf(records, runs, threads);
  const owners = profiler.kernels.map(({ scopes }) => ownersOf(scopes, subject.layers));
  const kernels = profiler.kernels.map((info, k): ProfiledKernel => {
    const ms = mean(runs.map((run) => run.kernels[k]!));
    return { kernel: info.title, owners: owners[k]!, ms, share: ms / step.ms, ...ratesOf(info, ms, machine) };
  });
  const layers = layersOf(kernels, step.ms);
  const memory = memoryOf(subject, kernels);
  return new Profile(
    { model, engine, threads, batchSize, steps: all.length, step, kernels, layers, memory, machine },
    all,
  );
}

function stepOf(
  records: readonly StepRecord[],
  runs: readonly ReturnType<typeof attribute>[],
  threads: number,
): ProfiledStep {
  const copy = mean(records.map((each) => each.copyEnd - each.copyBegin));
  const within = runs.map(({ begin, end }) => end - begin);
  const run = records.map((each) => each.runEnd - each.runBegin);
  // An epoch's last step is followed by its end, which is no step's.
  const loop = mean(
    records.flatMap((each) => (each.next === undefined ? [] : [each.next - each.noted + each.runBegin - each.copyEnd])),
  );
  const between = mean(runs.map((each) => each.between));
  return {
    ms: copy + mean(run) + loop,
    kernels: mean(runs.map((each, i) => within[i]! - each.between)),
    between,
    call: mean(run.map((each, i) => Math.max(0, each - within[i]!))),
    copy,
    loop,
    busy: mean(runs.map((each, i) => each.busy / Math.max(within[i]! * threads, 1e-9))),
  };
}

function ratesOf({ operations, bytes }: KernelInfo, ms: number, machine: Roof | undefined) {
  const least = machine ? Math.max(operations / machine.operations, bytes / machine.bytes) * 1e3 : undefined;
  return {
    gflops: ms > 0 ? operations / ms / 1e6 : 0,
    gbytes: ms > 0 ? bytes / ms / 1e6 : 0,
    roof: least === undefined || ms === 0 ? undefined : least / ms,
  };
}

/** "block/dense_1/kernel/gradient" as the layer block/dense_1, backward. Each layer and phase once. */
export function ownersOf(scopes: readonly string[], layers: readonly string[]): ProfiledOwner[] {
  const found = new Map<string, ProfiledOwner>();
  for (const scope of scopes) {
    const words = scope.split("/");
    const own = layers
      .filter((path) => scope === path || scope.startsWith(`${path}/`))
      .reduce((a, b) => (b.length > a.length ? b : a), "");
    const backward = words.includes("gradient");
    const layer = own || words.filter((word) => word !== "gradient")[0] || "";
    const phase: Phase = layer === "optimizer" && own === "" ? "update" : backward ? "backward" : "forward";
    found.set(`${layer} ${phase}`, { layer, phase });
  }
  // Where something is known, the nameless parts (sums of gradients, glue) say nothing more.
  const owners = [...found.values()];
  const named = owners.filter(({ layer }) => layer !== "");
  return named.length > 0 ? named : owners;
}

function layersOf(kernels: readonly ProfiledKernel[], stepMs: number): ProfiledLayer[] {
  const layers = new Map<string, Record<Phase, number>>();
  for (const { owners, ms } of kernels) {
    const { layer, phase } = owners[0] ?? { layer: "", phase: "forward" };
    const times = layers.get(layer) ?? { forward: 0, backward: 0, update: 0 };
    times[phase] += ms;
    layers.set(layer, times);
  }
  return [...layers].map(([layer, times]) => {
    const ms = times.forward + times.backward + times.update;
    return { layer, ...times, ms, share: ms / stepMs };
  });
}

function memoryOf({ profiler, arrays }: ProfileSubject, kernels: readonly ProfiledKernel[]): ProfiledMemory {
  const { blocks, arenaBytes, scratchBytes } = profiler.memory;
  const alive = kernels.map((_, k) =>
    blocks.reduce((sum, { first, last, bytes }) => (first <= k && k <= last ? sum + bytes : sum), 0),
  );
  const activations = Math.max(0, ...alive);
  const { parameters, slots, moving, frozen, batch } = arrays;
  const least = parameters + slots + moving + frozen + batch + activations;
  return {
    ...arrays,
    activations,
    arena: arenaBytes,
    scratch: scratchBytes,
    total: parameters + slots + moving + frozen + batch + arenaBytes + scratchBytes,
    least,
    blocks: blocks.map((block) => {
      const { kernel, owners } = kernels[block.first]!;
      return { ...block, kernel, owner: owners[0] ?? { layer: "", phase: "forward" } };
    }),
  };
}

/** The middle half of the steps by their time, at least one: what disturbed the others is left out, and parts still add up. */
function typical(records: readonly StepRecord[]): StepRecord[] {
  const timeOf = ({ copyBegin, runEnd }: StepRecord) => runEnd - copyBegin;
  const sorted = [...records].sort((a, b) => timeOf(a) - timeOf(b));
  const quarter = Math.floor(sorted.length / 4);
  return sorted.slice(quarter, sorted.length - quarter);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1);
}

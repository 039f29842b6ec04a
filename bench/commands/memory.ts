import { resolveEngine } from "descent";
import { formatTable } from "../format.ts";
import { type Case, prepared } from "../suite/cases.ts";
import { type MemoryBound, memoryBound } from "../suite/memory.ts";
import { trainingTask } from "../suite/tasks.ts";

/** Bytes that a compiled training step works on. */
export interface StepMemory {
  /** Parameters, moving statistics, slots, totals of metrics. */
  readonly state: number;
  readonly inputs: number;
  /** Intermediates, laid over each other where they are not needed at the same time. */
  readonly arena: number;
  /** The threads' own scratch memory, as far as the engine tells. */
  readonly scratch: number;
}

export interface CaseMemory {
  readonly bound: MemoryBound;
  readonly step: StepMemory;
  /** All bytes of the step over all of the bound. */
  readonly ratio: number;
}

const total = (parts: object) => Object.values(parts).reduce((sum: number, each: number) => sum + each, 0);

/** What the largest program that a `fit` of one step compiles works on. */
async function stepMemory(suite: Case): Promise<StepMemory> {
  const { engine } = await resolveEngine();
  const compile = engine.compile.bind(engine);
  const seen: StepMemory[] = [];
  engine.compile = async (program) => {
    const executable = await compile(program);
    const bytes = (nodes: readonly { readonly shape: readonly number[] }[]) =>
      4 * nodes.reduce((sum, { shape }) => sum + shape.reduce((size, axis) => size * axis, 1), 0);
    const { arenaBytes, scratchBytes } = executable.facts;
    seen.push({
      state: bytes(program.state.map(({ input }) => input)),
      inputs: bytes(program.inputs),
      arena: Number(arenaBytes ?? 0),
      scratch: Number(scratchBytes ?? 0),
    });
    return executable;
  };
  try {
    const { network, x, y } = prepared(suite, suite.batch);
    await network.fit(x, y, { batchSize: suite.batch, verbose: 0 });
  } finally {
    engine.compile = compile;
  }
  const [largest] = seen.sort((a, b) => total(b) - total(a));
  if (!largest) throw new Error("fit compiled nothing");
  return largest;
}

/** A case's step against the lower bound. */
export async function caseMemory(suite: Case): Promise<CaseMemory> {
  const task = trainingTask(suite);
  const step = await stepMemory(suite);
  const bound = memoryBound(task, suite.build());
  return { bound, step, ratio: total(step) / total(bound) };
}

const TARGET = 1.25;
const mb = (bytes: number) => (bytes / 1e6).toFixed(bytes < 1e5 ? 4 : 2);

/** `npm run bench -- memory`. */
export async function measureMemory(cases: readonly Case[]): Promise<Record<string, CaseMemory>> {
  const header = ["case", "state", "inputs", "arena", "scratch", "all, MB"];
  const rows = [[...header, "parameters", "slots", "input", "activations", "least, MB", "ratio", `at most ${TARGET}`]];
  const json: Record<string, CaseMemory> = {};
  for (const suite of cases) {
    const memory = await caseMemory(suite);
    const { step, bound, ratio } = memory;
    json[suite.name] = memory;
    const [all, least] = [mb(total(step)), mb(total(bound))];
    const parts = [mb(step.state), mb(step.inputs), mb(step.arena), mb(step.scratch), all];
    const bounds = [mb(bound.parameters), mb(bound.slots), mb(bound.input), mb(bound.activations), least];
    rows.push([suite.name, ...parts, ...bounds, ratio.toFixed(2), ratio <= TARGET ? "met" : "MISSED"]);
  }
  console.log("Memory that a training step works on, and the least that it needs when nothing is recomputed; MB\n");
  console.log(formatTable(rows));
  return json;
}

import { fail } from "../../util/index.ts";
import type { BatchProgram } from "../batch-program.ts";
import type { Feed } from "../feed.ts";
import type { Trainer } from "../trainer.ts";
import type { ProfileSettings } from "./options.ts";
import type { Profile } from "./profile.ts";
import { Recorder } from "./recorder.ts";
import { summarize } from "./summarize.ts";
import type { TraceFile } from "./trace-file.ts";

/** The profile of a training, from before its programs are compiled until its end. */
export class ProfileSession {
  private readonly recorder: Recorder;
  private program: BatchProgram | undefined;

  private constructor(
    private readonly trainer: Trainer,
    settings: ProfileSettings,
    private readonly file: TraceFile | undefined,
  ) {
    this.recorder = new Recorder(settings.steps);
  }

  /** @throws DescentError when the trace's file can't be written */
  static async open(trainer: Trainer, settings: ProfileSettings): Promise<ProfileSession> {
    const { trace } = settings;
    const file = trace === undefined ? undefined : await (await import("./trace-file.ts")).openTraceFile(trace);
    return new ProfileSession(trainer, settings, file);
  }

  /**
   * The batches of the training, such that steps of full ones are recorded.
   *
   * @throws DescentError when the engine keeps no times
   */
  watch(feed: Feed, full: BatchProgram): Feed {
    if (!full.profiler) {
      const { name } = this.trainer.memory.engine;
      fail(`fit: profile on the engine "${name}", which keeps no times`, 'the engine "native" or "wasm"');
    }
    this.program = full;
    return this.recorder.feed(feed, full);
  }

  /** The profile, and its trace written; undefined when no step was done. */
  async finish(): Promise<Profile | undefined> {
    const { recorder, program, trainer, file } = this;
    const { records } = recorder;
    if (!program?.profiler || records.length === 0) return undefined;
    const { network, memory } = trainer;
    const { profiler, size } = program;
    const arrays = {
      parameters: memory.parameters.byteLength,
      moving: memory.moving.byteLength,
      frozen: memory.frozen.byteLength,
      slots: sum([...memory.slotArrays.values()]),
      batch: sum([...program.columns, program.control, program.rate, ...Object.values(program.outputs)]),
    };
    const { parameters, moving, frozen, slots, batch } = arrays;
    const touched = parameters + moving + frozen + slots + batch + profiler.memory.arenaBytes;
    const machine = await memory.engine.measureRoof?.(touched + profiler.memory.scratchBytes, profiler.threads);
    const layers = network.layers.map(({ path }) => path);
    const { name: engine } = memory.engine;
    const subject = { model: network.name, engine, batchSize: size, profiler, layers, arrays, machine };
    const profile = summarize(subject, records);
    await file?.write(profile.trace());
    return profile;
  }
}

function sum(arrays: readonly { readonly byteLength: number }[]): number {
  return arrays.reduce((total, { byteLength }) => total + byteLength, 0);
}

import type { FitSettings } from "./fit-options.ts";
import type { History } from "./history.ts";
// What saves is loaded with this, before Ctrl-C comes.
import "./save/folder.ts";
import "./save/places.ts";
import "./save/save.ts";
import { standardTerminal } from "./terminal.ts";
import type { Trainer } from "./trainer.ts";

/** Saves the model in a folder. */
type Save = (folder: string) => Promise<void>;

/** What Ctrl-C leaves that comes before the first step: everything as it was, so that nothing is saved over what may lie there. */
export function untrained({ memory }: Trainer, { terminal = standardTerminal() }: FitSettings): History {
  terminal.write("Interrupted before the first step: nothing was trained or written\n");
  const ended = { reason: "interrupted", interrupted: true, savedTo: undefined, profile: undefined };
  return { history: { loss: [] }, epochs: [], steps: 0, seconds: 0, waiting: 0, engine: memory.engine.name, ...ended };
}

/** Says where the checkpoint is, or saves the model where there is none, or where it was asked for: the folder. */
export async function keep(save: Save, settings: FitSettings, keptIn: string | undefined): Promise<string | undefined> {
  if (keptIn) tellKept(keptIn, settings);
  return keptIn && !settings.saveTo ? keptIn : saveInterrupted(save, settings);
}

function tellKept(path: string, settings: FitSettings): void {
  const terminal = settings.terminal ?? standardTerminal();
  terminal.write(`Interrupted: kept in ${path}; go on with checkpoint: { folder, resume: true }\n`);
}

/** Saves what Ctrl-C interrupted and says where; a failure is told too, since the weights are still there. */
async function saveInterrupted(save: Save, settings: FitSettings): Promise<string | undefined> {
  const terminal = settings.terminal ?? standardTerminal();
  const time = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
  const folder = settings.saveTo ?? `descent-interrupted-${time}`;
  try {
    await save(folder);
    terminal.write(`Interrupted: saved to ${folder}; go on with loadModel("${folder}")\n`);
    return folder;
  } catch (error) {
    terminal.write(`Interrupted, and not saved: ${error instanceof Error ? error.message : String(error)}\n`);
    return undefined;
  }
}

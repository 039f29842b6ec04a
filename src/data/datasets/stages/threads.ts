import type { Batch } from "../batch.ts";
import { rowsOf } from "../batch.ts";
import type { Flow, Position } from "../flow.ts";
import type { ModuleFunction, WorkerMap } from "../workers.ts";
import { checkedBatch, streamOf } from "./map.ts";
import { withLength } from "./prefetch.ts";

/** Every batch changed by a function of a module, on threads: some batches at a time, given in their order. */
export function threadsFlow(up: Flow, fn: ModuleFunction, threads: number, seed: number): Flow {
  const { module, name = "default" } = fn;
  const file = String(module).split("/").at(-1);
  const open = async (): Promise<WorkerMap> => new (await import("../node.ts")).WorkerMap(fn, threads);
  return {
    ...withLength(up),
    description: `${up.description}, mapped by ${name} of ${file} (seed ${seed})`,
    open(pass, position) {
      const given = position as { index: number; up: Position } | undefined;
      const cursor = up.open(pass, given?.up);
      const workers = open();
      workers.catch(() => undefined);
      const under: { batch: Promise<Batch>; after: Position; index: number }[] = [];
      let read = given?.index ?? 0;
      let at: { index: number; up: Position } = { index: read, up: cursor.position() };
      let ended = false;
      const change = async (batch: Batch, index: number): Promise<Batch> => {
        const task = { batch, index, pass, seed, stream: streamOf(pass, index) };
        return checkedBatch(await (await workers).run(task), rowsOf(batch), `${name} of ${file}`);
      };
      return {
        async next() {
          while (under.length < 2 * threads && !ended) {
            const batch = await cursor.next();
            if (!batch) ended = true;
            else {
              const changed = change(batch, read);
              changed.catch(() => undefined); // heard when its turn comes
              read += rowsOf(batch);
              under.push({ batch: changed, after: cursor.position(), index: read });
            }
          }
          const first = under.shift();
          if (!first) return undefined;
          const batch = await first.batch;
          at = { index: first.index, up: first.after };
          return batch;
        },
        position: () => at,
        async close() {
          await Promise.allSettled(under.map(({ batch }) => batch));
          await (await workers).close();
          await cursor.close();
        },
      };
    },
  };
}

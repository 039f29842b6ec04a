import type { Batch } from "../batch.ts";
import type { Flow, Position } from "../flow.ts";

/** Reads `count` batches ahead of whoever asks for them. `fit` does so by itself. */
export function prefetchFlow(up: Flow, count: number): Flow {
  return {
    ...withLength(up),
    gather: up.gather,
    open(pass, position) {
      const cursor = up.open(pass, position);
      const ready: { batch: Batch | undefined; after: Position }[] = [];
      let [at, ended] = [cursor.position(), false];
      let working: Promise<void> | undefined;
      let failure: { error: unknown } | undefined;
      const work = () => {
        working ??= (async () => {
          while (ready.length < count && !ended && !failure) {
            try {
              const batch = await cursor.next();
              ended = batch === undefined;
              ready.push({ batch, after: cursor.position() });
            } catch (error) {
              failure = { error };
            }
          }
          working = undefined;
        })();
      };
      return {
        async next() {
          while (ready.length === 0) {
            if (failure) throw failure.error;
            if (ended) return undefined;
            work();
            await working;
          }
          const { batch, after } = ready.shift() as (typeof ready)[number];
          at = after;
          work();
          return batch;
        },
        position: () => at,
        reuse: (batch) => cursor.reuse?.(batch),
        async close() {
          ended = true;
          await working;
          await cursor.close();
        },
      };
    },
  };
}

/** The same words and sizes. */
export function withLength(up: Flow): Pick<Flow, "description" | "length" | "batchSize"> {
  return {
    description: up.description,
    get length() {
      return up.length;
    },
    batchSize: up.batchSize,
  };
}

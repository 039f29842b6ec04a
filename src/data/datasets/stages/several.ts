import { fail } from "../../../util/index.ts";
import { type Batch, gatherBatch, joinBatches, rowsOf, sliceBatch } from "../batch.ts";
import type { Cursor, Flow, Position } from "../flow.ts";
import { batchFlow } from "./batches.ts";
import { readInOrder } from "./rows.ts";

/** Numbers of passes that each repetition takes of the flow below: enough for all that anybody repeats. */
const PASSES = 1 << 20;

/** The same samples `times` over, Infinity for no end; each time is a pass of its own. */
export function repeatFlow(up: Flow, times: number): Flow {
  const passOf = (pass: number, time: number) =>
    (times === Number.POSITIVE_INFINITY ? pass * PASSES : pass * times) + time;
  const lengthOf = () => {
    if (times === 0 || up.length === 0) return 0;
    return up.length === undefined && Number.isFinite(times) ? undefined : (up.length ?? 1) * times;
  };
  const { gather } = up;
  const words = times === Number.POSITIVE_INFINITY ? "without end" : `${times} times`;
  return {
    description: `${up.description}, repeated ${words}`,
    get length() {
      return lengthOf();
    },
    gather:
      gather && Number.isFinite(lengthOf())
        ? async (rows, pass) => {
            const length = up.length as number;
            const [first = 0] = Array.from({ length: 1 }, () => Math.floor((rows[0] ?? 0) / length));
            const inOne = Array.from(rows).every((row) => Math.floor(row / length) === first);
            if (!inOne) return joined(rows, length, (own, time) => gather(own, passOf(pass, time)));
            return gather(
              Float64Array.from(rows, (row) => row - first * length),
              passOf(pass, first),
            );
          }
        : undefined,
    open(pass, position) {
      const given = position as { time: number; any: boolean; up: Position } | undefined;
      let { time, any } = given ?? { time: 0, any: false }; // whether this time has given something
      let cursor = up.open(passOf(pass, time), given?.up);
      return {
        async next() {
          for (;;) {
            const batch = time < times ? await cursor.next() : undefined;
            any ||= batch !== undefined;
            if (batch || time >= times) return batch;
            if (!any && times === Number.POSITIVE_INFINITY) return undefined; // nothing, however often
            await cursor.close();
            [time, any] = [time + 1, false];
            cursor = up.open(passOf(pass, time));
          }
        },
        position: () => ({ time, any, up: cursor.position() }),
        close: () => cursor.close(),
      };
    },
  };
}

/** Samples of several repetitions, in the order that was asked for. */
async function joined(
  rows: ArrayLike<number>,
  length: number,
  gather: (rows: Float64Array, time: number) => Promise<Batch>,
): Promise<Batch> {
  const times = [...new Set(Array.from(rows, (row) => Math.floor(row / length)))];
  const places: number[] = [];
  const parts = await Promise.all(
    times.map((time) => {
      const own = Array.from(rows, (row, i) => ({ row, i })).filter(({ row }) => Math.floor(row / length) === time);
      places.push(...own.map(({ i }) => i));
      return gather(
        Float64Array.from(own, ({ row }) => row - time * length),
        time,
      );
    }),
  );
  const order = new Uint32Array(rows.length);
  places.forEach((place, i) => {
    order[place] = i;
  });
  return gatherBatch(joinBatches(parts), order);
}

/** Samples of several flows side by side: the first of each, the second of each; as many as the shortest has. */
export function zipFlow(flows: readonly Flow[]): Flow {
  const lengthOf = () => {
    const lengths = flows.map(({ length }) => length);
    return lengths.some((length) => length === undefined) ? undefined : Math.min(...(lengths as number[]));
  };
  const gathers = flows.map(({ gather }) => gather);
  const description = `(${flows.map((flow) => flow.description).join(" | ")}) side by side`;
  if (gathers.every((gather) => gather !== undefined)) {
    const gather: Flow["gather"] = async (rows, pass) =>
      merged(await Promise.all(gathers.map((each) => (each as NonNullable<Flow["gather"]>)(rows, pass))));
    return {
      description,
      get length() {
        return lengthOf();
      },
      gather,
      open: (pass, position) => readInOrder(lengthOf() as number, gather, pass, position),
    };
  }
  const even = flows.map((flow) => batchFlow(flow, ZIPPED, false));
  return {
    description,
    get length() {
      return lengthOf();
    },
    open(pass, position) {
      const places = position as readonly Position[] | undefined;
      const cursors = even.map((flow, i) => flow.open(pass, places?.[i]));
      let ended = false;
      return {
        async next() {
          if (ended) return undefined;
          const batches = await Promise.all(cursors.map((cursor) => cursor.next()));
          const rows = Math.min(...batches.map((batch) => (batch ? rowsOf(batch) : 0)));
          ended = rows < ZIPPED;
          return rows > 0 ? merged(batches.map((batch) => sliceBatch(batch as Batch, 0, rows))) : undefined;
        },
        position: () => cursors.map((cursor) => cursor.position()),
        close: async () => void (await Promise.all(cursors.map((cursor) => cursor.close()))),
      };
    },
  };
}

/** Samples that are zipped at a time. */
const ZIPPED = 256;

function merged(batches: readonly Batch[]): Batch {
  const all = batches.flatMap((batch) => Object.entries(batch));
  const twice = all.find(([name], i) => all.findIndex(([other]) => other === name) !== i);
  if (twice)
    fail(`two of the zipped datasets have a column "${twice[0]}"`, "different names", "rename it with columns");
  return Object.fromEntries(all);
}

/** `block` samples of each flow in turn; a flow that is at its end is left out of the round. */
export function interleaveFlow(flows: readonly Flow[], block: number): Flow {
  const even = flows.map((flow) => batchFlow(flow, block, false));
  return {
    description: `(${flows.map((flow) => flow.description).join(" | ")}) in turn, ${block} of each`,
    get length() {
      return flows.reduce<number | undefined>(
        (sum, { length }) => (sum === undefined || length === undefined ? undefined : sum + length),
        0,
      );
    },
    open(pass, position) {
      const given = position as { turn: number; ended: number[]; places: Position[] } | undefined;
      const cursors: Cursor[] = even.map((flow, i) => flow.open(pass, given?.places[i]));
      const ended = new Set(given?.ended);
      let turn = given?.turn ?? 0;
      return {
        async next() {
          while (ended.size < cursors.length) {
            const own = turn;
            turn = (turn + 1) % cursors.length;
            if (ended.has(own)) continue;
            const batch = await (cursors[own] as Cursor).next();
            if (batch) return batch;
            ended.add(own);
          }
          return undefined;
        },
        position: () => ({ turn, ended: [...ended], places: cursors.map((cursor) => cursor.position()) }),
        close: async () => void (await Promise.all(cursors.map((cursor) => cursor.close()))),
      };
    },
  };
}

import { describe, expect, test } from "vitest";
import { startDescent } from "../../bench/contest/descent.ts";
import { benchSchema, toJson } from "../../bench/contest/json.ts";
import { startPython } from "../../bench/contest/process.ts";
import { formatErrors, geometricMeans, HEADER, rowsOf } from "../../bench/contest/report.ts";
import { answering, helloOf } from "../../bench/contest/requests.ts";
import { type Channel, type Limits, startRival } from "../../bench/contest/rival.ts";
import { type Competitor, checkFirst, measure, type Result } from "../../bench/contest/rounds.ts";
import { digits, formatTable, median, scaled, summarize } from "../../bench/format.ts";
import type { Peak } from "../../bench/machine/roofline.ts";
import { caseNamed } from "../../bench/suite/cases.ts";
import { trainingTask, trainingTasks } from "../../bench/suite/tasks.ts";

const LIMITS: Limits = { begin: 60, block: 60 };
// Times don't matter here: no waiting for others on the machine to be done.
const atOnce = { waitMs: 0, repeats: 1, blockMs: 1 };
const tiny = trainingTask(caseNamed("mlp-tiny"));

async function openDescent(): Promise<Channel> {
  const contestant = await startDescent("0.0.0", 1);
  return { hello: helloOf(contestant), ask: answering(contestant), async stop() {} };
}

async function competitor(key: string, open = openDescent): Promise<Competitor> {
  return { key, title: key, rival: await startRival(open, LIMITS) };
}

const peak: Peak = {
  threads: 1,
  gflops: 100,
  levels: [{ name: "memory", bytes: Number.POSITIVE_INFINITY, gbytes: 10 }],
};

describe("a comparison", () => {
  test("of Descent with itself: the same losses, and times of every block", async () => {
    const result = await measure(tiny, [await competitor("descent"), await competitor("again")], 2, atOnce);
    const [ours, theirs] = result.showings;
    expect(ours?.error).toBeUndefined();
    expect(theirs?.first).toEqual(ours?.first);
    expect(ours?.first).toHaveLength(5);
    expect(theirs?.times?.blocks).toHaveLength(2);
    expect(ours?.ratio).toBeUndefined();
    expect(theirs?.ratio?.median).toBeGreaterThan(0);
    const rows = rowsOf(result, peak);
    expect(rows.map(([name, title]) => [name, title])).toEqual([
      ["mlp-tiny", "descent"],
      ["", "again"],
    ]);
    for (const row of rows) expect(row).toHaveLength(HEADER.length);
    const measured = { host: "here", threads: 1, peaks: { one: peak, all: peak }, contestants: {}, results: [result] };
    expect(benchSchema.parse(JSON.parse(JSON.stringify(toJson(measured)))).cases["mlp-tiny"]).toHaveProperty("again");
  });

  test("says in its own words what a library can't do, and goes on without who isn't there", async () => {
    const task = { ...trainingTask(caseNamed("resnet20")), name: "unheard-of" };
    const absent: Competitor = { key: "absent", title: "absent", rival: { reason: "not installed" } };
    const result = await measure(task, [await competitor("descent"), absent], 1, atOnce);
    expect(formatErrors([result])).toEqual([
      "descent: Error: bench/suite/cases.ts has no case unheard-of",
      "absent: not installed",
    ]);
    expect(rowsOf(result, peak)).toEqual([]);
  });

  test("gives up who takes too long, and starts it anew for the next task", async () => {
    let opened = 0;
    let stopped = 0;
    const hello = { name: "stubborn", version: "1", threads: 1, note: "" };
    const open = async (): Promise<Channel> => {
      opened++;
      const ask = ({ ask }: { ask: string }) =>
        ask === "begin" ? Promise.resolve({ first: [1] }) : new Promise<never>(() => {});
      return {
        hello,
        ask,
        async stop() {
          stopped++;
        },
      };
    };
    const rival = await startRival(open, { begin: 60, block: 0.01 });
    expect(await rival.ask({ ask: "begin", task: tiny })).toEqual({ first: [1] });
    expect(await rival.ask({ ask: "block", ms: 1 })).toEqual({ error: "given up: a block took more than 0.01 s" });
    expect([opened, stopped]).toEqual([1, 1]);
    expect(await rival.ask({ ask: "begin", task: tiny })).toEqual({ first: [1] });
    expect([opened, stopped]).toEqual([2, 1]);
  });

  test("takes first losses for the same, or for similar where libraries may differ", () => {
    expect(checkFirst(tiny, [0.7, 0.6], [0.7001, 0.6001])).toBeUndefined();
    expect(checkFirst(tiny, [0.7, 0.6], [0.7, 0.65])).toBe("its results differ: 0.6 instead of 0.65 (number 1)");
    expect(checkFirst({ ...tiny, exact: false }, [2.3, 9], [2.4, 1])).toBeUndefined();
    expect(checkFirst(tiny, [Number.NaN], [0.7])).toContain("differ");
  });
});

test("PyTorch comes to Descent's first losses, where Python has it", { timeout: 240_000 }, async (context) => {
  let channel: Channel;
  try {
    channel = await startPython("eager", 1);
  } catch (error) {
    return context.skip(`needs PyTorch: ${error instanceof Error ? error.message : error}`);
  }
  const ours = await openDescent();
  try {
    for (const task of trainingTasks()) {
      const [theirs, own] = [await channel.ask({ ask: "begin", task }), await ours.ask({ ask: "begin", task })];
      expect(theirs.error).toBeUndefined();
      expect(own.error).toBeUndefined();
      expect(checkFirst(task, theirs.first ?? [], own.first ?? [])).toBeUndefined();
      for (const each of [channel, ours]) await each.ask({ ask: "end" });
    }
  } finally {
    await channel.stop();
  }
});

describe("the report", () => {
  test("takes medians and spreads", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(summarize([2, 9, 4])).toEqual({ median: 4, least: 2, most: 9, blocks: [2, 9, 4] });
  });

  test("writes numbers with three digits", () => {
    expect([0.00123, 1.234, 56.78, 1234.5].map(digits)).toEqual(["0.00123", "1.23", "56.8", "1235"]);
    expect([405, 1234, 4.56e6, 7.89e9].map(scaled)).toEqual(["405", "1.23k", "4.56M", "7.89G"]);
    expect(
      formatTable([
        ["a", "bb"],
        ["ccc", "d"],
      ]),
    ).toBe("a    bb\nccc  d");
  });

  test("takes geometric means without mlp-tiny, of who did every other case", () => {
    const result = (name: string, ratio: number, half: number | undefined): Result => ({
      task: { ...tiny, name },
      othersUsed: 0,
      showings: [
        { key: "a", title: "A", ratio: { median: ratio, least: 1, most: 9 } },
        { key: "b", title: "B", ratio: half === undefined ? undefined : { median: half, least: 1, most: 9 } },
      ].map((each) => ({ ...each, times: undefined, error: undefined, remark: undefined, first: [], last: undefined })),
    });
    const means = geometricMeans([result("mlp-tiny", 1e6, 1), result("one", 2, 3), result("two", 8, undefined)]);
    expect(means).toEqual([{ title: "A", mean: expect.closeTo(4, 9) }]);
  });
});

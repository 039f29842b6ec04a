import { describe, expect, test } from "vitest";
import { runFixture } from "./support.ts";

describe("a process ends in order:", () => {
  test.each([
    ["idle", 0, ""],
    ["waiting", 0, "last line 1\n"],
    ["exit in a run", 0, ""],
    ["error in a run", 1, ""],
    ["workers", 0, "last line 1\n"],
    ["workers stopped", 0, "last line 1\n"],
  ])("%s", async (way, code, stdout) => {
    const ended = await runFixture("exit.ts", { args: [way] });
    expect({ ...ended, stderr: code === 0 ? ended.stderr : "" }).toEqual({ code, signal: null, stdout, stderr: "" });
  });
});

import { checkOptions, fail, hasNode, show } from "../../util/index.ts";

/** What `profile` of `fit` may be told. */
export interface ProfileOptions {
  /** Steps that are measured, after 5 (and 100 ms) that warm up, or the last ones of a shorter training; default 50. */
  steps?: number | undefined;
  /** File to write the steps to, in Trace Event Format; Node only. Default none. */
  trace?: string | undefined;
}

/** The same with defaults filled in. */
export interface ProfileSettings {
  readonly steps: number;
  readonly trace: string | undefined;
}

const STEPS = 50;

/** @throws DescentError for anything but true, false and known options. */
export function profileSettings(given: boolean | ProfileOptions | undefined): ProfileSettings | undefined {
  if (given === undefined || given === false) return undefined;
  if (given === true) return { steps: STEPS, trace: undefined };
  if (typeof given !== "object" || given === null) fail(`fit: profile is ${show(given)}`, "true or { steps, trace }");
  checkOptions("profile", given, ["steps", "trace"]);
  const { steps = STEPS, trace } = given;
  if (!Number.isSafeInteger(steps) || steps < 1) fail(`profile: steps is ${show(steps)}`, "an integer of at least 1");
  if (trace !== undefined && (typeof trace !== "string" || trace === "")) {
    fail(`profile: trace is ${show(trace)}`, "the path of a file");
  }
  if (trace !== undefined && !hasNode()) {
    fail("profile: trace names a file, and this host has none", undefined, "use history.profile.trace()");
  }
  return { steps, trace };
}

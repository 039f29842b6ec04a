import { fail } from "./errors.ts";

/** Says that a package which is loaded when it is needed is not there, or why it can't be loaded. `use`: what it does, such as "reads images". */
export function refusePackage(name: string, use: string, error: unknown): never {
  const [why = ""] = String(error instanceof Error ? error.message : error).split(/[\r\n]/);
  const { code } = error as { code?: string };
  const isMissing = code === "ERR_MODULE_NOT_FOUND" && why.includes(`'${name}'`);
  const what = `the package ${name}, which ${use},`;
  fail(isMissing ? `${what} is not installed` : `${what} can't be loaded: ${why}`, undefined, `npm install ${name}`);
}

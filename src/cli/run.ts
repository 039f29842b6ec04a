import { CommanderError } from "commander";
import { CliError, EXIT, isExpected, oneLine } from "./exit.ts";
import { createProgram } from "./program.ts";
import { paint } from "./terminal/index.ts";

/**
 * Runs the command `descent`.
 *
 * @param complain gets an error as one line; with DESCENT_DEBUG=1 the error itself, with its stack.
 */
export async function run(
  args: readonly string[],
  complain: (error: unknown) => void = console.error,
): Promise<number> {
  let exitCode: number = EXIT.ok;
  try {
    await createProgram((code) => {
      exitCode = code;
    }).parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const debug = process.env["DESCENT_DEBUG"];
    const surprise = isExpected(error) ? "" : " (unexpected; DESCENT_DEBUG=1 shows more)";
    const color = process.stderr.isTTY === true && !process.env["NO_COLOR"];
    complain(debug ? error : `${paint("Error:", "red", color)} ${oneLine(error)}${surprise}`);
    return error instanceof CliError ? error.exitCode : EXIT.failed;
  }
}

import { DescentError, printable } from "../util/index.ts";

/** What the command `descent` answers to the shell; `descent --help` lists them. */
export const EXIT = { ok: 0, failed: 1, usage: 2, data: 3, interrupted: 130 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** An error whose exit code is decided; its message is one line for the user. */
export class CliError extends Error {
  override readonly name = "CliError";

  constructor(
    readonly exitCode: ExitCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Runs a part of a command: what goes wrong in it ends with `exitCode`, unless that was decided further in. */
export async function part<T>(exitCode: ExitCode, run: () => T | Promise<T>, where?: string): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof CliError) throw error;
    const message = oneLine(error);
    const isNamed = where === undefined || message.startsWith(where);
    throw new CliError(exitCode, isNamed ? message : `${where}: ${message}`, { cause: error });
  }
}

/** Throws "what. Expected ... . Fix: ..." with an exit code. */
export function refuse(exitCode: ExitCode, what: string, expected?: string, fix?: string): never {
  const sentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`);
  const parts = [sentence(what)];
  if (expected) parts.push(`Expected ${sentence(expected)}`);
  if (fix) parts.push(`Fix: ${sentence(fix)}`);
  throw new CliError(exitCode, parts.join(" "));
}

/** An error's message on one line; the system's codes in words, after the path. */
export function oneLine(error: unknown): string {
  return isSystemError(error) && error.path ? `${error.path}: ${reasonOf(error)}` : reasonOf(error);
}

/** An error's message on one line; the system's codes in words, without the path. */
export function reasonOf(error: unknown): string {
  if (isSystemError(error)) return SYSTEM_ERRORS[error.code] ?? error.message;
  const message = error instanceof Error ? error.message || error.name : String(error);
  const lines = message.split("\n").map((line) => line.trim());
  return printable(lines.filter(Boolean).join(" "));
}

/** True of what a user can act on, false of what only a bug or an unforeseen failure throws. */
export function isExpected(error: unknown): boolean {
  return error instanceof CliError || error instanceof DescentError || isSystemError(error);
}

type SystemError = Error & { code: string; path?: string };

function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && "syscall" in error && typeof (error as { code?: unknown }).code === "string";
}

const SYSTEM_ERRORS: Record<string, string> = {
  ENOENT: "there is no such file or folder",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the folder is read-only",
  ENOSPC: "the disk is full",
  EISDIR: "this is a folder, not a file",
  ENOTDIR: "a part of this path is a file, not a folder",
  EMFILE: "too many open files",
};

import type koffi from "koffi";
import { fail } from "../../../util/index.ts";

/** The package that calls C functions. */
export type Koffi = typeof koffi;

/**
 * Bytes of stack for a call beside the event loop; koffi's own default is 128 KiB. Where another package loaded a library
 * through koffi first, its default stays: programs must do with 64 KiB.
 */
const STACK_BYTES = 1 << 20;

let loading: Promise<Koffi> | undefined;

/**
 * Loads koffi when it is first needed.
 *
 * @throws DescentError when it is not installed, or its binary for this system is missing or refused
 */
export function loadKoffi(): Promise<Koffi> {
  loading ??= importKoffi();
  return loading;
}

async function importKoffi(): Promise<Koffi> {
  let loaded: Koffi;
  try {
    loaded = (await import("koffi")).default;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const missing = code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
    fail(
      missing
        ? "the package koffi, through which native programs are called, is not installed"
        : `the package koffi, through which native programs are called, can't be loaded (${message.split("\n")[0]})`,
      undefined,
      "npm install koffi, with optional dependencies (they hold the binary for each system), or use DESCENT_ENGINE=wasm",
    );
  }
  try {
    loaded.config({ async_stack_size: STACK_BYTES });
  } catch {
    // A library was loaded before: see STACK_BYTES.
  }
  return loaded;
}

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { arch } from "node:os";
import { join } from "node:path";
import { StorageError, storageFailure, storageTrouble } from "./folder.ts";
import { compilers, type Outcome, runCommand } from "./process.ts";

/** What a trial showed about a compiler on this machine. */
export interface Abilities {
  readonly kind: "gcc" | "clang";
  /** The flags every program is compiled with. */
  readonly flags: readonly string[];
  /** Bytes of one vector register: 64 (AVX-512), 32 (AVX2) or 16 (NEON, SSE). */
  readonly vectorBytes: 16 | 32 | 64;
  /** Whether one instruction multiplies pairs of bfloat16 and adds up in float32 (AVX512_BF16). */
  readonly pairs: boolean;
}

/**
 * Exact arithmetic but for fused multiply-add: no -ffast-math, results do not depend on how loops are vectorized.
 * errno and floating-point traps are nobody's business here; without them sqrt and selects become vector instructions.
 */
const COMMON = ["-std=gnu11", "-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast", "-fPIC", "-pipe"];

const WIDE = "-mprefer-vector-width=512";

/** Uses what generated programs use: vector extensions, fused multiply-add, libm, threads, 64-bit addresses. */
const TRIAL = `
#include <math.h>
#include <pthread.h>
#include <stdio.h>
_Static_assert(sizeof(void *) == 8, "a 64-bit system");
typedef float vector __attribute__((vector_size(64), may_alias));
static volatile float input[64];
static _Alignas(64) float values[64];
static void *work(void *argument) {
  vector sum = {0};
  for (int i = 0; i < 4; i++) sum += *(vector *)(values + 16 * i) * 2.0f + 1.0f;
  for (int i = 0; i < 16; i++) *(float *)argument += sqrtf(sum[i] * sum[i]);
  return 0;
}
int main(void) {
  pthread_t thread;
  float result = 0;
  for (int i = 0; i < 64; i++) input[i] = 1;
  for (int i = 0; i < 64; i++) values[i] = input[i];
  if (pthread_create(&thread, 0, work, &result)) return 1;
  pthread_join(thread, 0);
  printf("descent %g\\n", result);
  return 0;
}
`;

/** Flags that name the processor to compile for, in the order of trying. */
export function architectureFlags(): string[] {
  const wanted = process.env["DESCENT_NATIVE_ARCH"];
  if (wanted) return [`-march=${wanted}`];
  // clang for ARM long knew only -mcpu=native, gcc only -march=native for some processors.
  return arch() === "arm64" || arch() === "arm" ? ["-mcpu=native", "-march=native"] : ["-march=native"];
}

/**
 * Compiles and runs a small program with the flags that every program gets.
 *
 * @param folder where to work; the compiler's own temporary files go there too
 * @returns what the compiler can do, or in words why it is of no use
 * @throws StorageError when the folder can't be written
 */
export async function tryCompiler(command: readonly string[], folder: string): Promise<Abilities | string> {
  const work = await mkdtemp(join(folder, "trial-")).catch((error: unknown) => {
    throw storageFailure(error);
  });
  try {
    await writeFile(join(work, "trial.c"), TRIAL);
    let reason = "";
    for (const architecture of architectureFlags()) {
      const result = await tryFlags(command, work, [...COMMON, architecture]);
      if (typeof result !== "string") return result;
      reason ||= result;
    }
    return reason;
  } catch (error) {
    throw storageFailure(error);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function tryFlags(command: readonly string[], work: string, flags: string[]): Promise<Abilities | string> {
  const macros = await compile(command, work, [...flags, "-dM", "-E", "trial.c"]);
  if (macros.code !== 0) return `it refuses ${flags.at(-1)}: ${firstLine(macros.stderr)}`;
  const defined = (name: string) => macros.stdout.includes(`#define ${name} `);
  if (!defined("__GNUC__")) return "it is neither gcc nor clang";
  const kind = defined("__clang__") ? "clang" : "gcc";
  const vectorBytes = defined("__AVX512F__") ? 64 : defined("__AVX2__") ? 32 : 16;
  const pairs = vectorBytes === 64 && defined("__AVX512BF16__");
  const choices = vectorBytes === 64 ? [[...flags, WIDE], flags] : [flags];
  let reason = "";
  for (const choice of choices) {
    const failure = await runTrial(command, work, choice);
    if (failure === undefined) return { kind, flags: choice, vectorBytes, pairs };
    reason = failure;
  }
  return reason;
}

async function runTrial(command: readonly string[], work: string, flags: string[]): Promise<string | undefined> {
  const built = await compile(command, work, [...flags, "trial.c", "-o", "trial", "-pthread", "-lm"]);
  if (built.code !== 0) {
    const trouble = await storageTrouble(work, built.stderr);
    if (trouble) throw trouble;
    return `it can't compile a small program: ${firstLine(built.stderr)}`;
  }
  const run = await runCommand(join(work, "trial"), [], { timeout: 10_000 });
  if (run.stdout === "descent 192\n") return undefined;
  if (/EACCES|EPERM/.test(run.stderr)) throw new StorageError("programs in it may not be run (noexec)");
  return `what it compiles does not run here (${flags.slice(COMMON.length).join(" ")}): ${firstLine(run.stderr || run.stdout)}`;
}

function compile(command: readonly string[], work: string, args: readonly string[]): Promise<Outcome> {
  const [program = "", ...first] = command;
  const env = { LC_ALL: "C", TMPDIR: work };
  return compilers.pass(() => runCommand(program, [...first, ...args], { cwd: work, env, timeout: 60_000 }));
}

function firstLine(text: string): string {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.find((line) => /error/i.test(line)) ?? lines[0] ?? "it said nothing";
}

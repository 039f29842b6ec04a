import { type Compile, relaxedSimd } from "./relaxed-simd.ts";
import { F32, functionModule, I32, splat } from "./tiny-module.ts";

/** What this host offers. */
export interface WasmFeatures {
  /** Vectors of 128 bits. */
  readonly simd: boolean;
  /** Relaxed SIMD, with a multiply-add that is truly fused. */
  readonly fusedMultiplyAdd: boolean;
  /** Memory that threads share, and atomics. */
  readonly sharedMemory: boolean;
  /** Workers can be started and given the memory. */
  readonly workers: boolean;
}

/** f32x4.extract_lane 0. */
const SIMD = functionModule(F32, [...splat(1), 0xfd, 0x1f, 0]);
/** i32.const 0, i32.atomic.load, on a shared memory of one page. */
const ATOMICS = functionModule(I32, [0x41, 0, 0xfe, 0x10, 2, 0], [3, 1, 1]);

/** What modules may use. */
export interface CodeFeatures {
  readonly simd: boolean;
  /** Atomics are valid, and a shared memory can be made. */
  readonly sharedMemory: boolean;
  readonly fusedMultiplyAdd: boolean;
  /** Compiles modules that use these features. */
  readonly compile: Compile;
}

/** Found by validating tiny modules and by trying; or why WebAssembly can't run at all. Never rejects. */
export async function codeFeatures(): Promise<CodeFeatures | { readonly reason: string }> {
  if (typeof WebAssembly !== "object") return { reason: "this host has no WebAssembly" };
  const simd = WebAssembly.validate(SIMD);
  if (!simd) return { reason: "this host's WebAssembly has no SIMD (128-bit vectors); a newer browser or Node has" };
  try {
    new WebAssembly.Module(SIMD);
  } catch (error) {
    return {
      reason:
        `WebAssembly is refused here (${(error as Error).message}): the page's content security policy must allow ` +
        `'wasm-unsafe-eval' in script-src`,
    };
  }
  const compile = await relaxedSimd();
  return {
    simd,
    sharedMemory: hasSharedMemory(),
    fusedMultiplyAdd: compile !== undefined,
    compile: compile ?? WebAssembly.compile,
  };
}

function hasSharedMemory(): boolean {
  try {
    if (!WebAssembly.validate(ATOMICS)) return false;
    const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    return Object.prototype.toString.call(buffer) === "[object SharedArrayBuffer]";
  } catch {
    return false;
  }
}

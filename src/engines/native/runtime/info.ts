import { defaultThreads } from "../../../engine/index.ts";
import { cachePath, findCompiler } from "../toolchain/index.ts";
import { loadRuntime } from "./runtime.ts";

/** What native programs have to run on; for people (`descent doctor`). */
export interface NativeInfo {
  /** Whether programs can be compiled and run. */
  readonly available: boolean;
  /** Why not, and what helps. */
  readonly reason?: string;
  /** Path of the C compiler. */
  readonly compiler?: string;
  /** What the compiler says of itself. */
  readonly version?: string;
  /** Flags that programs are compiled with. */
  readonly flags?: readonly string[];
  /** Bytes of a vector register: 64, 32 or 16. */
  readonly vectorBytes?: number;
  readonly threads?: number;
  readonly cacheFolder: string;
}

/** Tries the whole way: compiler, cache folder, runtime, koffi, threads. Never rejects. */
export async function nativeInfo(): Promise<NativeInfo> {
  let info: Omit<NativeInfo, "available"> = { cacheFolder: cachePath() };
  try {
    const { compiler, reason } = await findCompiler();
    if (!compiler) return { ...info, available: false, reason };
    const { path, version, flags, vectorBytes } = compiler;
    info = { ...info, compiler: path, version, flags, vectorBytes };
    const threads = await defaultThreads();
    info = { ...info, threads };
    (await loadRuntime()).pool(threads);
    return { ...info, available: true };
  } catch (error) {
    return { ...info, available: false, reason: (error as Error).message };
  }
}

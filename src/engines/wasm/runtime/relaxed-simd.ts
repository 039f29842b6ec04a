import { nodeModule } from "../../../engine/index.ts";
import { hasNode } from "../../../util/index.ts";
import { F32, functionModule, splat } from "./tiny-module.ts";

const FLAG = "experimental-wasm-relaxed-simd";

/** f32x4.relaxed_madd and f32x4.extract_lane 0. */
const MULTIPLY_ADD_FIRST_LANE = [0xfd, 0x85, 0x02, 0xfd, 0x1f, 0];

/** (1 + h)² - (1 + 2h) is h², which is lost where the product is rounded before the addition. */
const H = 2 ** -12;
const FUSED = functionModule(F32, [...splat(1 + H), ...splat(1 + H), ...splat(-1 - 2 * H), ...MULTIPLY_ADD_FIRST_LANE]);

/** Compiles a module. */
export type Compile = (bytes: Uint8Array<ArrayBuffer>) => Promise<WebAssembly.Module>;

/** Tries where another thread may have taken the flag back. */
const TRIES = 5;

/**
 * How to compile modules with relaxed SIMD's fused multiply-add; undefined where the host does not know it, or where it multiplies
 * and adds with two roundings (a processor without the instruction), so that nothing would be gained.
 *
 * Node 20 has it behind a flag of V8. V8 looks at the flag only when it validates a module, which `new WebAssembly.Module` does before
 * it returns; what is compiled later, and in other threads that are given the module, needs it no more. So the flag is set for that
 * moment alone: at all other times V8's flags are as the user set them. (`WebAssembly.compile` validates in the background, where
 * the flag would have to stay set.) Changing flags while V8 runs is warned of because others may have acted on the old value; nothing
 * acts on this one before.
 */
export async function relaxedSimd(): Promise<Compile | undefined> {
  try {
    if (WebAssembly.validate(FUSED)) return fuses(new WebAssembly.Module(FUSED)) ? WebAssembly.compile : undefined;
    if (!hasNode() || !globalThis.process.versions.v8) return undefined;
    const { setFlagsFromString } = await nodeModule("node:v8");
    const flagged: Compile = async (bytes) => {
      for (let left = TRIES; ; ) {
        setFlagsFromString(`--${FLAG}`);
        try {
          return new WebAssembly.Module(bytes);
        } catch (error) {
          if (--left === 0) throw error;
        } finally {
          setFlagsFromString(`--no-${FLAG}`);
        }
      }
    };
    return fuses(await flagged(FUSED)) ? flagged : undefined;
  } catch {
    return undefined;
  }
}

function fuses(module: WebAssembly.Module): boolean {
  return (new WebAssembly.Instance(module).exports["f"] as () => number)() === H * H;
}

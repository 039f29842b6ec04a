import type { Availability } from "../engine/index.ts";
import type { NativeInfo } from "../engines/native/index.ts";

// Stands for native-engine.ts in bundles for browsers ("browser" in package.json), which so hold nothing of that engine.

export async function openNative(): Promise<Availability> {
  return { reason: "the native engine needs Node" };
}

export async function nativeFacts(): Promise<NativeInfo | undefined> {
  return undefined;
}

import type { Availability } from "../engine/index.ts";
import type { NativeInfo } from "../engines/native/index.ts";
import { hasNode } from "../util/index.ts";

// Bundles for browsers hold native-engine.browser.ts in place of this file: see "browser" in package.json.

const needsNode = "the native engine needs Node";

/** The native engine, loaded when asked for: it reaches for Node's modules and a compiler. */
export async function openNative(): Promise<Availability> {
  if (!hasNode()) return { reason: needsNode };
  const { openNativeEngine } = await import("../engines/native/index.ts");
  return openNativeEngine();
}

/** What the native engine would run on; undefined where there is no Node. */
export async function nativeFacts(): Promise<NativeInfo | undefined> {
  if (!hasNode()) return undefined;
  const { nativeInfo } = await import("../engines/native/index.ts");
  return nativeInfo();
}

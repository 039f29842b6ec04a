/** SHA-256 of bytes given in parts, as 64 hexadecimal digits. */
export async function sha256(parts: readonly Uint8Array[]): Promise<string> {
  const bytes =
    parts.length === 1
      ? (parts[0] as Uint8Array)
      : new Uint8Array(await new Blob([...parts] as BlobPart[]).arrayBuffer());
  const { subtle } = globalThis.crypto ?? {};
  // Pages that did not come by https have no crypto.subtle.
  const digest = subtle
    ? new Uint8Array(await subtle.digest("SHA-256", bytes as BufferSource))
    : (await import("./sha256.ts")).sha256Digest(bytes);
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

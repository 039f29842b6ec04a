/** Numbers one after the other, in one array. */
export function joinNumbers<T extends Float32Array | Float64Array>(
  kind: new (length: number) => T,
  parts: readonly T[],
): T {
  const all = new kind(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

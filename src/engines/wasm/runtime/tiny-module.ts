export const I32 = 0x7f;
export const F32 = 0x7d;

/** Exports "f", a function without parameters of the given result type, made of `code`; with a memory (limits as bytes) if wanted. */
export function functionModule(
  result: number,
  code: readonly number[],
  memory?: readonly number[],
): Uint8Array<ArrayBuffer> {
  const section = (id: number, ...content: number[]) => [id, content.length, ...content];
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, 1, 0x60, 0, 1, result),
    ...section(3, 1, 0),
    ...(memory ? section(5, 1, ...memory) : []),
    ...section(7, 1, 1, 0x66, 0, 0),
    ...section(10, 1, code.length + 2, 0, ...code, 0x0b),
  ]);
}

/** Code: a vector of four times the same number. */
export function splat(value: number): number[] {
  return [0x43, ...new Uint8Array(new Float32Array([value]).buffer), 0xfd, 0x13];
}

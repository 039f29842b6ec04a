import type { Code, Reference } from "./code.ts";

/** Code as bytes, but for the numbers of called functions, which are known once all functions are. */
export interface Assembled {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where the number of a function belongs. */
  readonly calls: readonly { readonly at: number; readonly name: string }[];
}

/** Where code is put together; grows as needed. */
let buffer = new Uint8Array(1 << 14);

/** The bytes of code one after the other, in a function of so many parameters: locals are numbered after them. */
export function assemble(code: Code, parameters: number): Assembled {
  const calls: { at: number; name: string }[] = [];
  let length = 0;
  const put = (byte: number): void => {
    if (length === buffer.length) {
      const larger = new Uint8Array(2 * length);
      larger.set(buffer);
      buffer = larger;
    }
    buffer[length++] = byte;
  };
  const refer = (reference: Reference): void => {
    if (reference.kind === "function") {
      calls.push({ at: length, name: reference.name });
      return;
    }
    let rest = reference.kind === "parameter" ? reference.number : parameters + reference.number;
    for (; rest > 0x7f; rest >>>= 7) put((rest & 0x7f) | 0x80);
    put(rest);
  };
  const write = (part: Code): void => {
    if (typeof part === "number") put(part);
    else if (isReference(part)) refer(part);
    else for (let i = 0; i < part.length; i++) write(part[i]!);
  };
  write(code);
  return { bytes: buffer.slice(0, length), calls };
}

function isReference(code: Exclude<Code, number>): code is Reference {
  return !Array.isArray(code);
}

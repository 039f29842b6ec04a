import type { Access } from "../../../passes/index.ts";

const C_TYPE = { float32: "float", int32: "int32_t", uint32: "uint32_t", uint8: "uint8_t", bool: "uint8_t" } as const;
const BYTES = { float32: 4, int32: 4, uint32: 4, uint8: 1, bool: 1 } as const;

/**
 * The pointers that a kernel function is given. Constant parts of indices are part of the pointer, so that kernels which differ only
 * in what they point to are the same text.
 */
export class Pointers {
  private readonly names = new Map<string, string>();
  private readonly list: { buffer: number; bytes: number; declaration: string }[] = [];

  /** Name of the pointer to the access' element of all-zero loops. */
  name({ buffer, dtype, index }: Access): string {
    const key = `${buffer},${index.constant},${dtype}`;
    let name = this.names.get(key);
    if (!name) {
      name = `q${this.list.length}`;
      const type = C_TYPE[dtype];
      this.names.set(key, name);
      this.list.push({
        buffer,
        bytes: index.constant * BYTES[dtype],
        declaration: `${type}* const ${name} = (${type}*)q[${this.list.length}];`,
      });
    }
    return name;
  }

  /** Declarations at the head of the kernel function. */
  declarations(): string[] {
    return this.list.map(({ declaration }) => declaration);
  }

  /** What the caller passes: an address per pointer, from the program's buffer table `p`. */
  actual(): string[] {
    return this.list.map(({ buffer, bytes }) => (bytes === 0 ? `p[${buffer}]` : `p[${buffer}] + ${bytes}`));
  }
}

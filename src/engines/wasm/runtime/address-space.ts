/** Bytes that every block begins at a multiple of: a cache line. */
export const ALIGNMENT = 64;

/** Classes of sizes between one power of two and the next. */
const STEPS = 8;
/** Free blocks of the very class that are tried before a larger class is taken. */
const TRIES = 16;

/**
 * Which addresses of a memory are taken. It does not touch the memory itself, which may be another thread's.
 *
 * Free blocks lie in sets by size; neighbours that are free become one, so that thousands of allocations of varied sizes don't
 * fragment it. Taking and giving back cost about the same whatever there is.
 */
export class AddressSpace {
  private top: number;
  private used = 0;
  private mark: number;
  private readonly taken = new Map<number, number>();
  private readonly free = new Map<number, number>();
  /** End of a free block, and where it begins. */
  private readonly ends = new Map<number, number>();
  private readonly classes: Set<number>[] = [];

  /** Addresses from `start` up to `limit`. */
  constructor(
    start: number,
    readonly limit: number,
  ) {
    this.top = this.mark = align(start);
  }

  /** Bytes taken. */
  get bytes(): number {
    return this.used;
  }

  /** Where the memory that was ever taken ends: what lies beyond is as it was at the beginning. */
  get end(): number {
    return this.mark;
  }

  /** Address of a block of at least that many bytes; undefined when there is no room. */
  take(bytes: number): number | undefined {
    const size = Math.max(ALIGNMENT, align(bytes));
    const found = this.find(size);
    if (found !== undefined) {
      const rest = this.removeFree(found) - size;
      if (rest > 0) this.addFree(found + size, rest);
    } else {
      if (this.top + size > this.limit) return undefined;
      this.top += size;
      this.mark = Math.max(this.mark, this.top);
    }
    const address = found ?? this.top - size;
    this.taken.set(address, size);
    this.used += size;
    return address;
  }

  /** Gives back a block that was taken. */
  give(address: number): void {
    const size = this.taken.get(address);
    if (size === undefined) throw new Error(`Descent bug: no block was taken at ${address}`);
    this.taken.delete(address);
    this.used -= size;
    let [start, end] = [address, address + size];
    const before = this.ends.get(start);
    if (before !== undefined) {
      this.removeFree(before);
      start = before;
    }
    if (this.free.has(end)) end += this.removeFree(end);
    if (end === this.top) this.top = start;
    else this.addFree(start, end - start);
  }

  /** A free block of at least `size` bytes: one of nearly that size if there is one, else of a larger class. */
  private find(size: number): number | undefined {
    const own = classOf(size);
    let tries = TRIES;
    for (const address of this.classes[own] ?? []) {
      if ((this.free.get(address) ?? 0) >= size) return address;
      if (--tries === 0) break;
    }
    for (let i = own + 1; i < this.classes.length; i++) {
      for (const address of this.classes[i] ?? []) return address;
    }
    return undefined;
  }

  private addFree(start: number, size: number): void {
    this.free.set(start, size);
    this.ends.set(start + size, start);
    const index = classOf(size);
    while (this.classes.length <= index) this.classes.push(new Set());
    this.classes[index]?.add(start);
  }

  /** Its size. */
  private removeFree(start: number): number {
    const size = this.free.get(start) ?? 0;
    this.free.delete(start);
    this.ends.delete(start + size);
    this.classes[classOf(size)]?.delete(start);
    return size;
  }
}

/** The next multiple of the alignment. */
export function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** Number of a size's class: its power of two, and its place between that and the next. */
function classOf(size: number): number {
  const units = size / ALIGNMENT;
  const power = 31 - Math.clz32(units);
  return power * STEPS + Math.floor((units / 2 ** power - 1) * STEPS);
}

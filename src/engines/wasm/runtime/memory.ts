import { DTYPES, type DType, type TypedArray } from "../../../ir/index.ts";
import { fail } from "../../../util/index.ts";
import { AddressSpace, ALIGNMENT } from "./address-space.ts";

export const PAGE_BYTES = 65536;
/** Pages of a 32-bit memory: 4 GB. */
export const MOST_PAGES = 65536;
/** Reservations of pages that are tried: hosts may refuse large ones. */
const RESERVATIONS = [MOST_PAGES, MOST_PAGES / 2, MOST_PAGES / 4, MOST_PAGES / 8, MOST_PAGES / 32];
/** Pages that a memory grows by at least: growing takes some microseconds. */
const LEAST_GROWTH = 64;
/** Bytes from which an array's memory is told to the garbage collector. */
const WORTH_TELLING = 4096;

/** Addresses of a memory of that many pages. The first are left out, for 0 to be no address; so is the last page, for ends not to be 0. */
export function addressesOf(pages: number): AddressSpace {
  return new AddressSpace(ALIGNMENT, (pages - 1) * PAGE_BYTES);
}

/** Says that a memory has no room. */
export function failFull(what: string, bytes: number, space: AddressSpace): never {
  const gigabytes = (count: number) => `${(count / 2 ** 30).toFixed(count < 2 ** 30 / 100 ? 4 : 2)} GB`;
  const all = gigabytes(space.limit + PAGE_BYTES);
  if (bytes > space.limit) {
    fail(
      `${what} takes ${gigabytes(bytes)}, more than the ${all} that WebAssembly memory holds in all`,
      undefined,
      'use smaller batches, or the engine "native", which has no such limit',
    );
  }
  fail(
    `${what} takes ${gigabytes(bytes)}, which WebAssembly's ${all} of memory have no room for: ${gigabytes(space.bytes)} are taken`,
    undefined,
    'use smaller batches or keep fewer tensors, or use the engine "native", which has no such limit',
  );
}

/**
 * A WebAssembly memory in which arrays are allocated, given back by the garbage collector. It is shared even where only one thread
 * uses it: arrays on a memory that is not shared lose their content when it grows.
 */
export class ArrayMemory {
  readonly memory: WebAssembly.Memory;
  private readonly space: AddressSpace;
  private readonly buffers = new WeakSet<ArrayBufferLike>();
  /** What is allocated, by address. */
  private readonly arrays = new Map<number, WeakRef<TypedArray>>();
  private readonly collected = new FinalizationRegistry<number>((address) => this.giveBack(address));
  /** See {@link tell}. */
  private readonly told = new WeakMap<TypedArray, ArrayBuffer | Uint8Array>();

  /** Takes the largest reservation, up to `pages`, that the host grants. */
  constructor(pages = MOST_PAGES) {
    const tried = [pages, ...RESERVATIONS.filter((each) => each < pages)];
    const [memory, granted] = reserve(tried);
    this.memory = memory;
    this.space = addressesOf(granted);
    this.buffers.add(memory.buffer);
  }

  /** Bytes taken at present, by arrays that the garbage collector has not yet taken. */
  get bytes(): number {
    return this.space.bytes;
  }

  /**
   * A zeroed array at an address that is a multiple of 64. Its memory is given back when the array itself is collected: views of it
   * don't keep it.
   *
   * @throws DescentError when there is no room
   */
  allocate(dtype: DType, length: number): TypedArray {
    const bytes = length * DTYPES[dtype].bytes;
    const what = `an array of ${length} ${dtype} values`;
    const used = this.space.end;
    const address = this.take(bytes) ?? this.takeAfterCollection(bytes) ?? failFull(what, bytes, this.space);
    const array = viewOf(this.memory.buffer, dtype, address, length);
    // Not only after growing: V8 makes another buffer object of the same memory some time later.
    this.buffers.add(array.buffer);
    // Beyond what was ever used, memory is zero.
    if (address < used) array.fill(0);
    const reference = new WeakRef(array);
    this.arrays.set(address, reference);
    this.collected.register(array, address, reference);
    if (bytes >= WORTH_TELLING) this.tell(array, bytes);
    return array;
  }

  /** Whether an array lies in this memory; its byteOffset is then its address. */
  holds(array: TypedArray): boolean {
    return this.buffers.has(array.buffer);
  }

  private giveBack(address: number): void {
    this.arrays.delete(address);
    this.space.give(address);
  }

  /**
   * A block where there was none: arrays that are gone are looked for at once, without waiting for the garbage collector to tell of
   * them. An allocation of gigabytes, dropped at once, makes V8 collect; elsewhere it does no harm.
   */
  private takeAfterCollection(bytes: number): number | undefined {
    if (bytes > this.space.limit) return undefined;
    try {
      new ArrayBuffer(2 ** 32);
    } catch {
      // Not granted: the collector has then done what it could.
    }
    for (const [address, reference] of this.arrays) {
      if (reference.deref() !== undefined) continue;
      this.collected.unregister(reference);
      this.giveBack(address);
    }
    return this.take(bytes);
  }

  /** A block that lies in the memory as it is now; undefined when there is none, or the machine gives no more memory. */
  private take(bytes: number): number | undefined {
    const address = this.space.take(bytes);
    if (address === undefined || this.grow(address + bytes)) return address;
    this.space.give(address);
    return undefined;
  }

  /** Makes the memory reach to that address; false when it can't. */
  private grow(end: number): boolean {
    const size = this.memory.buffer.byteLength / PAGE_BYTES;
    const needed = Math.ceil(end / PAGE_BYTES);
    if (needed <= size) return true;
    const generous = Math.min(
      this.space.limit / PAGE_BYTES + 1,
      Math.max(size + LEAST_GROWTH, Math.ceil(size * 1.125)),
    );
    for (const pages of [Math.max(needed, generous), needed]) {
      try {
        this.memory.grow(pages - size);
        return true;
      } catch {
        // Less may be given.
      }
    }
    return false;
  }

  /**
   * The garbage collector knows nothing of WebAssembly memory: it would see no reason to look for arrays that are gone before the
   * 4 GB are full. A buffer of the same size, never touched and so without memory of its own, counts in its place.
   */
  private tell(array: TypedArray, bytes: number): void {
    try {
      // Node zeroes an ArrayBuffer's memory, which would cost time and make it real.
      this.told.set(array, globalThis.Buffer?.allocUnsafeSlow(bytes) ?? new ArrayBuffer(bytes));
    } catch {
      // No address space for it: the array is collected later.
    }
  }
}

function reserve([pages = 0, ...fewer]: readonly number[]): [memory: WebAssembly.Memory, pages: number] {
  try {
    return [new WebAssembly.Memory({ initial: 1, maximum: pages, shared: true }), pages];
  } catch (error) {
    if (fewer.length > 0) return reserve(fewer);
    fail(`this host gives no WebAssembly memory (${(error as Error).message})`);
  }
}

/** `length` elements of a buffer from a byte offset. */
export function viewOf(buffer: ArrayBufferLike, dtype: DType, offset: number, length: number): TypedArray {
  switch (dtype) {
    case "float32":
      return new Float32Array(buffer, offset, length);
    case "int32":
      return new Int32Array(buffer, offset, length);
    case "uint32":
      return new Uint32Array(buffer, offset, length);
    default:
      return new Uint8Array(buffer, offset, length);
  }
}

import { DTYPES, type DType, type TypedArray } from "../../../ir/index.ts";
import { fail } from "../../../util/index.ts";
import { MOST_PAGES, OwnedSpace, PAGE_BYTES, pagesBefore } from "./owned-space.ts";

/** Reservations of pages that are tried: hosts may refuse large ones. */
const RESERVATIONS = [MOST_PAGES, MOST_PAGES / 2, MOST_PAGES / 4, MOST_PAGES / 8, MOST_PAGES / 32];
/** Pages that a memory grows by at least: growing takes some microseconds. */
const LEAST_GROWTH = 64;

/**
 * A WebAssembly memory in which arrays are allocated, given back by the garbage collector. It is shared even where only one thread
 * uses it: arrays on a memory that is not shared lose their content when it grows.
 */
export class ArrayMemory {
  readonly memory: WebAssembly.Memory;
  private readonly space: OwnedSpace;
  private readonly buffers = new WeakSet<ArrayBufferLike>();

  /** Takes the largest reservation, up to `pages`, that the host grants. */
  constructor(pages = MOST_PAGES) {
    const [memory, granted] = reserve([pages, ...RESERVATIONS.filter((each) => each < pages)]);
    this.memory = memory;
    this.space = new OwnedSpace(granted, (end) => this.grow(end));
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
    const used = this.space.end;
    const array = this.allocateUnset(dtype, length);
    // Beyond what was ever used, memory is zero.
    if (array.byteOffset < used) array.fill(0);
    return array;
  }

  /** The same with whatever the memory held before. */
  allocateUnset(dtype: DType, length: number): TypedArray {
    const array = this.space.take(`an array of ${length} ${dtype} values`, length * DTYPES[dtype].bytes, (address) =>
      viewOf(this.memory.buffer, dtype, address, length),
    );
    // Not only after growing: V8 makes another buffer object of the same memory some time later.
    this.buffers.add(array.buffer);
    return array;
  }

  /** Whether an array lies in this memory; its byteOffset is then its address. */
  holds(array: TypedArray): boolean {
    return this.buffers.has(array.buffer);
  }

  /** Makes the memory reach to that address; false when it can't. */
  private grow(end: number): boolean {
    const size = this.memory.buffer.byteLength / PAGE_BYTES;
    const needed = pagesBefore(end);
    if (needed <= size) return true;
    const generous = Math.min(this.space.pages, Math.max(size + LEAST_GROWTH, Math.ceil(size * 1.125)));
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
function viewOf(buffer: ArrayBufferLike, dtype: DType, offset: number, length: number): TypedArray {
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

import { fail } from "../../../util/index.ts";
import { AddressSpace, ALIGNMENT } from "./address-space.ts";

export const PAGE_BYTES = 65536;
/** Bytes of memory behind the last block, at least: vectors are read that begin in an array and end behind it. */
const BEHIND = 64;
/** Pages of a 32-bit memory: 4 GB. */
export const MOST_PAGES = 65536;
/** Bytes from which what a block holds is told to the garbage collector. */
const WORTH_TELLING = 4096;

/** Pages of a memory whose blocks end before an address. */
export function pagesBefore(end: number): number {
  return Math.ceil((end + BEHIND) / PAGE_BYTES);
}

/** Addresses of which each block belongs to an object: it is given back when the garbage collector has taken the object. */
export class OwnedSpace {
  private readonly space: AddressSpace;
  /** Blocks, by their owners. */
  private readonly blocks = new Map<WeakRef<object>, number>();
  private readonly collected = new FinalizationRegistry<WeakRef<object>>((owner) => this.giveBack(owner));
  /** See {@link tell}. */
  private readonly told = new WeakMap<object, ArrayBuffer | Uint8Array>();

  /**
   * Addresses of a memory of that many pages. The first are left out, for 0 to be no address, and so is the last page, for ends not
   * to be 0. `reach` makes the memory reach to an address, or tells that it can't.
   */
  constructor(
    pages: number,
    private readonly reach: (end: number) => boolean = () => true,
  ) {
    this.space = new AddressSpace(ALIGNMENT, (pages - 1) * PAGE_BYTES);
  }

  /** Bytes taken at present, those included whose owners are gone without the garbage collector having told of it. */
  get bytes(): number {
    return this.space.bytes;
  }

  /** Where the memory that was ever taken ends. */
  get end(): number {
    return this.space.end;
  }

  /** Pages that there may be. */
  get pages(): number {
    return this.space.limit / PAGE_BYTES + 1;
  }

  /**
   * A block of at least that many bytes for the object that `make` makes of its address.
   *
   * @throws DescentError when there is no room for `what`
   */
  take<T extends object>(what: string, bytes: number, make: (address: number) => T): T {
    const address = this.find(bytes) ?? this.findAfterCollection(bytes) ?? this.failFull(what, bytes);
    const owner = make(address);
    const reference = new WeakRef(owner);
    this.blocks.set(reference, address);
    this.collected.register(owner, reference, reference);
    if (bytes >= WORTH_TELLING) this.tell(owner, bytes);
    return owner;
  }

  private find(bytes: number): number | undefined {
    const address = this.space.take(bytes);
    if (address === undefined || this.reach(address + bytes)) return address;
    this.space.give(address);
    return undefined;
  }

  /**
   * A block where there was none: owners that are gone are looked for at once, without waiting for the garbage collector to tell of
   * them. An allocation of gigabytes, dropped at once, makes V8 collect; elsewhere it does no harm.
   */
  private findAfterCollection(bytes: number): number | undefined {
    if (bytes > this.space.limit) return undefined;
    // Twice: a collection that is under way keeps what was new when it began.
    for (let i = 0; i < 2; i++) {
      try {
        new ArrayBuffer(2 ** 32);
      } catch {
        // Not granted: the collector has then done what it could.
      }
    }
    for (const owner of this.blocks.keys()) {
      if (owner.deref() !== undefined) continue;
      this.collected.unregister(owner);
      this.giveBack(owner);
    }
    return this.find(bytes);
  }

  private giveBack(owner: WeakRef<object>): void {
    const address = this.blocks.get(owner);
    if (address === undefined) return;
    this.blocks.delete(owner);
    this.space.give(address);
  }

  /**
   * The garbage collector knows nothing of WebAssembly memory: it would see no reason to look for owners that are gone before the
   * 4 GB are full. A buffer of the same size, never touched and so without memory of its own, counts in its place.
   */
  private tell(owner: object, bytes: number): void {
    try {
      // Node zeroes an ArrayBuffer's memory, which would cost time and make it real.
      this.told.set(owner, globalThis.Buffer?.allocUnsafeSlow(bytes) ?? new ArrayBuffer(bytes));
    } catch {
      // No address space for it: the owner is collected later.
    }
  }

  private failFull(what: string, bytes: number): never {
    const all = gigabytes(this.pages * PAGE_BYTES);
    if (bytes > this.space.limit) {
      fail(
        `${what} takes ${gigabytes(bytes)}, more than the ${all} that WebAssembly memory holds in all`,
        undefined,
        'use smaller batches, or the engine "native", which has no such limit',
      );
    }
    const room = bytes + this.bytes > this.space.limit ? `WebAssembly's ${all} of memory have` : "this machine has";
    fail(
      `${what} takes ${gigabytes(bytes)}, which ${room} no room for: ${gigabytes(this.bytes)} are taken`,
      undefined,
      'use smaller batches or keep fewer tensors, or use the engine "native", which has no such limit',
    );
  }
}

function gigabytes(bytes: number): string {
  const count = bytes / 2 ** 30;
  return `${count.toFixed(count < 0.01 ? 4 : 2)} GB`;
}

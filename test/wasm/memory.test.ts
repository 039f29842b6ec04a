import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { AddressSpace, ALIGNMENT } from "../../src/engines/wasm/runtime/address-space.ts";
import { ArrayMemory } from "../../src/engines/wasm/runtime/memory.ts";
import type { DType } from "../../src/ir/index.ts";
import fc from "../tools/properties.ts";

describe("addresses", () => {
  /** Takes (a size) or gives back (the number of a block, modulo those that are taken). */
  const actions = fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.record({ take: fc.oneof(fc.nat(300), fc.nat(20_000), fc.nat(2_000_000)) }) },
      { weight: 2, arbitrary: fc.record({ give: fc.nat() }) },
    ),
    { maxLength: 300 },
  );

  test("are aligned, and never given twice at a time", () => {
    fc.assert(
      fc.property(actions, (list) => {
        const space = new AddressSpace(1, 8 << 20);
        const taken: { address: number; bytes: number }[] = [];
        for (const action of list) {
          if ("give" in action) {
            const [block] = taken.length > 0 ? taken.splice(action.give % taken.length, 1) : [];
            if (block) space.give(block.address);
            continue;
          }
          const address = space.take(action.take);
          if (address === undefined) continue;
          const end = address + action.take;
          expect(address % ALIGNMENT).toBe(0);
          expect(address).toBeGreaterThanOrEqual(ALIGNMENT);
          expect(end).toBeLessThanOrEqual(Math.min(space.end, space.limit));
          expect(taken.filter((other) => other.address < end && address < other.address + other.bytes)).toEqual([]);
          taken.push({ address, bytes: action.take });
        }
        // Whatever happened: once all is given back, one block can take all.
        for (const { address } of taken) space.give(address);
        expect(space.bytes).toBe(0);
        expect(space.take(space.limit - ALIGNMENT)).toBe(ALIGNMENT);
      }),
    );
  });

  test("neighbours that are free become one, from both sides", () => {
    const space = new AddressSpace(0, 1 << 20);
    const [a, b, c, d] = [1000, 1000, 1000, 1000].map((bytes) => space.take(bytes)!);
    space.give(a!);
    space.give(c!);
    space.give(b!);
    expect(space.take(3000)).toBe(a);
    expect(d).toBe(3 * 1024);
  });

  test("of 10,000 blocks of varied sizes that come and go don't grow", () => {
    const space = new AddressSpace(0, 2 ** 32);
    const live: { address: number; bytes: number }[] = [];
    let seed = 1;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
      return seed % below;
    };
    let [bytes, most] = [0, 0];
    for (let i = 0; i < 10_000; i++) {
      if (live.length >= 100) {
        const [block] = live.splice(random(live.length), 1);
        space.give(block!.address);
        bytes -= block!.bytes;
      }
      const size = 1 << (6 + random(14));
      const each = size + random(size);
      live.push({ address: space.take(each)!, bytes: each });
      bytes += each;
      most = Math.max(most, bytes);
    }
    expect(space.end).toBeLessThan(2 * most);
  });

  test("end: there is no block beyond the limit", () => {
    const space = new AddressSpace(64, 1024);
    expect(space.take(1024)).toBeUndefined();
    expect(space.take(960)).toBe(64);
    expect(space.take(0)).toBeUndefined();
    space.give(64);
    expect(space.take(0)).toBe(64);
    expect(() => space.give(128)).toThrow("no block was taken at 128");
  });
});

describe("arrays", () => {
  test("never end where their memory does: vectors are read that begin in an array and end behind it", () => {
    for (const pages of [1, 2, 70, 700]) {
      const memory = new ArrayMemory();
      // To the very end of a page, the first addresses being left out.
      const array = memory.allocate("uint8", pages * 65536 - ALIGNMENT);
      expect(array.byteOffset + array.length).toBe(pages * 65536);
      expect(memory.memory.buffer.byteLength).toBeGreaterThan(pages * 65536);
    }
  });

  test("are zeroed, aligned, of every type, and stay theirs while the memory grows", () => {
    const memory = new ArrayMemory();
    const dtypes: DType[] = ["float32", "int32", "uint32", "uint8", "bool"];
    const arrays = Array.from({ length: 50 }, (_, i) => memory.allocate(dtypes[i % 5]!, 1 + i * 10_000));
    for (const [i, array] of arrays.entries()) {
      expect(array.byteOffset % 64).toBe(0);
      expect(array.every((value) => value === 0)).toBe(true);
      expect(memory.holds(array)).toBe(true);
      array.fill(i);
    }
    for (const [i, array] of arrays.entries()) {
      expect(array.length).toBe(1 + i * 10_000);
      expect(array.every((value) => value === i)).toBe(true);
    }
    expect(memory.holds(new Float32Array(4))).toBe(false);
  });

  test("hold what WebAssembly sees at their addresses", () => {
    const memory = new ArrayMemory();
    const [first, second] = [memory.allocate("int32", 3), memory.allocate("int32", 5_000_000)];
    first.set([1, 2, 3]);
    second[4_999_999] = 7;
    const words = new Int32Array(memory.memory.buffer);
    expect([...words.subarray(first.byteOffset / 4, first.byteOffset / 4 + 3)]).toEqual([1, 2, 3]);
    expect(words[second.byteOffset / 4 + 4_999_999]).toBe(7);
  });

  test("of more than 4 GB are refused, in words", () => {
    const memory = new ArrayMemory();
    expect(() => memory.allocate("float32", 2 ** 30)).toThrow(
      'an array of 1073741824 float32 values takes 4.00 GB, more than the 4.00 GB that WebAssembly memory holds in all. Fix: use smaller batches, or the engine "native", which has no such limit.',
    );
    expect(memory.bytes).toBe(0);
  });

  test("that there is no room for are refused, in words", async () => {
    const memory = new ArrayMemory(64);
    const held = Array.from({ length: 3 }, () => memory.allocate("float32", 2 ** 18));
    await sleep(1);
    expect(() => memory.allocate("uint8", 2 ** 20)).toThrow(
      /takes 0\.0010 GB, which WebAssembly's 0\.0039 GB of memory have no room for: 0\.0029 GB are taken\. Fix: .*keep fewer/,
    );
    expect(memory.allocate("uint8", 2 ** 19)).toHaveLength(2 ** 19);
    expect(held.every((array) => memory.holds(array))).toBe(true);
  });
});

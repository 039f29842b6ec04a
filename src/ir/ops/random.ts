import { philox4x32, product, type Shape } from "../../util/index.ts";
import { apply, type Named, type Node, type SpecialOp } from "../op.ts";

/**
 * Where the bits of element i come from. Elements are taken in groups of 64: lane l = i mod 16 of group g evaluates Philox at counter
 * (16 g + l, stream, counter, 0) and its word w = floor(i mod 64 / 16) is element 64 g + 16 w + l. So 16 neighbours always share a
 * word number, and vector machines of 4 to 16 lanes compute whole vectors.
 */
export const RANDOM_GROUP = { lanes: 16, words: 4, size: 64 } as const;

/**
 * Random bits by Philox 4x32-10 from a key (uint32 [2]) and a counter (uint32 [1]); `stream` separates uses of one key.
 * uint32: all 32 bits. float32: uniform in [0, 1), the upper 24 bits times 2^-24.
 */
export const randomOp: Named<SpecialOp, "random"> = {
  name: "random",
  family: "random",
  infer: ([key, counter], { shape, dtype }) => {
    if (key?.dtype !== "uint32" || key.shape.join() !== "2") throw new Error("random takes a uint32 [2] key");
    if (counter?.dtype !== "uint32" || counter.shape.join() !== "1")
      throw new Error("random takes a uint32 [1] counter");
    if (dtype !== "float32" && dtype !== "uint32") throw new Error(`random ${dtype}; there are float32 and uint32`);
    return { shape: shape as Shape, dtype };
  },
  evaluate: ([key, counter], node) => {
    const { lanes, size } = RANDOM_GROUP;
    const out = new Float64Array(product(node.shape));
    const words = new Uint32Array(4);
    const stream = node.attributes.stream as number;
    for (let block = 0; Math.floor(block / lanes) * size < out.length; block++) {
      philox4x32(key![0]!, key![1]!, block, stream, counter![0]!, 0, words);
      for (let word = 0; word < 4; word++) {
        const i = Math.floor(block / lanes) * size + word * lanes + (block % lanes);
        if (i < out.length) out[i] = node.dtype === "float32" ? (words[word]! >>> 8) / 16777216 : words[word]!;
      }
    }
    return out;
  },
  gradient: null,
  samples: (["float32", "uint32"] as const).map((dtype) => ({
    inputs: [
      { shape: [2], dtype: "uint32", range: [0, 4294967295] },
      { shape: [1], dtype: "uint32", range: [0, 1000] },
    ],
    attributes: { shape: [5, 31], dtype, stream: 3 },
  })),
};

export function random(key: Node, counter: Node, shape: Shape, dtype: "float32" | "uint32", stream = 0): Node {
  return apply(randomOp, [key, counter], { shape, dtype, stream });
}

export const RANDOM_OPS = [randomOp] as const;

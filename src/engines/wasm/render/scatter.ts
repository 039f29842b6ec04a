import type { ScatterKernel } from "../../../passes/index.ts";
import { type Code, i32, ins, local, memory, when, zero } from "../encode/index.ts";
import type { AssemblerOptions } from "./assembler.ts";
import { type RenderedKernel, simpleKernel } from "./kernel.ts";

/** A scatter-add: rows of the target are shared between workers, each row's sum is taken in the order of the updates. */
export function renderScatter(kernel: ScatterKernel, options: AssemblerOptions): RenderedKernel {
  const { indices, updates, target, count, width, rows } = kernel;
  return simpleKernel(options, ({ builder, pointers, assembler, worker }, block) => {
    const from = pointers.base(updates).code;
    const to = pointers.base(target).code;
    const floats = target.dtype === "float32";
    const first = builder.hold("i32", assembler.shareOf(rows, local.get(worker)), block);
    const last = builder.hold("i32", assembler.shareOf(rows, ins("i32.add", local.get(worker), i32(1))), block);
    const rowBytes = i32(width * 4);
    const own = ins("i32.mul", ins("i32.sub", last, first), rowBytes);
    block.push(zero(ins("i32.add", to, ins("i32.mul", first, rowBytes)), own));
    assembler.loop({ id: 0, size: count }, block, (inner) => {
      const along = (coefficient: number) => assembler.index({ constant: 0, terms: [{ coefficient, of: 0 }] });
      const at = ins("i32.add", pointers.base(indices).code, along(4));
      const row = builder.hold("i32", memory("i32.load", at, 0), inner);
      const work: Code[] = [];
      const base = builder.hold("i32", ins("i32.add", to, ins("i32.mul", row, rowBytes)), work);
      const source = builder.hold("i32", ins("i32.add", from, along(4 * width)), work);
      assembler.lanesLoop({ loop: { id: 1, size: width } }, work, (lanes, n) => {
        const offset = assembler.index({ constant: 0, terms: [{ coefficient: 4, of: 1 }] });
        const at = builder.hold("i32", ins("i32.add", base, offset), lanes);
        const and = builder.hold("i32", ins("i32.add", source, offset), lanes);
        if (n === assembler.lanes) {
          const sum = ins(floats ? "f32x4.add" : "i32x4.add", memory("v128.load", at, 0), memory("v128.load", and, 0));
          lanes.push(memory("v128.store", at, 0, sum));
          return;
        }
        for (let l = 0; l < n; l++) {
          const [a, b] = [at, and].map((each) => memory(floats ? "f32.load" : "i32.load", each, l * 4)) as [Code, Code];
          const sum = ins(floats ? "f32.add" : "i32.add", a, b);
          lanes.push(memory(floats ? "f32.store" : "i32.store", at, l * 4, sum));
        }
      });
      const inside = ins("i32.and", ins("i32.ge_s", row, first), ins("i32.lt_s", row, last));
      inner.push(when(inside, work));
    });
  });
}

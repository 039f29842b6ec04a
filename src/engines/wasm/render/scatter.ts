import { DTYPES } from "../../../ir/index.ts";
import type { ScatterKernel } from "../../../passes/index.ts";
import { type Code, copy, i32, ins, local, when, zero } from "../encode/index.ts";
import type { AssemblerOptions } from "./assembler.ts";
import { type RenderedKernel, simpleKernel } from "./kernel.ts";
import { loadElement, loadVector, storeVector } from "./memory.ts";

/** A scatter: rows of the target are shared between workers, each row's updates are taken in their order. */
export function renderScatter(kernel: ScatterKernel, options: AssemblerOptions): RenderedKernel {
  const { indices, updates, target, base, replaces, count, width, rows } = kernel;
  return simpleKernel(options, ({ builder, pointers, assembler, worker }, block) => {
    const { dtype } = target;
    const { bytes } = DTYPES[dtype];
    const from = pointers.base(updates).code;
    const to = pointers.base(target).code;
    const first = builder.hold("i32", assembler.shareOf(rows, local.get(worker)), block);
    const last = builder.hold("i32", assembler.shareOf(rows, ins("i32.add", local.get(worker), i32(1))), block);
    const rowBytes = i32(width * bytes);
    const own = ins("i32.mul", ins("i32.sub", last, first), rowBytes);
    const start = ins("i32.mul", first, rowBytes);
    if (base === "zeros") block.push(zero(ins("i32.add", to, start), own));
    else if (base !== "target")
      block.push(copy(ins("i32.add", to, start), ins("i32.add", pointers.base(base).code, start), own));
    assembler.loop({ id: 0, size: count }, block, (inner) => {
      const along = (coefficient: number) => assembler.index({ constant: 0, terms: [{ coefficient, of: 0 }] });
      const row = builder.hold(
        "i32",
        loadElement("int32", ins("i32.add", pointers.base(indices).code, along(4))),
        inner,
      );
      const work: Code[] = [];
      const base = builder.hold("i32", ins("i32.add", to, ins("i32.mul", row, rowBytes)), work);
      const source = builder.hold("i32", ins("i32.add", from, along(bytes * width)), work);
      assembler.lanesLoop({ loop: { id: 1, size: width } }, work, (lanes, n) => {
        const offset = assembler.index({ constant: 0, terms: [{ coefficient: bytes, of: 1 }] });
        const at = builder.hold("i32", ins("i32.add", base, offset), lanes);
        const update = ins("i32.add", source, offset);
        const [old, more] = [at, update].map((each) => loadVector(dtype, each, n, builder)) as [Code, Code];
        const next = replaces ? more : ins(dtype === "float32" ? "f32x4.add" : "i32x4.add", old, more);
        lanes.push(storeVector(dtype, at, next, n, builder));
      });
      const inside = ins("i32.and", ins("i32.ge_s", row, first), ins("i32.lt_s", row, last));
      inner.push(when(inside, work));
    });
  });
}

import type { BlockedPlan } from "./plan.ts";
import { sizeOf } from "./sizes.ts";

/** The numbers that follow from a plan. */
export class Layout {
  readonly segments: number;
  readonly run: number;
  /** Whether blocks of the depth are counted in segments, else along the run. */
  readonly bySegments: boolean;
  /** Row panels of all groups. */
  readonly panels: number;
  /** Height of a panel: all are packed to it. */
  readonly height: number;
  /** Floats of the widest panel of columns, and of all of them side by side. */
  readonly width: number;
  readonly paddedColumns: number;
  /** Widths of column panels. */
  readonly widths: readonly number[];
  /** Steps of the depth in all, and in the deepest block. */
  readonly deep: number;
  readonly deepest: number;
  /** Blocks of a part of the depth. */
  readonly blocks: number;
  /** Floats of a register tile. */
  readonly tileFloats: number;

  constructor(readonly plan: BlockedPlan) {
    const { depth, rowPanels, columnPanels, parts, block } = plan;
    this.segments = sizeOf(depth.segments);
    this.run = depth.run.size;
    this.bySegments = depth.segments.length > 0;
    this.panels = rowPanels.groups * rowPanels.perGroup;
    this.height = rowPanels.size;
    const { width, count, lastWidth } = columnPanels;
    this.width = count > 1 ? width : lastWidth;
    this.widths = lastWidth === this.width ? [lastWidth] : [width, lastWidth];
    this.paddedColumns = (count - 1) * width + lastWidth;
    const units = Math.ceil((this.bySegments ? this.segments : this.run) / parts);
    this.deep = this.segments * this.run;
    this.deepest = Math.min(block, units) * (this.bySegments ? this.run : 1);
    this.blocks = Math.ceil(units / block);
    this.tileFloats = this.height * this.width;
  }
}

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { factors, firstWeights, samplesOf } from "../suite/numbers.ts";
import type { Task } from "../suite/task.ts";

/** The numbers that a task begins with, one after the other, for processes that can't make them by themselves. */
function numbersOf(task: Task): readonly (Float32Array | Int32Array)[] {
  if (task.kind === "training") {
    const { x, y } = samplesOf(task);
    return [x, y, ...Object.values(firstWeights(task))];
  }
  const { rows, columns, depth } = task.size;
  return rows && columns && depth ? factors(rows, columns, depth) : [];
}

/** A file of little-endian float32 and int32: the input, the classes, the weights in the task's order; or a product's factors. */
export class NumbersFile {
  private readonly folder = mkdtempSync(join(tmpdir(), "descent-bench-"));

  /** Its path. */
  write(task: Task): string {
    const path = join(this.folder, "numbers");
    const bytes = numbersOf(task).map((each) => Buffer.from(each.buffer, each.byteOffset, each.byteLength));
    writeFileSync(path, Buffer.concat(bytes));
    return path;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The files that take longest, the longest first: begun last, they would leave the other process idle. */
const LONGEST = [
  "engine/conformance",
  "golden/layers",
  "browser/demo",
  "browser/suite",
  "browser/hosts",
  "browser/package",
  "golden/metrics",
  "golden/losses",
  "golden/optimizers",
  "cli/images",
  "cli/table",
  "examples/learning",
  "cli/command",
  "cli/killed",
  "bench/contest",
  "native/toolchain-cache",
  "engine/contraction",
  "engine/trained",
  "engine/shapes",
  "engine/identical",
  "train/fit",
  "engine/models",
  "train/stream-blocks",
  "bench/bench",
  "tabular/stream",
  "data/tables",
  "train/checkpoint",
];

/** Runs the longest test files first, the others in vitest's order. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const found = LONGEST.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      return found < 0 ? LONGEST.length : found;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

import { expect, test } from "vitest";
import { joinCases, opCases } from "../../src/engine/index.ts";
import { renderProgram } from "../../src/engines/native/render/program.ts";
import { OPS } from "../../src/ir/index.ts";
import { compileKernels } from "../../src/passes/index.ts";

const { program } = compileKernels(joinCases(opCases(OPS)).program);
const sourcesFor = (processors: number) => renderProgram(program, 32, { processors });

/** Functions of a source, by name. */
function functionsOf(source: string): string[] {
  return [...source.matchAll(/void (kernel_\d+)_0\([^;)]*\) \{/g)].map(([, name = ""]) => name);
}

test("as many processors as there are get sources, whose functions together are those of one", () => {
  const one = sourcesFor(1);
  const all = one.sources.flatMap(functionsOf);
  expect(new Set(all).size).toBe(one.functions);
  for (const processors of [2, 3, 8]) {
    const { sources, functions } = sourcesFor(processors);
    expect(functions).toBe(one.functions);
    expect(sources.flatMap(functionsOf).sort()).toEqual([...all].sort());
    expect(sources.length).toBeGreaterThanOrEqual(processors);
    expect(sources.length).toBeLessThanOrEqual(2 * processors); // those compiled well, and those compiled quickly
    expect(sources.filter((source) => functionsOf(source).length < 3)).toEqual([]);
  }
});

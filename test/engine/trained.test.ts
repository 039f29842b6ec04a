import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { builtScript } from "../tools/built.ts";
import { compiledEngines } from "./engines.ts";

const script = await builtScript(new URL("./fixtures/train.ts", import.meta.url));

for (const { name } of await compiledEngines()) {
  const trained = async (threads: number): Promise<string> => {
    const { stdout } = await promisify(execFile)(process.execPath, [script], {
      env: { ...process.env, DESCENT_ENGINE: name, DESCENT_THREADS: String(threads) },
    });
    return stdout.trim();
  };

  it(`a whole training on ${name} ends with the same bits on 1, 2 and 4 threads, and when repeated`, async () => {
    const first = await trained(2);
    expect(first).toMatch(/^[0-9a-f]{64} 60 steps, loss 0\.\d+$/);
    for (const threads of [1, 4, 2]) expect(await trained(threads)).toBe(first);
  });
}

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { CASES, flopOf } from "../../bench/cases.ts";
import { digits, formatTable, median, scaled, summarize } from "../../bench/measure.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Parameters of PyTorch's networks in bench/torch_peer.py, by sum(p.numel() for p in model.parameters()). */
const PARAMETERS: Record<string, number> = {
  "mlp-tiny": 91,
  "mlp-mnist": 535_818,
  "mlp-wide": 8_344_552,
  "cnn-mnist": 1_199_882,
  resnet20: 272_282,
};

describe("the suite", () => {
  test.each(CASES)("$name is the network that PyTorch trains", ({ name, make }) => {
    expect(make(1).network.parameters.length).toBe(PARAMETERS[name]);
  });

  test("has PyTorch's cases and batch sizes", () => {
    const peer = readFileSync(`${root}bench/torch_peer.py`, "utf8");
    expect([...peer.matchAll(/^ {4}"([\w-]+)": \(/gm)].map((match) => match[1])).toEqual(CASES.map(({ name }) => name));
    expect([...peer.matchAll(/(?:classes|torch\.rand)\((\d+), /g)].map((match) => Number(match[1]))).toEqual(
      CASES.map(({ batch }) => batch),
    );
  });

  test("counts operations: forward and weight gradient of the first layer, input gradient as well of the others", () => {
    const mnist = CASES.find(({ name }) => name === "mlp-mnist");
    const products = 2 * (784 * 512) + 3 * (512 * 256 + 256 * 10);
    expect(mnist && flopOf(mnist.make(1).network, mnist.batch)).toBe(2 * 128 * products);
  });
});

describe("the report", () => {
  test("takes medians and spreads", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(summarize([2, 9, 4])).toEqual({ median: 4, least: 2, most: 9, blocks: [2, 9, 4] });
  });

  test("writes numbers with three digits", () => {
    expect([0.00123, 1.234, 56.78, 1234.5].map(digits)).toEqual(["0.00123", "1.23", "56.8", "1235"]);
    expect([405, 1234, 4.56e6, 7.89e9].map(scaled)).toEqual(["405", "1.23k", "4.56M", "7.89G"]);
    expect(
      formatTable([
        ["a", "bb"],
        ["ccc", "d"],
      ]),
    ).toBe("a    bb\nccc  d");
  });
});

test("npm run bench measures a case and writes its results", () => {
  const folder = mkdtempSync(join(tmpdir(), "descent-bench-"));
  try {
    const file = join(folder, "results.json");
    const args = ["--case", "mlp-tiny", "--blocks", "1", "--threads", "1", "--no-torch", "--json", file];
    const tsx = join(root, "node_modules/tsx/dist/cli.mjs");
    const printed = execFileSync(process.execPath, [tsx, "bench/main.ts", ...args], { cwd: root, encoding: "utf8" });
    expect(printed).toMatch(/PyTorch: left out/);
    expect(printed).toMatch(/^mlp-tiny {2}/m);
    const { results } = JSON.parse(readFileSync(file, "utf8"));
    expect(results).toMatchObject([{ case: "mlp-tiny", flopPerStep: 410 }]);
    expect(results[0].descent.blocks).toHaveLength(1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

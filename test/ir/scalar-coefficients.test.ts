import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { FITS, minimax } from "../../scripts/minimax.ts";

const sources = ["exponential", "logarithm", "error-function", "trigonometric", "power"].map((name) =>
  readFileSync(new URL(`../../src/ir/scalar/${name}.ts`, import.meta.url), "utf8"),
);

it.each(Object.keys(FITS))("%s is what scripts/minimax.ts finds", (name) => {
  const fit = FITS[name];
  const found = sources
    .map((source) => new RegExp(`const ${name} = \\[([^\\]]*)\\]`).exec(source)?.[1])
    .find((text) => text);
  const written = (found ?? "")
    .split(",")
    .map((text) => text.trim())
    .filter(Boolean)
    .map((text) => Math.fround(Number(text)));
  expect(fit && minimax(fit).coefficients).toEqual(written);
});

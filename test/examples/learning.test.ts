import { expect, test } from "vitest";
import { EXAMPLES } from "../../examples/all.ts";
import * as dates from "../../examples/dates.ts";
import * as digits from "../../examples/digits-folds.ts";
import * as documentation from "../../examples/documentation.ts";
import * as lora from "../../examples/lora.ts";
import * as optimizers from "../../examples/optimizers.ts";
import * as unet from "../../examples/unet.ts";
import * as vae from "../../examples/vae.ts";
import * as weather from "../../examples/weather.ts";

// In earnest they are run by `npm run examples`; here most of them learn for a short while only.

test("every example states a target", () => {
  for (const { target } of Object.values(EXAMPLES)) expect(target.length).toBeGreaterThan(10);
});

test("the weather is forecast better than by persistence and by the season", async () => {
  const { errors, passed } = await weather.main({ seed: 2 });
  expect(errors["persistence"]).toBeCloseTo(3.41, 1);
  expect(errors["season"]).toBeCloseTo(3.17, 1);
  expect(passed, JSON.stringify(errors)).toBe(true);
});

test("LoRA teaches new digits with a few weights, and merging changes nothing", async () => {
  const { before, accuracy, mergedAccuracy, share } = await lora.main({ epochs: 1 });
  expect(before).toBeLessThan(0.5);
  expect(accuracy).toBeGreaterThan(0.8);
  expect(mergedAccuracy).toBeCloseTo(accuracy, 3);
  expect(share).toBeLessThan(0.05);
});

test("a variational autoencoder begins to see digits", async () => {
  const { bound, pictures } = await vae.main({ epochs: 3 });
  expect(bound).toBeGreaterThan(-150);
  expect(bound).toBeLessThan(-100);
  expect(pictures.length).toBe(3);
});

test("a U-Net begins to find disks", async () => {
  const { iou, drawn } = await unet.main({ epochs: 2 });
  expect(iou).toBeGreaterThan(0.3);
  expect(drawn[0]).toContain("marked");
});

test("comments are told apart by attention", async () => {
  const { accuracy, most, comments } = await documentation.main({ epochs: 2 });
  expect(comments).toBeGreaterThan(4000);
  expect(accuracy).toBeGreaterThan(most + 0.1);
});

test("the telling words are taken out of comments", () => {
  const library =
    "/** One line. */\n/**\n * The **`size`** read-only property of the Blob interface returns its size.\n */\nreadonly size: number;\n";
  expect(documentation.documentation(library)).toEqual([
    { text: "the of the blob returns its size.", kind: "property" },
  ]);
});

test("dates are written character by character", async () => {
  const { examples } = await dates.main({ samples: 640, epochs: 2 });
  expect(examples.length).toBe(500);
  for (const { text, iso, made } of examples) {
    expect(text.length).toBeLessThanOrEqual(28);
    expect(iso).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect(made).toMatch(/^[\d-]{10}$/);
  }
});

test("optimizers are compared in a picture", async () => {
  const { curves, svg } = await optimizers.main({ names: ["adam", "lbfgs"], rates: [0.01, 1], epochs: 2 });
  expect(curves.map(({ values }) => values.length)).toEqual([2, 2]);
  expect(svg.match(/<polyline/g)?.length).toBe(4);
  expect(svg).toContain(`adam, ${curves[0]?.rate}:`);
});

test("digits by cross-validation: a fold seen twice", async () => {
  const { accuracies } = await digits.main({ epochs: 2, folds: 1 });
  expect(accuracies.length).toBe(1);
  expect(accuracies[0]).toBeGreaterThan(0.97);
});

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as architectures from "../../src/architectures/index.ts";
import { losses } from "../../src/nn/index.ts";
import { type Tensor, tensor } from "../../src/tensor/index.ts";
import { compare } from "../../src/testing/compare.ts";
import { loadModel, type Model } from "../../src/train/index.ts";
import { product, type Shape } from "../../src/util/index.ts";
import { type GoldenArray, golden } from "../golden/golden.ts";

type Name = keyof typeof architectures;

interface Case {
  readonly name: string;
  readonly factory: Name;
  /** Trained weights with default options. */
  readonly parameters: number;
  readonly options: Record<string, unknown>;
  readonly batch: number;
  readonly loss: "crossentropy" | "binary" | "mask";
  readonly output: GoldenArray;
  readonly value: number;
  /** The norm of each weight's gradient. */
  readonly gradients: Readonly<Record<string, number>>;
}

interface Count {
  readonly factory: Name;
  readonly options: Record<string, unknown>;
  readonly parameters: number;
}

const { cases, counts } = await golden<{ cases: Case[]; counts: Count[] }>("architectures");
const factories: Record<Name, (options: Record<string, unknown>) => Model> = { ...architectures };
const make = (name: Name, options: Record<string, unknown> = {}): Model => factories[name](options);

test("every architecture has golden numbers", () => {
  const known = new Set([...cases, ...counts].map(({ factory }) => factory));
  expect(Object.keys(factories).filter((name) => !known.has(name as Name))).toEqual([]);
});

/** What the papers and torchvision count. */
const PUBLISHED: Partial<Record<Name, number>> = {
  lenet5: 61_706,
  resnet18: 11_689_512,
  resnet34: 21_797_672,
  resnet50: 25_557_032,
  vgg11: 132_863_336,
  vgg13: 133_047_848,
  vgg16: 138_357_544,
  vgg19: 143_667_240,
  mobilenetV2: 3_504_872,
};

test.each(Object.entries(PUBLISHED))("%s has %i weights", (name, parameters) => {
  const model = make(name as Name);
  expect(model.lengths.parameters).toBe(parameters);
  expect(model.outputs[0]?.shape).toEqual([name === "lenet5" ? 10 : 1000]);
});

test.each([...cases.map((each) => ({ ...each, options: {} })), ...counts])(
  "$factory $options has as many weights as in PyTorch",
  ({ factory, options, parameters }) => {
    expect(make(factory, options).lengths.parameters).toBe(parameters);
  },
);

describe.each(cases)("a small $name", ({ factory, options, batch, loss, output, value, gradients }) => {
  const model = make(factory, options);
  const inputShape = model.inputs[0]?.shape ?? [];
  const images = tensor(draw("images", [batch, ...inputShape]), { shape: [batch, ...inputShape] });
  const targets = targetsOf(loss, images, batch);
  const objective =
    loss === "crossentropy"
      ? losses.sparseCategoricalCrossentropy({ fromLogits: true })
      : losses.binaryCrossentropy({ fromLogits: true });

  test("answers what PyTorch's does, and so does the saved one", async () => {
    model.setWeights(drawnWeights(model));
    const answer = await model.predict(images);
    expect(answer.shape).toEqual(output.shape);
    compare("output", { shape: answer.shape, data: await answer.data() }, output.data, { rtol: 2e-5, atol: 2e-5 });

    const folder = await mkdtemp(join(tmpdir(), "descent-architecture-"));
    try {
      await model.save(folder);
      const loaded = await loadModel(folder);
      expect(await (await loaded.predict(images)).data()).toEqual(await answer.data());
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  if (factory === "vae") return; // its training steps are random: see below

  test("has PyTorch's loss and gradients in a training step", async () => {
    model.setWeights(drawnWeights(model));
    const before = copied(model);
    // A step of plain descent with rate 1 takes the gradient away.
    model.compile({ optimizer: { kind: "sgd", learningRate: 1 }, loss: objective });
    const { history } = await model.fit(images, targets, { batchSize: batch, verbose: 0 });
    expect(history["loss"]?.[0]).toBeCloseTo(value, 4);
    const after = model.getWeights();
    const largest = Math.max(...Object.values(gradients));
    for (const [path, wanted] of Object.entries(gradients)) {
      const norm = Math.hypot(...(before[path] ?? []).map((each, i) => each - (after[path]?.[i] ?? Number.NaN)));
      expect(Math.abs(norm - wanted), `${path}: ${norm}, not ${wanted}`).toBeLessThan(1e-3 * wanted + 2e-5 * largest);
    }
  });
});

describe("the variational autoencoder", () => {
  const { options, batch, value } = cases.find(({ factory }) => factory === "vae") as Case;
  const images = tensor(draw("images", [batch, 4, 3, 2]), { shape: [batch, 4, 3, 2] });
  const loss = losses.binaryCrossentropy({ fromLogits: true });

  test("measures reconstruction and divergence without noise", async () => {
    const model = make("vae", options);
    model.setWeights(drawnWeights(model));
    model.compile({ optimizer: "adam", loss });
    expect((await model.evaluate(images, images.round())).loss).toBeCloseTo(value, 4);
  });

  test("learns, and gives its parts", async () => {
    const model = make("vae", options);
    model.compile({ optimizer: { kind: "adam", learningRate: 0.05 }, loss });
    const { history } = await model.fit(images, images.round(), { epochs: 60, batchSize: batch, verbose: 0 });
    const measured = history["loss"] as number[];
    expect(measured.at(-1)).toBeLessThan((measured[0] ?? 0) * 0.95);
    const [mean, logVariance] = await model.getModel("encoder").predictAll(images);
    expect([mean?.shape, logVariance?.shape]).toEqual([
      [batch, 3],
      [batch, 3],
    ]);
    expect((await model.getModel("decoder").predict(mean as Tensor)).shape).toEqual([batch, 4, 3, 2]);
  });
});

test("without their top, networks give features", () => {
  const shapeOf = (model: Model) => model.outputs[0]?.shape;
  const options = { includeTop: false, inputShape: [64, 96, 3] };
  expect(shapeOf(architectures.resnet18(options))).toEqual([2, 3, 512]);
  expect(shapeOf(architectures.resnet50(options))).toEqual([2, 3, 2048]);
  expect(shapeOf(architectures.vgg16(options))).toEqual([2, 3, 512]);
  expect(shapeOf(architectures.mobilenetV2(options))).toEqual([2, 3, 1280]);
  expect(shapeOf(architectures.resnetCifar(options))).toEqual([16, 24, 64]);
});

test.each<[() => Model, string]>([
  [() => architectures.resnet18({ clases: 10 } as object), 'did you mean "classes"'],
  [() => architectures.resnet18({ inputShape: [224, 224] }), "[height, width, channels]"],
  [() => architectures.resnet18({ classes: 0 }), "classes = 0"],
  [() => architectures.resnet50({ width: 1.5 }), "width = 1.5"],
  [() => architectures.resnetCifar({ depth: 21 }), "6 n + 2"],
  [() => architectures.mobilenetV2({ alpha: 0 }), "alpha = 0"],
  [() => architectures.unet({ inputShape: [60, 64, 1] }), "sides divisible by 16"],
  [() => architectures.mlpMixer({ inputShape: [30, 32, 3] }), "sides divisible by patchSize 16"],
  [() => architectures.autoencoder({ codeSize: -1 }), "codeSize = -1"],
  [() => architectures.vae({ klWeight: -1 }), "klWeight"],
])("bad options are refused: %#", (make, message) => {
  expect(make).toThrow(message);
});

/** Numbers in [0, 1), multiples of 1/4096, by the name and the place: as in make_architectures.py. */
function draw(name: string, shape: Shape): Float32Array {
  let seed = 0;
  for (const c of name) seed = (Math.imul(seed, 31) + c.charCodeAt(0)) >>> 0;
  return Float32Array.from({ length: product(shape) }, (_, i) => {
    let v = (Math.imul(i, 0x9e3779b1) + seed) >>> 0;
    v = Math.imul(v ^ (v >>> 16), 0x85ebca6b) >>> 0;
    v = Math.imul(v ^ (v >>> 13), 0xc2b2ae35) >>> 0;
    return ((v ^ (v >>> 16)) >>> 20) / 4096;
  });
}

/** Kernels in proportion to sqrt(6 / fan in), deviations around 1, all else around 0. */
function drawnWeights(model: Model): Record<string, Float32Array> {
  const values = model.weights.map(({ path, shape }) => {
    const name = path.split("/").at(-1);
    const single = shape.length === 4 && shape[3] === 1;
    const fan = product(single ? shape.slice(0, 2) : shape.slice(0, -1));
    const bound = Math.sqrt(6 / fan);
    const around = (u: number) => {
      if (name === "kernel") return roundHalfToEven((2 * u - 1) * bound * 4096) / 4096;
      return name === "gamma" || name === "movingVariance" ? 0.5 + u : (u - 0.5) / 2;
    };
    return [path, draw(path, shape).map(around)];
  });
  return Object.fromEntries(values);
}

/** NumPy's way. */
function roundHalfToEven(x: number): number {
  const low = Math.floor(x);
  return x - low === 0.5 ? low + (low % 2 === 0 ? 0 : 1) : Math.round(x);
}

function targetsOf(loss: Case["loss"], images: Tensor, batch: number) {
  if (loss === "crossentropy") return Int32Array.from({ length: batch }, (_, i) => i % 4);
  return loss === "binary" ? images.round() : images.slice(null, null, null, [0, 1]).round();
}

function copied(model: Model): Record<string, number[]> {
  return Object.fromEntries(Object.entries(model.getWeights()).map(([path, values]) => [path, [...values]]));
}

import {
  type Layer,
  layers,
  losses,
  type Model,
  model,
  optimizers,
  type Precision,
  randomKey,
  type SymbolicTensor,
  sequential,
  type Tensor,
} from "descent";
import type { LossName, OptimizerSpec } from "./task.ts";

/** One training step of the suite: the same network, batch size, loss and optimizer as in bench/peers/torch_peer.py. */
export interface Case {
  readonly name: string;
  readonly batch: number;
  /** Steps in an epoch of `fit`: Descent's blocks are whole epochs. */
  readonly steps: number;
  readonly loss: LossName;
  readonly optimizer: OptimizerSpec;
  build(): Model;
}

const ADAM: OptimizerSpec = { kind: "adam", learningRate: 1e-3 };

/** A classifier of flat samples with relu between its layers. */
function perceptron([inputs, ...units]: readonly [number, ...number[]]): Model {
  return sequential(
    units.map((count, i) =>
      layers.dense(count, {
        ...(i === 0 && { inputShape: [inputs] }),
        ...(i < units.length - 1 && { activation: "relu" as const }),
      }),
    ),
  );
}

/** A case of a perceptron's training with Adam, for the suite and for what grows (bench/commands/scaling.ts). */
export function perceptronCase(
  name: string,
  { batch, sizes, steps }: { batch: number; sizes: readonly [number, ...number[]]; steps: number },
): Case {
  return { name, batch, steps, loss: "crossEntropy", optimizer: ADAM, build: () => perceptron(sizes) };
}

function residualBlock(input: SymbolicTensor, filters: number, strides: number): SymbolicTensor {
  const conv = (kernelSize: number, stride: number): Layer =>
    layers.conv2d(filters, kernelSize, { strides: stride, padding: "same", useBias: false });
  const norm = () => layers.batchNormalization({ epsilon: 1e-5, momentum: 0.9 });
  const inner = layers.activation("relu")(norm()(conv(3, strides)(input)));
  const shortcut = strides > 1 ? conv(1, strides)(input) : input;
  return layers.activation("relu")(layers.add()([norm()(conv(3, 1)(inner)), shortcut]));
}

function resnet20(): Model {
  const input = layers.input({ shape: [32, 32, 3] });
  let x = layers.conv2d(16, 3, { padding: "same", useBias: false })(input);
  x = layers.activation("relu")(layers.batchNormalization({ epsilon: 1e-5, momentum: 0.9 })(x));
  for (const [filters, strides] of [
    [16, 1],
    [32, 2],
    [64, 2],
  ] as const) {
    for (let block = 0; block < 3; block++) x = residualBlock(x, filters, block === 0 ? strides : 1);
  }
  return model({ inputs: input, outputs: layers.dense(10)(layers.globalAveragePooling2d()(x)) });
}

/** nanoGPT's shape: pre-normalized blocks of causal attention and a feed-forward part four times as wide. */
export function gpt(vocabulary: number, context: number, blocks: number, heads: number, width: number): Model {
  const norm = () => layers.layerNormalization({ epsilon: 1e-5 });
  const input = layers.input({ shape: [context], dtype: "int32" });
  let x = layers.positionEmbedding(context)(layers.embedding(vocabulary, width)(input));
  for (let block = 0; block < blocks; block++) {
    x = layers.add()([x, layers.multiHeadAttention(heads, width / heads, { causal: true })(norm()(x))]);
    const hidden = layers.dense(4 * width, { activation: "gelu" })(norm()(x));
    x = layers.add()([x, layers.dense(width)(hidden)]);
  }
  return model({ inputs: input, outputs: layers.dense(vocabulary, { useBias: false })(norm()(x)) });
}

/** A recurrent network that says of each place what comes next. */
export function recurrent(vocabulary: number, context: number, width: number, units: number): Model {
  return sequential([
    layers.embedding(vocabulary, width, { inputShape: [context] }),
    layers.lstm(units, { returnSequences: true }),
    layers.dense(vocabulary),
  ]);
}

/** In the order of the shared suite. */
export const CASES: readonly Case[] = [
  {
    name: "mlp-tiny",
    batch: 1,
    steps: 2000,
    loss: "binaryCrossentropy",
    optimizer: ADAM,
    build: () =>
      sequential([
        layers.dense(10, { activation: "relu", inputShape: [2] }),
        layers.dense(5, { activation: "relu" }),
        layers.dense(1, { activation: "sigmoid" }),
      ]),
  },
  perceptronCase("mlp-mnist", { batch: 128, sizes: [784, 512, 256, 10], steps: 50 }),
  perceptronCase("mlp-wide", { batch: 256, sizes: [1024, 2048, 2048, 1000], steps: 4 }),
  {
    name: "cnn-mnist",
    batch: 128,
    steps: 4,
    loss: "crossEntropy",
    optimizer: ADAM,
    build: () =>
      sequential([
        layers.conv2d(32, 3, { activation: "relu", inputShape: [28, 28, 1] }),
        layers.conv2d(64, 3, { activation: "relu" }),
        layers.maxPooling2d({ poolSize: 2 }),
        layers.dropout(0.25),
        layers.flatten(),
        layers.dense(128, { activation: "relu" }),
        layers.dropout(0.5),
        layers.dense(10),
      ]),
  },
  {
    name: "resnet20",
    batch: 64,
    steps: 4,
    loss: "crossEntropy",
    optimizer: { kind: "sgd", learningRate: 0.1, momentum: 0.9, weightDecay: 1e-4 },
    build: resnet20,
  },
  {
    name: "lstm-char",
    batch: 32,
    steps: 4,
    loss: "crossEntropy",
    optimizer: ADAM,
    build: () => recurrent(65, 64, 128, 256),
  },
  {
    name: "gpt-mini",
    batch: 12,
    steps: 10,
    loss: "crossEntropy",
    optimizer: { kind: "adamw", learningRate: 1e-3 },
    build: () => gpt(65, 64, 4, 4, 128),
  },
];

/** The case of that name. */
export function caseNamed(name: string): Case {
  const found = CASES.find((each) => each.name === name);
  if (!found) throw new Error(`no case ${name}; known: ${CASES.map((each) => each.name).join(", ")}`);
  return found;
}

/** Its network, ready to train; as PyTorch's cross_entropy the loss is taken from logits and class numbers. */
export function compiled({ build, loss, optimizer }: Case, precision?: Precision): Model {
  const { kind, ...options } = optimizer;
  return build().compile({
    optimizer: optimizers[kind](options),
    loss: loss === "crossEntropy" ? losses.sparseCategoricalCrossentropy({ fromLogits: true }) : loss,
    precision,
  });
}

/** Its network, ready to train, and random samples. */
export function prepared(suite: Case, samples: number): { network: Model; x: Tensor; y: Tensor } {
  const network = compiled(suite);
  const key = randomKey(0);
  const [input, output] = [network.inputs[0], network.outputs[0]];
  const tokens = input && network.lookupOf(input)?.indices;
  const shape = [samples, ...(input?.shape ?? [])];
  const x = tokens ? key.fold(1).integers(shape, { max: tokens }) : key.fold(1).uniform(shape);
  const max = suite.loss === "crossEntropy" ? (output?.shape.at(-1) ?? 2) : 2;
  const classes = key.fold(2).integers([samples, ...(output?.shape.slice(0, -1) ?? [])], { max });
  const y = suite.loss === "crossEntropy" ? classes : classes.cast("float32").reshape([samples, 1]);
  return { network, x, y };
}

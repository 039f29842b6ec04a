import {
  type Layer,
  layers,
  losses,
  type Model,
  model,
  optimizers,
  randomKey,
  type SymbolicTensor,
  sequential,
  type Tensor,
} from "descent";

/** One training step of the suite: the same network, batch size, loss and optimizer as in bench/torch_peer.py. */
export interface Case {
  name: string;
  batch: number;
  /** Steps in a block: enough for a block to take some hundred milliseconds. */
  steps: number;
  /** A compiled model, and samples for one block. */
  make(samples: number): { network: Model; x: Tensor; y: Tensor };
}

const key = randomKey(0);
const uniform = (shape: readonly number[]) => key.fold(1).uniform(shape);
const classes = (samples: number, count: number) => key.fold(2).integers([samples], { max: count });

/** As PyTorch's cross_entropy: from logits and class numbers. */
const crossEntropy = () => losses.sparseCategoricalCrossentropy({ fromLogits: true });

/** A classifier of flat samples with relu between its layers. */
function perceptron(sizes: readonly [number, ...number[]], samples: number) {
  const [inputs, ...units] = sizes;
  const classCount = units.at(-1) ?? inputs;
  const network = sequential(
    units.map((count, i) =>
      layers.dense(count, {
        ...(i === 0 && { inputShape: [inputs] }),
        ...(i < units.length - 1 && { activation: "relu" as const }),
      }),
    ),
  );
  network.compile({ optimizer: "adam", loss: crossEntropy() });
  return { network, x: uniform([samples, inputs]), y: classes(samples, classCount) };
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

export const CASES: readonly Case[] = [
  {
    name: "mlp-tiny",
    batch: 1,
    steps: 2000,
    make(samples) {
      const network = sequential([
        layers.dense(10, { activation: "relu", inputShape: [2] }),
        layers.dense(5, { activation: "relu" }),
        layers.dense(1, { activation: "sigmoid" }),
      ]);
      network.compile({ optimizer: "adam", loss: "binaryCrossentropy" });
      return { network, x: uniform([samples, 2]), y: classes(samples, 2).cast("float32").reshape([samples, 1]) };
    },
  },
  { name: "mlp-mnist", batch: 128, steps: 100, make: (samples) => perceptron([784, 512, 256, 10], samples) },
  { name: "mlp-wide", batch: 256, steps: 8, make: (samples) => perceptron([1024, 2048, 2048, 1000], samples) },
  {
    name: "cnn-mnist",
    batch: 128,
    steps: 8,
    make(samples) {
      const network = sequential([
        layers.conv2d(32, 3, { activation: "relu", inputShape: [28, 28, 1] }),
        layers.conv2d(64, 3, { activation: "relu" }),
        layers.maxPooling2d({ poolSize: 2 }),
        layers.dropout(0.25),
        layers.flatten(),
        layers.dense(128, { activation: "relu" }),
        layers.dropout(0.5),
        layers.dense(10),
      ]);
      network.compile({ optimizer: "adam", loss: crossEntropy() });
      return { network, x: uniform([samples, 28, 28, 1]), y: classes(samples, 10) };
    },
  },
  {
    name: "resnet20",
    batch: 64,
    steps: 5,
    make(samples) {
      const network = resnet20();
      const optimizer = optimizers.sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 1e-4 });
      network.compile({ optimizer, loss: crossEntropy() });
      return { network, x: uniform([samples, 32, 32, 3]), y: classes(samples, 10) };
    },
  },
];

/**
 * Floating point operations of one training step: two for each multiply-add of dense layers and convolutions, forward, for
 * the weights' gradient, and (but not for what the inputs flow into) for the inputs' gradient. Everything else is left
 * out, as is usual.
 */
export function flopOf(network: Model, batch: number): number {
  let total = 0;
  for (const { weights, calls } of network.layers) {
    const kernel = weights.find(({ path }) => path.endsWith("/kernel"));
    for (const { shape, origin } of calls) {
      const products = (kernel?.size ?? 0) / (kernel?.shape.at(-1) ?? 1);
      const forward = 2 * batch * products * shape.reduce((size, axis) => size * axis, 1);
      const first = origin.inputs.every((input) => network.inputs.includes(input));
      total += forward * (first ? 2 : 3);
    }
  }
  return total;
}

import {
  blockUntilReady,
  defaultDevice,
  init,
  jit,
  lax,
  nn,
  numpy as np,
  random,
  tree,
  valueAndGrad,
} from "@jax-js/jax";
import { factors, firstWeights, oneHot, samplesOf } from "../suite/numbers.ts";
import {
  type Contestant,
  firstLosses,
  type KernelTask,
  noKernel,
  sampled,
  type TrainingTask,
  timeSteps,
  type Work,
} from "../suite/task.ts";

// biome-ignore lint/suspicious/noExplicitAny: the peer's types are not installed with the project
type Arrays = any;

const array = (values: Float32Array, shape: readonly number[]) => np.array(values, { shape: [...shape] });

type Weights = { kernel: Arrays; bias: Arrays }[];

/** The first weights; convolutions as [out, in, height, width], which is the form that jax-js convolves. */
function weightsOf(task: TrainingTask): Weights {
  const values = firstWeights(task);
  const arrays = task.weights.map(({ path, shape }) => {
    const given = array(values[path] ?? new Float32Array(), shape);
    if (shape.length === 4) return np.transpose(given, [3, 2, 0, 1]);
    return given;
  });
  const made: Weights = [];
  for (let i = 0; i < arrays.length; i += 2) made.push({ kernel: arrays[i], bias: arrays[i + 1] });
  return made;
}

/** The network's logits from [batch, channels, height, width] or [batch, units]. Every use of an array consumes it, save through `.ref`. */
function forward(task: TrainingTask, weights: Arrays, input: Arrays, key: Arrays): Arrays {
  let x = input;
  let used = 0;
  let dropouts = 0;
  const relu = (y: unknown, { activation }: { readonly [name: string]: unknown }) => {
    if (activation === "relu") return nn.relu(y);
    return activation === "sigmoid" ? nn.sigmoid(y) : y;
  };
  for (const { kind, options } of task.layers) {
    if (kind === "dense") {
      const { kernel, bias } = weights[used++];
      x = relu(np.dot(x, kernel).add(bias), options);
    } else if (kind === "conv2d") {
      const { kernel, bias } = weights[used++];
      x = relu(lax.convGeneralDilated(x, kernel, [1, 1], "VALID").add(bias.reshape([-1, 1, 1])), options);
    } else if (kind === "maxPooling2d") {
      const size = options.poolSize as number;
      x = lax.reduceWindow(x, np.max, [size, size], [size, size]);
    } else if (kind === "dropout") {
      const keep = 1 - (options.rate as number);
      const kept = random.bernoulli(random.key(np.add(key.ref, dropouts++)), keep, x.shape);
      x = np.where(kept, x.mul(1 / keep), 0);
    } else if (kind === "flatten") {
      x = x.reshape([task.batch, -1]);
    } else throw new Error(`jax-js has no layers, and ${kind} was not written for it here`);
  }
  key.dispose();
  return x;
}

/** The whole step as one function of arrays, compiled by `jit`: loss and gradient, then Adam as @jax-js/optax writes it. */
function trainStep(task: TrainingTask) {
  const [rate, beta1, beta2, epsilon] = [task.optimizer.learningRate, 0.9, 0.999, 1e-8];
  const lossOf = (weights: Arrays, x: Arrays, y: Arrays, key: Arrays) => {
    const output = forward(task, weights, x, key);
    if (task.loss === "crossEntropy")
      return nn
        .logSoftmax(output)
        .mul(y)
        .sum()
        .mul(-1 / task.batch);
    const opposite = np.subtract(1, y.ref).mul(np.log(np.subtract(1, output.ref)));
    return y
      .mul(np.log(output))
      .add(opposite)
      .sum()
      .mul(-1 / task.batch);
  };
  return jit((weights: Arrays, means: Arrays, squares: Arrays, scale: Arrays, x: Arrays, y: Arrays, key: Arrays) => {
    const [loss, gradient] = valueAndGrad(lossOf)(tree.ref(weights), x, y, key);
    means = tree.map((m: Arrays, g: Arrays) => m.mul(beta1).add(g.ref.mul(1 - beta1)), means, tree.ref(gradient));
    squares = tree.map((v: Arrays, g: Arrays) => v.mul(beta2).add(np.square(g).mul(1 - beta2)), squares, gradient);
    const { first, second } = scale; // 1 / (1 - beta^step)
    weights = tree.map(
      (w: Arrays, m: Arrays, v: Arrays) =>
        w.sub(
          m
            .mul(first.ref)
            .mul(rate)
            .div(np.sqrt(v.mul(second.ref)).add(epsilon)),
        ),
      weights,
      tree.ref(means),
      tree.ref(squares),
    );
    tree.dispose([first, second]);
    return [loss, weights, means, squares];
  });
}

async function train(task: TrainingTask): Promise<Work> {
  if (task.optimizer.kind !== "adam")
    throw new Error("jax-js has no layers, and this network was not written for it here");
  let weights = weightsOf(task);
  const zeros = () => tree.map((w: { shape: number[] }) => np.zeros(w.shape), weights);
  let [means, squares] = [zeros(), zeros()];
  const data = samplesOf(task);
  const image = task.inputShape.length === 3;
  const channelsFirst = image ? [task.inputShape[2] ?? 1, ...task.inputShape.slice(0, 2)] : task.inputShape;
  const given = array(data.x, [task.batch, ...task.inputShape]);
  const x = image ? np.transpose(given, [0, 3, 1, 2]).reshape([task.batch, ...channelsFirst]) : given;
  const y =
    task.loss === "crossEntropy"
      ? array(oneHot(data.y, task.classes), [task.batch, task.classes])
      : array(Float32Array.from(data.y), [task.batch, 1]);
  await blockUntilReady([weights, means, squares, x, y]);

  const compiled = trainStep(task);
  let count = 0;
  const step = async (): Promise<{ dispose(): void; data(): Promise<Float32Array> }> => {
    count++;
    const scale = { first: np.array(1 / (1 - 0.9 ** count)), second: np.array(1 / (1 - 0.999 ** count)) };
    const key = np.array(count, { dtype: np.uint32 });
    const [loss, ...next] = compiled(weights, means, squares, scale, x.ref, y.ref, key);
    [weights, means, squares] = next;
    await blockUntilReady(next);
    return loss;
  };
  const read = async (): Promise<number> => (await (await step()).data())[0] ?? Number.NaN;
  return {
    first: await firstLosses(read),
    block: (ms) => timeSteps(ms, async () => (await step()).dispose()),
    loss: read,
    async end() {
      tree.dispose([weights, means, squares, x, y]);
      compiled.dispose?.();
    },
  };
}

async function multiply({ size: { rows = 1, columns = 1, depth = 1 } }: KernelTask): Promise<Work> {
  const [first, second] = factors(rows, columns, depth);
  const [a, b] = [array(first, [rows, depth]), array(second, [depth, columns])];
  const compiled = jit((left: unknown, right: unknown) => np.matmul(left, right));
  const result = compiled(a.ref, b.ref);
  const values: Float32Array = await result.data();
  const step = async () => (await compiled(a.ref, b.ref).blockUntilReady()).dispose();
  return {
    first: sampled(rows, columns).map((i) => values[i] ?? Number.NaN),
    block: (ms) => timeSteps(ms, step),
    loss: async () => 0,
    async end() {
      tree.dispose([a, b]);
      compiled.dispose?.();
    },
  };
}

/**
 * jax-js on its "wasm" device. It starts `navigator.hardwareConcurrency` Web Workers: whoever calls this has seen to both being there.
 */
export async function startJax(version: string, note: string): Promise<Contestant> {
  await init("wasm");
  return {
    name: "jax-js",
    version,
    threads: typeof Worker === "undefined" ? 1 : navigator.hardwareConcurrency,
    note: `${defaultDevice()} device, ${note}`,
    async begin(task) {
      if (task.kind === "training") return train(task);
      return task.op === "matmul" ? multiply(task) : noKernel();
    },
  };
}

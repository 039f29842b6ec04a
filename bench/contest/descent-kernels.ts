import {
  type BoundProgram,
  conv,
  createProgram,
  gradients,
  optimizers,
  resolveEngine,
  type Spec,
  type Tensor,
} from "descent";
import { between, factors, product } from "../suite/numbers.ts";
import { type KernelTask, sampled, timeSteps, type Work } from "../suite/task.ts";

/** A kernel as a program: what it is given, and what it makes of that. */
interface Recipe {
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly state?: Readonly<Record<string, readonly number[]>>;
  body(given: Readonly<Record<string, Tensor>>): { outputs?: Record<string, Tensor>; state?: Record<string, Tensor> };
}

/** Adam's step over `parameters` numbers that lie one after the other. */
function adam(parameters: number): Recipe {
  const state = { parameter: [parameters], firstMoment: [parameters], secondMoment: [parameters] };
  return {
    inputs: { gradient: [parameters], learningRate: [], step: [] },
    state,
    body({ parameter, gradient, learningRate, step, ...slots }) {
      const next = optimizers.adam().update({
        parameter: parameter!,
        gradient: gradient!,
        learningRate: learningRate!,
        step: step!,
        slots,
      });
      return { state: { parameter: next.parameter, ...next.slots } };
    },
  };
}

function recipeOf({ op, size }: KernelTask): Recipe {
  const { rows = 1, columns = 1, depth = 1, batch = 1, image = 1, inputs = 1, filters = 1, kernel = 1 } = size;
  const { stride = 1, parameters = 1 } = size;
  const out = Math.ceil(image / stride);
  const side = (kernel - 1) / 2;
  const [x, w] = [
    [batch, image, image, inputs],
    [kernel, kernel, inputs, filters],
  ];
  const options = { strides: stride, padding: [[side, side] as const, [side, side] as const] };
  switch (op) {
    case "matmul":
      return {
        inputs: { a: [rows, depth], b: [depth, columns] },
        body: ({ a, b }) => ({ outputs: { c: a!.matmul(b!) } }),
      };
    case "conv":
      return { inputs: { x, w }, body: ({ x, w }) => ({ outputs: { y: conv(x!, w!, options) } }) };
    case "convGradients":
      return {
        inputs: { x, w, dy: [batch, out, out, filters] },
        body({ x, w, dy }) {
          const [dx, dw] = gradients(conv(x!, w!, options).mul(dy!), [x!, w!]);
          return { outputs: { dx: dx!, dw: dw! } };
        },
      };
    case "softmax":
      return { inputs: { x: [rows, columns] }, body: ({ x }) => ({ outputs: { y: x!.softmax() } }) };
    case "layerNorm":
      return {
        inputs: { x: [rows, columns], gamma: [columns], beta: [columns] },
        body({ x, gamma, beta }) {
          const centred = x!.sub(x!.mean({ axis: -1, keepdims: true }));
          const variance = centred.square().mean({ axis: -1, keepdims: true });
          return { outputs: { y: centred.mul(variance.add(1e-5).rsqrt()).mul(gamma!).add(beta!) } };
        },
      };
    case "adam":
      return adam(parameters);
  }
}

/** Numbers to compute with. A product's are what other libraries multiply, too. */
function fill({ op, size }: KernelTask, { inputs }: BoundProgram): void {
  const { rows = 1, columns = 1, depth = 1 } = size;
  const given = op === "matmul" ? factors(rows, columns, depth) : [];
  Object.values(inputs).forEach((array, i) => array.set(given[i] ?? between(5 + i, array.length, 0.5, 1)));
}

/** One kernel on the engine that DESCENT_ENGINE names. */
export async function computeKernel(task: KernelTask): Promise<Work> {
  const { inputs, state = {}, body } = recipeOf(task);
  const { engine } = await resolveEngine();
  const specs = (shapes: Readonly<Record<string, readonly number[]>>): Record<string, Spec> =>
    Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, { shape, dtype: "float32" }]));
  const program = await createProgram({
    name: task.op,
    engine,
    inputs: specs(inputs),
    state: specs(state),
    body: (given) => body({ ...given.inputs, ...given.state }),
  });
  const bound = program.bind();
  fill(task, bound);
  await bound.run();
  const { rows = 1, columns = 1 } = task.size;
  const c = bound.outputs.c;
  return {
    first: c && product([rows, columns]) === c.length ? sampled(rows, columns).map((i) => c[i] ?? Number.NaN) : [],
    block: (ms) => timeSteps(ms, bound.run),
    loss: async () => 0,
    async end() {},
  };
}

import { applyOptimizer, optimizerFrom, trainingPoint } from "../optim/index.ts";
import { createProgram, RandomKey, type Tensor } from "../tensor/index.ts";
import { fail, product, type Shape } from "../util/index.ts";
import type { Numbers, Tolerance } from "./close.ts";
import { compare, named, onEngines } from "./compare.ts";
import { engineOf, type TestEngine } from "./engines.ts";
import { type Computed, mapValues } from "./run.ts";

/** An optimizer, where it starts, and where it should be after some steps. */
export interface OptimizerCase extends Tolerance {
  readonly optimizer: Parameters<typeof optimizerFrom>[0];
  /** Parameters before the first step. */
  readonly start: Tensor;
  /** The gradient at some parameters. */
  readonly gradient: (parameters: Tensor) => Tensor;
  /** Shapes of the weights that `start` is made of, one after the other; default: one of start's shape. */
  readonly shapes?: readonly Shape[] | undefined;
  /** Their paths, for options that name weights; default none. */
  readonly paths?: readonly string[] | undefined;
  /** Numbers of the steps whose parameters are of interest, rising; 1 is after the first update. */
  readonly steps: readonly number[];
  /** A rate per step instead of the optimizer's own. */
  readonly learningRates?: readonly number[] | undefined;
  /** Parameters after each of `steps`, from elsewhere. */
  readonly expected?: readonly Numbers[] | undefined;
  /** Default: all that work here. */
  readonly engines?: readonly TestEngine[] | undefined;
}

/**
 * Walks with an optimizer, each gradient taken at the current parameters, on every engine: the expected places are reached,
 * the same optimizer made again from its name and options walks the same way, to the bit, and engines agree.
 *
 * @returns the parameters after each of `steps`, of the first engine.
 * @throws DescentError naming engine, step and element.
 * @example
 * const away = tensor([4, -4]);
 * await optimizerCase({ optimizer: "adam", start: away, gradient: (p) => p.mul(2), steps: [1, 100] });
 */
export function optimizerCase(given: OptimizerCase): Promise<Computed[]> {
  const run = async (engine: TestEngine) => {
    const places = await walk(given, given.optimizer, engine);
    const { kind, options } = optimizerFrom(given.optimizer);
    if (kind !== "custom") {
      const again = await walk(given, { kind, ...JSON.parse(JSON.stringify(options)) }, engine);
      const exact = { rtol: 0, atol: 0 };
      checkPlaces(`${engine}: made again from its options`, again, dataOf(places), given.steps, exact);
    }
    checkPlaces(engine, places, given.expected, given.steps, given);
    return places;
  };
  return onEngines(given.engines, run, (other, first) =>
    checkPlaces("places", other, dataOf(first), given.steps, given),
  );
}

function dataOf(places: readonly Computed[]): Numbers[] {
  return places.map(({ data }) => data);
}

function checkPlaces(
  who: string,
  places: readonly Computed[],
  expected: readonly Numbers[] | undefined,
  steps: readonly number[],
  tolerance: Tolerance,
): void {
  expected?.forEach((wanted, i) => {
    named(who, () => compare(`parameters after step ${steps[i]}`, places[i] as Computed, wanted, tolerance));
  });
}

async function walk(
  { start, gradient, shapes = [start.shape], paths, steps, learningRates }: OptimizerCase,
  like: OptimizerCase["optimizer"],
  engine: TestEngine,
): Promise<Computed[]> {
  const optimizer = optimizerFrom(like);
  const vector = { shape: [start.size], dtype: "float32" } as const; // as in training: all parameters are one flat vector
  let end = 0;
  const segments = shapes.map((shape, i) => {
    const offset = end;
    end += product(shape);
    return { path: paths?.[i], shape, offset, size: product(shape) };
  });
  if (end !== start.size) fail(`optimizerCase got shapes of ${end} elements`, `${start.size}, as start has`);
  const scalar = { shape: [], dtype: "float32" } as const;
  const program = await createProgram({
    name: optimizer.kind,
    engine: await engineOf(engine),
    state: { parameter: vector, ...mapValues(optimizer.slots, () => vector) },
    inputs: { learningRate: scalar, step: scalar, control: { shape: [2], dtype: "uint32" } },
    body: ({ state: { parameter, ...slots }, inputs: { learningRate, step, control } }) => {
      if (!parameter || !learningRate || !step || !control) fail("a program lost its inputs");
      const gradientAt = (place: Tensor) => gradient(place.reshape([...start.shape])).reshape([start.size]);
      const point = trainingPoint(optimizer, { parameter, slots, step });
      const key = RandomKey.fromTensor(control).fold(step.cast("uint32").reshape([1]));
      const given = { parameter, gradient: gradientAt(point), slots, learningRate, step, point, gradientAt, key };
      const next = applyOptimizer(optimizer, given, segments);
      return { state: { parameter: next.parameter, ...next.slots } };
    },
  });
  const { state, inputs, run } = program.bind();
  state.parameter?.set(await start.data());
  for (const [name, value] of Object.entries(optimizer.slots)) state[name]?.fill(value);

  const places: Computed[] = [];
  for (let step = 1; step <= (steps.at(-1) ?? 0); step++) {
    inputs.learningRate?.fill(learningRates?.[step - 1] ?? optimizer.learningRate.at(step - 1));
    inputs.step?.fill(step);
    const running = run();
    if (running) await running;
    if (steps.includes(step) && state.parameter) places.push({ shape: start.shape, data: state.parameter.slice() });
  }
  return places;
}

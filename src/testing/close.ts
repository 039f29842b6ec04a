import { fail, formatShape } from "../util/index.ts";

/** How far two numbers may be apart: |actual - expected| <= atol + rtol * |expected|, as NumPy's `assert_allclose`. */
export interface Tolerance {
  /** Relative to the expected number; default 1e-5 (what float32 holds after some arithmetic). */
  rtol?: number | undefined;
  /** Absolute, for numbers near zero; default 1e-8 (NumPy's `allclose`). */
  atol?: number | undefined;
}

/** A number, a typed array, or nested lists of numbers and booleans, such as `await tensor.array()`. */
export type Numbers = number | boolean | ArrayLike<number | boolean> | readonly Numbers[];

/**
 * Asserts that all numbers are close. Not-a-number equals itself and an infinity its like. Typed arrays compare with
 * nested lists element by element in row-major order; two nested lists must have the same shape.
 *
 * @throws DescentError naming the worst element, both values and how many are off.
 * @example
 * expectClose(await tensor([1, 2, 3]).mean().array(), 2);
 * expectClose([1.00001, 2], [1, 2], { rtol: 1e-4 });
 */
export function expectClose(actual: Numbers, expected: Numbers, tolerance: Tolerance = {}): void {
  const { rtol = 1e-5, atol = 1e-8 } = tolerance;
  const [a, b] = [flatten("actual", actual), flatten("expected", expected)];
  const sameShapes = a.shape === undefined || b.shape === undefined || formatShape(a.shape) === formatShape(b.shape);
  if (a.values.length !== b.values.length || !sameShapes) {
    fail(`the actual numbers are ${describe(a)}`, describe(b));
  }
  let wrong = 0;
  let worst = -1;
  let worstExcess = 0;
  for (let i = 0; i < b.values.length; i++) {
    const excess = excessOf(a.values[i] as number, b.values[i] as number, rtol, atol);
    if (!(excess > 1)) continue;
    wrong++;
    if (excess > worstExcess) [worst, worstExcess] = [i, excess];
  }
  if (wrong === 0) return;
  const where = place(worst, a.shape ?? b.shape);
  const bound = `within rtol ${rtol}, atol ${atol}; ${wrong} of ${b.values.length} are not`;
  fail(
    `element ${where} is ${a.values[worst]} (${worstExcess.toPrecision(3)} times the tolerance away)`,
    `${b.values[worst]} ${bound}`,
  );
}

/** The distance in tolerances; above 1 is too far, Infinity hopeless. */
function excessOf(actual: number, expected: number, rtol: number, atol: number): number {
  if (Object.is(actual, expected) || actual === expected) return 0;
  const excess = Math.abs(actual - expected) / (atol + rtol * Math.abs(expected));
  return Number.isFinite(expected) && !Number.isNaN(excess) ? excess : Number.POSITIVE_INFINITY;
}

interface Flat {
  readonly values: number[];
  /** undefined for a typed array, which has no shape of its own. */
  readonly shape?: number[];
}

/** Row-major numbers of any form. */
export function flatten(what: string, numbers: Numbers): Flat {
  if (typeof numbers === "object" && !Array.isArray(numbers) && "length" in numbers) {
    return { values: Array.from(numbers as ArrayLike<number | boolean>, Number) };
  }
  const values: number[] = [];
  const shape: number[] = [];
  for (let level: unknown = numbers; Array.isArray(level); level = level[0]) shape.push(level.length);
  const visit = (item: unknown, depth: number): void => {
    if (Array.isArray(item) && item.length === shape[depth]) {
      for (const inner of item) visit(inner, depth + 1);
    } else if ((typeof item === "number" || typeof item === "boolean") && depth === shape.length) {
      values.push(Number(item));
    } else {
      const fix = "a tensor's numbers come from `await tensor.array()` or `await tensor.data()`";
      fail(`expectClose's ${what} argument is no number and no regular nested list of numbers`, "numbers", fix);
    }
  };
  visit(numbers, 0);
  return { values, shape };
}

function describe({ values, shape }: Flat): string {
  return shape ? `of shape ${formatShape(shape)}` : `${values.length} in a typed array`;
}

/** "[1, 2]" for a flat index. */
function place(index: number, shape: readonly number[] | undefined): string {
  if (!shape) return `[${index}]`;
  const place: number[] = [];
  let rest = index;
  for (const size of [...shape].reverse()) {
    place.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return formatShape(place);
}

/**
 * Where the polynomial coefficients of src/ir/scalar come from: `npx tsx scripts/minimax.ts` prints them.
 * Fitted in float64; coefficients are rounded to float32 one by one, lowest first, and the rest fitted again.
 */

export interface Fit {
  readonly target: (x: number) => number;
  /** The error that is made small is weight(x) * (polynomial(x) - target(x)); never negative. */
  readonly weight: (x: number) => number;
  readonly interval: readonly [number, number];
  readonly degree: number;
  /** Lowest coefficients that are given. */
  readonly known?: readonly number[];
}

const GRID = 400;
const ROUNDS = 100;
const CHECKS = 4001;

/** Solves a dense linear system by elimination with row pivots. */
function solve(matrix: number[][], right: number[]): number[] {
  const n = right.length;
  const rows = matrix.map((row, i) => [...row, right[i] as number]);
  for (let column = 0; column < n; column++) {
    let best = column;
    for (let i = column + 1; i < n; i++) if (Math.abs(at(rows, i, column)) > Math.abs(at(rows, best, column))) best = i;
    [rows[column], rows[best]] = [rows[best] as number[], rows[column] as number[]];
    const pivot = rows[column] as number[];
    for (let i = 0; i < n; i++) {
      if (i === column) continue;
      const factor = at(rows, i, column) / (pivot[column] as number);
      const row = rows[i] as number[];
      for (let j = column; j <= n; j++) row[j] = (row[j] as number) - factor * (pivot[j] as number);
    }
  }
  return rows.map((row, i) => (row[n] as number) / (row[i] as number));
}

function at(rows: number[][], i: number, j: number): number {
  return (rows[i] as number[])[j] as number;
}

export function evaluate(coefficients: readonly number[], x: number): number {
  return coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0);
}

/**
 * The polynomial of least greatest weighted error whose lowest coefficients are `known`: least squares, where the errors that stay
 * large weigh more each time (Lawson 1961). Unlike Remez's exchange it does not mind known coefficients and zeros of the weight.
 */
function lawson(fit: Fit, known: readonly number[]): number[] {
  const [low, high] = fit.interval;
  const scale = Math.max(Math.abs(low), Math.abs(high));
  const grid = Array.from(
    { length: GRID },
    (_, i) => (low + high) / 2 - ((high - low) / 2) * Math.cos((Math.PI * (i + 0.5)) / GRID),
  );
  const free = fit.degree + 1 - known.length;
  // Rows of the weighted system; x is scaled to [-1, 1].
  const rows = grid.map((x) =>
    Array.from({ length: free }, (_, j) => fit.weight(x) * (x / scale) ** (known.length + j)),
  );
  const right = grid.map((x) => fit.weight(x) * (fit.target(x) - evaluate(known, x)));
  let importance = grid.map(() => 1);
  let best = { error: Number.POSITIVE_INFINITY, solution: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    const matrix = Array.from({ length: free }, () => new Array<number>(free).fill(0));
    const vector = new Array<number>(free).fill(0);
    rows.forEach((row, i) => {
      for (let a = 0; a < free; a++) {
        const part = (importance[i] as number) * (row[a] as number);
        const line = matrix[a] as number[];
        for (let b = 0; b < free; b++) line[b] = (line[b] as number) + part * (row[b] as number);
        vector[a] = (vector[a] as number) + part * (right[i] as number);
      }
    });
    const solution = solve(matrix, vector);
    const errors = rows.map((row, i) =>
      Math.abs(row.reduce((sum, value, j) => sum + value * (solution[j] as number), -(right[i] as number))),
    );
    const error = Math.max(...errors);
    if (error < best.error) best = { error, solution };
    importance = importance.map((value, i) => value * (errors[i] as number));
    const total = importance.reduce((sum, value) => sum + value, 0);
    importance = importance.map((value) => value / total);
  }
  return [...known, ...best.solution.map((value, j) => value / scale ** (known.length + j))];
}

/** Float32 coefficients, lowest first, and the greatest weighted error that remains. */
export function minimax(fit: Fit): { coefficients: number[]; error: number } {
  const known = [...(fit.known ?? [])];
  while (known.length <= fit.degree) known.push(Math.fround(lawson(fit, known)[known.length] as number));
  let error = 0;
  for (let i = 0; i <= CHECKS; i++) {
    const x = fit.interval[0] + ((fit.interval[1] - fit.interval[0]) * i) / CHECKS;
    error = Math.max(error, Math.abs(fit.weight(x) * (evaluate(known, x) - fit.target(x))));
  }
  return { coefficients: known, error };
}

/** sum of term(k) * x^k, until it stands still. */
function series(x: number, term: (k: number) => number): number {
  let sum = 0;
  for (let k = 0, power = 1; k < 400 && Math.abs(power * term(k)) > 1e-18 * Math.abs(sum); k++, power *= x)
    sum += term(k) * power;
  return sum;
}

function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1);
}

/** erf(x) / x as a series in x^2, for |x| < 3. */
function erfRatio(square: number): number {
  return (2 / Math.sqrt(Math.PI)) * series(-square, (k) => 1 / (factorial(k) * (2 * k + 1)));
}

/** erfc(x) for x > 0.5 by its continued fraction (Abramowitz and Stegun 7.1.14), from far enough down. */
function erfc(x: number): number {
  let tail = x;
  for (let k = 4000; k > 0; k--) tail = x + k / 2 / tail;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * tail);
}

const LN2_HALF = Math.LN2 / 2 + 1e-4;
const QUARTER_PI = Math.PI / 4 + 1e-4;

/** Every polynomial of src/ir/scalar under the name of its constant there. Weights make the error relative to the function's value. */
export const FITS: Record<string, Fit> = {
  // e^r = 1 + r + r^2 P(r), the error relative to e^r - 1
  EXP_TAIL: {
    target: (r) => series(r, (k) => 1 / factorial(k + 2)),
    weight: (r) => (r === 0 ? 0 : (r * r) / Math.abs(Math.expm1(r))),
    interval: [-LN2_HALF, LN2_HALF],
    degree: 5,
  },
  // tanh(x) = x + x^3 P(x^2)
  TANH_TAIL: {
    target: (z) => tanhTail(z),
    weight: (z) => (z === 0 ? 0 : (z * Math.sqrt(z)) / Math.tanh(Math.sqrt(z))),
    interval: [0, 0.3025],
    degree: 5,
  },
  // log(1 + f) = f - f^2 / 2 + f^3 P(f)
  LOG_TAIL: {
    target: (f) => (Math.abs(f) < 0.05 ? series(-f, (k) => 1 / (k + 3)) : (Math.log1p(f) - f + (f * f) / 2) / f ** 3),
    weight: (f) => (f === 0 ? 0 : f ** 3 / Math.log1p(f)),
    interval: [-1 / 3 - 1e-6, 1 / 3 + 1e-6],
    degree: 8,
  },
  // sin(r) = r + r^3 P(r^2)
  SIN_TAIL: {
    target: (z) => series(-z, (k) => -1 / factorial(2 * k + 3)),
    weight: (z) => (z === 0 ? 0 : (z * Math.sqrt(z)) / Math.sin(Math.sqrt(z))),
    interval: [0, QUARTER_PI ** 2],
    degree: 3,
  },
  // cos(r) = 1 - r^2 / 2 + r^4 P(r^2)
  COS_TAIL: {
    target: (z) => series(-z, (k) => 1 / factorial(2 * k + 4)),
    weight: (z) => (z * z) / Math.cos(Math.sqrt(z)),
    interval: [0, QUARTER_PI ** 2],
    degree: 3,
  },
  // erf(x) = x + x P(x^2), |x| < 0.92
  ERF_NEAR: {
    target: (z) => erfRatio(z) - 1,
    weight: (z) => 1 / erfRatio(z),
    interval: [0, 0.8465],
    degree: 6,
  },
  // erf(x) = 1 - e^(-x - x P(x))
  ERF_FAR: {
    target: (x) => -Math.log(erfc(x)) / x - 1,
    weight: (x) => (x * erfc(x)) / (1 - erfc(x)),
    interval: [0.92, 3.95],
    degree: 6,
  },
  // atanh(s) = s + s^3 (1/3 + s^2 P(s^2)), of pow's logarithm
  ATANH_TAIL: {
    target: (z) => series(z, (k) => 1 / (2 * k + 5)),
    weight: (z) => z * z,
    interval: [0, 0.01021],
    degree: 3,
  },
  // 2^r = 1 + r P(r), of pow
  EXP2_TAIL: {
    target: (r) => Math.LN2 * series(r * Math.LN2, (k) => 1 / factorial(k + 1)),
    weight: (r) => Math.abs(r) / 2 ** r,
    interval: [-0.5001, 0.5001],
    degree: 6,
  },
};

function tanhTail(z: number): number {
  if (z > 0.04) return (Math.tanh(Math.sqrt(z)) - Math.sqrt(z)) / (z * Math.sqrt(z));
  return -1 / 3 + z * (2 / 15 + z * (-17 / 315 + z * (62 / 2835 + z * (-1382 / 155925 + z * (21844 / 6081075)))));
}

if (process.argv[1]?.endsWith("minimax.ts")) {
  for (const [name, fit] of Object.entries(FITS)) {
    const { coefficients, error } = minimax(fit);
    const digits = coefficients.map((c) => Number(c.toPrecision(9)));
    console.log(`const ${name} = [${digits.join(", ")}]; // error ${Math.log2(error).toFixed(1)} bits`);
  }
}

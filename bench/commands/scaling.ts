import type { Result } from "../contest/rounds.ts";
import { formatTable } from "../format.ts";
import { perceptronCase } from "../suite/cases.ts";
import type { TrainingTask } from "../suite/task.ts";
import { trainingTask } from "../suite/tasks.ts";

/** Perceptrons in which one of three sizes grows; the others stay. */
export interface Series {
  readonly name: string;
  /** In words: what the floating point operations grow with. */
  readonly expected: string;
  readonly values: readonly number[];
  task(value: number): TrainingTask;
}

const INPUTS = 256;
const CLASSES = 10;

function perceptron(name: string, batch: number, width: number, depth: number): TrainingTask {
  const sizes: [number, ...number[]] = [INPUTS, ...new Array<number>(depth).fill(width), CLASSES];
  return trainingTask(perceptronCase(name, { batch, sizes, steps: 10 }));
}

export const SERIES: readonly Series[] = [
  {
    name: "batch",
    expected: "1 where products outweigh the update",
    values: [1, 8, 32, 128, 512, 2048],
    task: (value) => perceptron(`batch ${value}`, value, 512, 3),
  },
  {
    name: "width",
    expected: "2 where products between hidden layers outweigh the first",
    values: [64, 128, 256, 512, 1024, 2048],
    task: (value) => perceptron(`width ${value}`, 128, value, 3),
  },
  {
    name: "depth",
    expected: "1 where hidden layers outweigh the first and the last",
    values: [2, 4, 8, 16, 32],
    task: (value) => perceptron(`depth ${value}`, 128, 256, value),
  },
];

export const scalingTasks = (): TrainingTask[] => SERIES.flatMap(({ values, task }) => values.map(task));

/** The exponent e of y = c x^e that fits best: the slope of least squares through the logarithms. */
export function fittedExponent(points: readonly (readonly [x: number, y: number])[]): number {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const mean = (of: 0 | 1) => logs.reduce((sum, each) => sum + each[of], 0) / logs.length;
  const [x, y] = [mean(0), mean(1)];
  const covariance = logs.reduce((sum, each) => sum + (each[0] - x) * (each[1] - y), 0);
  return covariance / logs.reduce((sum, each) => sum + (each[0] - x) ** 2, 0);
}

/** How the time per step grows: exponents over the whole series and over its last three sizes, for each contestant and for the arithmetic. */
export function formatScaling(results: readonly Result[]): string {
  const byName = new Map(results.map((result) => [result.task.name, result]));
  const rows = [["time grows with", "", "exponent", "at its end", "exponent of FLOP", "at its end", "expected"]];
  for (const { name, values, expected } of SERIES) {
    const known = values.flatMap((value) => {
      const result = byName.get(`${name} ${value}`);
      return result ? [{ value, result }] : [];
    });
    if (known.length < 2) continue;
    const both = (points: readonly (readonly [number, number])[]) =>
      [points, points.slice(-3)].map((each) => (each.length > 1 ? fittedExponent(each).toFixed(2) : "-"));
    const flop = both(known.map(({ value, result }) => [value, result.task.flop] as const));
    const titles = known[0]?.result.showings.map(({ title }) => title) ?? [];
    titles.forEach((title, i) => {
      const points = known.flatMap(({ value, result }) => {
        const ms = result.showings.find((each) => each.title === title)?.times?.median;
        return ms === undefined ? [] : [[value, ms] as const];
      });
      rows.push([i === 0 ? name : "", title, ...both(points), ...(i === 0 ? [...flop, expected] : ["", "", ""])]);
    });
  }
  return formatTable(rows);
}

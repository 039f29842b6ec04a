import { minMaxScaler, robustScaler, type Scaler, selectRows, splitIndices, standardScaler } from "../../data/index.ts";
import { formatShape, unknownName } from "../../util/index.ts";
import type { CheckedConfig } from "../config/schema.ts";
import type { Dense } from "../data/dense.ts";
import type { Samples } from "../data/samples.ts";
import { EXIT, part, refuse } from "../exit.ts";
import type { Task } from "./task.ts";

/** Training and test part; without a split, both are everything. */
export interface Parts {
  train: { x: Dense; y: Dense };
  test: { x: Dense; y: Dense };
  isSplit: boolean;
}

const DEFAULT_TEST_SIZE = 0.2;

/** Holds back the test part, by classes where there are enough of each. */
export function splitSamples({ x, y }: Samples, task: Task, config: CheckedConfig, seed: number): Promise<Parts> {
  const { split = {} } = config;
  if (split === false) return Promise.resolve({ train: { x, y }, test: { x, y }, isSplit: false });
  return part(
    EXIT.data,
    () => {
      const { stratify, ...options } = split;
      const samples = x.shape[0] ?? 0;
      const settings = { testSize: DEFAULT_TEST_SIZE, seed, ...definedOf(options) };
      if (stratify && task.kind !== "classes") refuse(EXIT.data, "split.stratify is true", "targets that are classes");
      const byClass = stratify ?? (settings.shuffle !== false && canStratify(task, samples, settings.testSize));
      const labels = byClass && task.kind === "classes" ? { stratify: task.labels } : {};
      const { train, test } = splitIndices(samples, { ...settings, ...labels });
      return {
        train: { x: selectRows(x, train), y: selectRows(y, train) },
        test: { x: selectRows(x, test), y: selectRows(y, test) },
        isSplit: true,
      };
    },
    "split",
  );
}

/** An object without its undefined values. */
function definedOf<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

function canStratify(task: Task, samples: number, testSize: number): boolean {
  if (task.kind !== "classes") return false;
  const counts = new Map<number, number>();
  for (const label of task.labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const test = testSize < 1 ? Math.ceil(samples * testSize) : testSize;
  return Math.min(...counts.values()) >= 2 && counts.size <= Math.min(test, samples - test);
}

const SCALERS: Record<string, (options: object) => Scaler> = { standardScaler, minMaxScaler, robustScaler };

/** The scalers that a config names, not yet fitted. */
export function scalersOf({ preprocessing = [] }: CheckedConfig, path: string): Promise<Scaler[]> {
  const list = Array.isArray(preprocessing) ? preprocessing : [preprocessing];
  return part(
    EXIT.usage,
    () =>
      list.map((item) => {
        const { kind, ...options } = typeof item === "string" ? { kind: item } : item;
        const make = SCALERS[kind] ?? unknownName("scaler", kind, Object.keys(SCALERS));
        return make(options);
      }),
    `${path}: preprocessing`,
  );
}

/** Fits scalers one after the other on `x` and scales it. */
export async function fitScalers(scalers: readonly Scaler[], x: Dense): Promise<Dense> {
  let scaled = x;
  for (const scaler of scalers) {
    requireTable(scaled);
    await scaler.fit(scaled);
    scaled = await scale(scaler, scaled);
  }
  return scaled;
}

/** Scales `x` by fitted scalers, one after the other. */
export async function applyScalers(scalers: readonly Scaler[], x: Dense): Promise<Dense> {
  let scaled = x;
  for (const scaler of scalers) {
    requireTable(scaled);
    scaled = await scale(scaler, scaled);
  }
  return scaled;
}

async function scale(scaler: Scaler, { data, shape }: Dense): Promise<Dense> {
  const tensor = scaler.transform({ data, shape });
  return { data: await tensor.data(), shape: tensor.shape };
}

function requireTable({ shape }: Dense): void {
  if (shape.length === 2) return;
  refuse(EXIT.data, `preprocessing got samples of shape ${formatShape(shape.slice(1))}`, "rows of numbers for scalers");
}

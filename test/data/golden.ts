import { readFileSync } from "node:fs";

type Cells = (number | null)[][];

/** What make.py writes: scikit-learn's numbers. */
export interface Golden {
  tables: Record<string, Cells>;
  scalers: {
    table: string;
    kind: "standardScaler" | "minMaxScaler" | "robustScaler";
    options: Record<string, never>;
    learned: Record<string, number[]>;
    train: Cells;
    new: Cells;
    newScaled: Cells;
  }[];
  missing: {
    strategy: "mean" | "median" | "mode" | "constant";
    indicator: boolean;
    x: Cells;
    filled: Cells;
    fill: number[];
  }[];
  outliers: { x: number[]; iqr: { lower: number; upper: number }; zScore: boolean[] };
  splits: { sizes: number[]; testSize: number; trainCount: number; testCount: number; testCounts: number[] }[];
  folds: { count: number; splits: number; stratify?: number[]; tests: number[][] }[];
  encoding: {
    rows: string[][];
    categories: string[][];
    encoded: number[][];
    words: string[];
    classes: string[];
    codes: number[];
  };
}

export const golden: Golden = JSON.parse(readFileSync(new URL("golden/sklearn.json", import.meta.url), "utf8"));

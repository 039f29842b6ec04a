import { selectRows } from "../data/index.ts";
import { HostRandom } from "../util/index.ts";
import { type Inputs, joinInputs } from "./encode.ts";
import { joinNumbers } from "./join.ts";
import type { PartTruth, TablePart } from "./part.ts";

/** What one network is trained on, and what it is watched by. */
export interface Fold<Samples = TablePart> {
  readonly train: Samples;
  readonly validation: Samples;
}

/** Each network is watched by a tenth, where there are no more of them. */
const FOLDS = 10;

/** How rows are dealt to folds. */
export interface FoldOptions {
  readonly networks: number;
  readonly seed: number;
  /** Whether each class is dealt evenly. */
  readonly stratify: boolean;
}

/**
 * The rows of two parts dealt to ten folds by chance (to more, where there are more networks): each network is watched by another fold and trained
 * on all others. Made one after the other, as each is a copy of all rows.
 */
export function* foldsOf(parts: readonly [TablePart, TablePart], options: FoldOptions): Generator<Fold> {
  const rows = parts[0].rows.length + parts[1].rows.length;
  const count = Math.min(rows, Math.max(FOLDS, options.networks));
  const foldOf = dealRows(parts, count, options);
  for (let network = 0; network < options.networks; network++) {
    yield {
      train: rowsWhere(parts, (row) => foldOf[row] !== network % count),
      validation: rowsWhere(parts, (row) => foldOf[row] === network % count),
    };
  }
}

/** The fold of every row, the second part's behind the first's: shuffled, sorted by class, and dealt like cards. */
function dealRows(parts: readonly PartTruth[], count: number, { seed, stratify }: FoldOptions): Uint32Array {
  const y = joinNumbers(
    Float32Array,
    parts.map((part) => part.y),
  );
  const rows = parts.reduce((sum, part) => sum + part.rows.length, 0);
  const order = new HostRandom(seed, 11).shuffle(Uint32Array.from({ length: rows }, (_, row) => row));
  if (stratify) order.sort((a, b) => (y[a] as number) - (y[b] as number)); // stable
  const foldOf = new Uint32Array(rows);
  order.forEach((row, place) => {
    foldOf[row] = place % count;
  });
  return foldOf;
}

/** Rows of both parts as one. */
function rowsWhere(parts: readonly TablePart[], isChosen: (row: number) => boolean): TablePart {
  let before = 0;
  const chosen = parts.map((part) => {
    const places: number[] = [];
    for (let row = 0; row < part.rows.length; row++) if (isChosen(before + row)) places.push(row);
    before += part.rows.length;
    return selectPart(part, Uint32Array.from(places));
  });
  const rows = joinNumbers(
    Float64Array,
    chosen.map((part) => part.rows),
  );
  const y = joinNumbers(
    Float32Array,
    chosen.map((part) => part.y),
  );
  const shape = [rows.length, ...(parts[0] as TablePart).targets.shape.slice(1)];
  return { x: joinInputs(chosen.map((part) => part.x)), y, targets: { data: y, shape }, rows };
}

function selectPart({ x, targets, rows }: TablePart, places: Uint32Array): Pick<TablePart, "x" | "y" | "rows"> {
  const inputs = Object.entries(x).map(([name, values]) => [name, selectRows(values as never, places)]);
  const { data } = selectRows(targets, places);
  return { x: Object.fromEntries(inputs) as Inputs, y: data, rows: selectRows(rows, places) };
}

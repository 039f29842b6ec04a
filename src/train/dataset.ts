import { checkTargets, type Network, type SymbolicTensor } from "../nn/index.ts";
import { Tensor } from "../tensor/index.ts";
import { fail, formatShape, product, sameShape } from "../util/index.ts";
import { type ArrayData, type Column, checkIndices, isShaped, readColumn, sliceColumn } from "./column.ts";
import { inOrder, type Named } from "./named.ts";
import type { Head } from "./objective.ts";
import { readTexts } from "./text-column.ts";
import { type ClassWeight, combinedWeights } from "./weighting.ts";

/**
 * The data of all inputs or all outputs: one array where there is one; where there are several, a list of arrays, or a record
 * of them by the inputs' or outputs' names.
 */
export type Data = ArrayData | readonly ArrayData[] | Named<ArrayData>;

/** Checked samples: inputs, targets, and what each counts. */
export interface CheckedData {
  readonly rows: number;
  readonly inputs: readonly Column[];
  readonly targets: readonly Column[];
  /** float32 [rows]; undefined when all count 1. */
  readonly weight: Column | undefined;
}

/** What one sample counts. */
export interface Weighting {
  sampleWeight?: ArrayData | undefined;
  classWeight?: ClassWeight | undefined;
}

/**
 * Reads and checks inputs for a network.
 *
 * @param name how errors call them: "x".
 * @throws DescentError naming the array, the row and column, what was found and what was expected.
 */
export async function readInputs(network: Network, x: Data, name: string): Promise<Column[]> {
  const isText = (i: number) => network.inputs[i]?.isText === true;
  const inputs = await readColumns(x, network.inputNames, name, "input", isText);
  for (const [i, column] of inputs.entries()) {
    const lookup = network.lookupOf(network.inputs[i] as SymbolicTensor);
    if (lookup) await checkIndices(column, lookup);
  }
  return inputs.map((column, i) => {
    const input = network.inputs[i] as SymbolicTensor;
    if (sameShape(column.rowShape, input.shape)) return column;
    if (input.isText) return textsOf(column, input, name);
    const { rowShape } = column;
    const scalars = rowShape.length === 0 && input.shape.length === 1 && input.shape[0] === 1; // [n] for [n, 1]
    if (scalars) return { ...column, rowShape: input.shape };
    const fits = product(rowShape) === product(input.shape);
    const single = sameShape([column.rows, ...rowShape], input.shape);
    fail(
      `${column.name} has shape ${formatShape([column.rows, ...rowShape])}`,
      `samples of shape ${formatShape(input.shape)} for ${network.inputNames[i]}`,
      single
        ? `this looks like one sample; put it in a list: [${name}]`
        : fits
          ? `${name}.reshape(${formatShape([-1, ...input.shape])})`
          : `give samples of that shape, or the first layer inputShape: ${formatShape(rowShape)}`,
    );
  });
}

/** Reads and checks inputs, targets and weights; all must have the same number of rows. */
export async function readDataset(
  network: Network,
  heads: readonly Head[],
  x: Data,
  y: Data,
  weighting: Weighting = {},
  prefix = "",
): Promise<CheckedData> {
  const inputs = await readInputs(network, x, `${prefix}x`);
  const names = heads.map((head) => head.name);
  const targets = await readColumns(y, names, `${prefix}y`, "output");
  const rows = inputs[0]?.rows ?? 0;
  for (const column of targets) {
    if (column.rows === rows) continue;
    fail(`${prefix}x has ${rows} samples and ${column.name} has ${column.rows}`, "as many targets as samples");
  }
  const checked = targets.map((column, i) => {
    const { loss, outputShape } = heads[i] as Head;
    const { data, rowShape, rowStride } = column;
    checkTargets(loss, { shape: [rows, ...rowShape], data, rowStride }, outputShape, column.name);
    return column;
  });
  const weight = await combinedWeights(weighting, checked, heads, rows, prefix);
  return { rows, inputs, targets: checked, weight };
}

/** The first rows for training and the last `fraction` for validation, as Keras cuts. */
export function cutDataset(data: CheckedData, fraction: number): [training: CheckedData, validation: CheckedData] {
  const cut = Math.floor(data.rows * (1 - fraction));
  if (cut < 1 || cut >= data.rows) {
    fail(
      `validationSplit ${fraction} of ${data.rows} samples leaves ${cut} for training and ${data.rows - cut} for validation`,
      "at least one sample for each",
    );
  }
  return [sliceDataset(data, 0, cut), sliceDataset(data, cut, data.rows)];
}

function sliceDataset(data: CheckedData, start: number, stop: number): CheckedData {
  const slice = (column: Column) => sliceColumn(column, start, stop);
  return {
    rows: stop - start,
    inputs: data.inputs.map(slice),
    targets: data.targets.map(slice),
    weight: data.weight && slice(data.weight),
  };
}

/** Texts whose samples have another shape than the input: [n] for [n, 1], or an error. Both have a last axis of words. */
function textsOf(column: Column, { shape }: SymbolicTensor, name: string): Column {
  const { rowShape } = column;
  if (rowShape.length === 1 && shape.length === 2 && shape[0] === 1) return { ...column, rowShape: shape };
  const [found, wanted] = [rowShape.slice(0, -1), shape.slice(0, -1)];
  const fix = found.length < wanted.length ? `put each sample in a list: ${name}.map((text) => [text])` : undefined;
  fail(`${column.name} has texts of shape ${formatShape(found)} per sample`, formatShape(wanted), fix);
}

async function readColumns(
  data: Data,
  names: readonly string[],
  name: string,
  what: string,
  isText: (i: number) => boolean = () => false,
): Promise<Column[]> {
  const arrays = arraysOf(data, names, name, what);
  const named = (i: number) => (arrays.length === 1 ? name : isNamed(data) ? `${name}.${names[i]}` : `${name}[${i}]`);
  const columns = await Promise.all(
    arrays.map((each, i) => (isText(i) ? readTexts(named(i), each) : readColumn(named(i), each))),
  );
  const [first] = columns;
  for (const column of columns) {
    if (column.rows === first?.rows) continue;
    fail(`${first?.name} has ${first?.rows} samples and ${column.name} has ${column.rows}`, "the same number");
  }
  return columns;
}

/** An array for each name. */
function arraysOf(data: Data, names: readonly string[], name: string, what: string): readonly ArrayData[] {
  const several = `${names.length} arrays, one for each ${what} of the model: ${names.join(", ")}`;
  if (isNamed(data)) {
    return inOrder(data, names, name, what).map((array, i) => {
      return (
        array ?? fail(`${name} lacks the ${what} ${names[i]}`, names.length > 1 ? several : `{ ${names[i]}: ... }`)
      );
    });
  }
  if (names.length === 1) return [data as ArrayData];
  if (Array.isArray(data) && data.length === names.length) return data;
  fail(
    `${name} is ${Array.isArray(data) ? `a list of ${data.length}` : "one array"}`,
    `a list of ${several}, or a record by these names`,
  );
}

function isNamed(data: Data): data is Named<ArrayData> {
  if (typeof data !== "object" || data === null || data instanceof Tensor) return false;
  if (Array.isArray(data) || ArrayBuffer.isView(data) || isShaped(data)) return false;
  return Object.values(data).every((array) => typeof array === "object");
}

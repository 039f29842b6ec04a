import { type Node, ops } from "../../ir/index.ts";
import type { Network } from "../../nn/index.ts";
import { simplify } from "../../passes/index.ts";
import { randomKey, Tensor } from "../../tensor/index.ts";
import { DescentError, fail, product, type Shape } from "../../util/index.ts";
import { type Preprocess, traceModel } from "../trace.ts";
import { graphOrder } from "../unify.ts";
import { arrayType } from "./statements.ts";
import { ScriptWriter } from "./writer.ts";

/** Numbers that a script may hold: beyond, a file of weights beside a runtime is the better form. */
const MOST_WEIGHTS = 10_000_000;

export interface ScriptOptions {
  readonly preprocess?: Preprocess | undefined;
  /** With types, or plain JavaScript. */
  readonly typed: boolean;
}

/** A program of one sample, as nodes. */
interface Graph {
  readonly name: string;
  readonly inputs: readonly { readonly name: string; readonly node: Node; readonly isText: boolean }[];
  readonly outputs: readonly { readonly name: string; readonly node: Node }[];
  readonly weights: ReadonlyMap<Node, Float64Array>;
}

/** A network as a script without dependencies, for one sample at a time. */
export function scriptOf(network: Network, { preprocess = (inputs) => inputs, typed }: ScriptOptions): string {
  const roots = traceModel(network, preprocess).outputs.map(({ node }) => node); // refuses what mixes samples
  const random = graphOrder(roots, () => false).find(({ op, constant }) => op === "random" && !constant);
  if (random) {
    const what = `${random.scope} can't be written as JavaScript: it draws random numbers for every sample`;
    fail(what, "a layer that does so in training only");
  }
  const values = network.getWeights();
  const weights = new Map<Node, Float64Array>();
  const tensors = network.weights.map(({ path, shape }) => {
    const node = ops.placeholder(path, shape, "float32");
    weights.set(node, Float64Array.from(values[path] ?? []));
    return [path, new Tensor(node)] as const;
  });
  const inputs = network.inputs.map(({ shape, dtype, isText }, i) => {
    const name = network.inputNames[i] ?? `input_${i}`;
    return { name, isText, node: ops.placeholder(name, [1, ...shape], dtype) };
  });
  const given = preprocess(inputs.map(({ node }) => new Tensor(node)));
  const { outputs } = network.apply(given, Object.fromEntries(tensors), { training: false, key: randomKey(0) });
  const results = simplify(outputs.map((output) => output.cast("float32").node));
  const named = results.map((node, i) => ({ name: network.outputNames[i] ?? `output_${i}`, node }));
  return writeScript({ name: network.name, inputs, outputs: named, weights }, typed);
}

/** A graph as a script. */
export function writeScript({ name, inputs, outputs, weights }: Graph, typed = false): string {
  const writer = new ScriptWriter(weights);
  const parameters = inputs.map(({ name, node, isText }) => {
    const parameter = writer.name(name);
    writer.places.set(node, { name: isText ? writer.name(`${name}_words`) : parameter });
    return { parameter, isText, node };
  });
  for (const { parameter, isText, node } of parameters) {
    if (isText) writer.line(`const ${writer.places.get(node)?.name} = ${writer.use("words")}(${parameter});`);
  }
  try {
    writer.write(outputs.map(({ node }) => node));
  } catch (error) {
    if (!(error instanceof DescentError)) throw error;
    throw new DescentError(`${writer.scope || "the model"} can't be written as JavaScript: ${error.message}`);
  }
  const results = outputs.map(({ node }) => {
    const { name, base } = writer.placeOf(node);
    return base === undefined
      ? node.dtype === "float32"
        ? `Float32Array.from(${name})`
        : `${name}.slice()`
      : fail("a result is a part of another");
  });
  const single = results.length === 1;
  const record = outputs.map(({ name }, i) => `${JSON.stringify(name)}: ${results[i]}`).join(", ");
  writer.line(single ? `return ${results[0]};` : `return { ${record} };`);
  if (writer.weights.length > MOST_WEIGHTS) {
    fail(`${name} has ${writer.weights.length} numbers`, `at most ${MOST_WEIGHTS} in a script`, "export it as ONNX");
  }
  const type = (isText: boolean) => (isText ? "ArrayLike<string>" : "ArrayLike<number>");
  const list = parameters.map(({ parameter, isText }) => `${parameter}: ${type(isText)}`).join(", ");
  const result = single ? "Float32Array" : "Record<string, Float32Array>";
  const held = writer.weights.length > 0;
  const text = [
    `// ${name}: ${writer.weights.length} numbers. Written by Descent; needs nothing else.`,
    ...(typed ? ["// @ts-nocheck: indices are right by construction", ""] : [""]),
    ...(held ? [`const weights = ${writer.use("floats")}("${base64(writer.weights)}");`] : []),
    ...writer.declarations,
    "",
    `/** Shapes of one sample. */`,
    `export const inputs = ${JSON.stringify(shapesOf(inputs))};`,
    `export const outputs = ${JSON.stringify(shapesOf(outputs))};`,
    "",
    "/**",
    " * What the model makes of one sample.",
    " *",
    ...parameters.map(
      ({ parameter, isText, node }) => ` * @param {${type(isText)}} ${parameter} ${described(node, isText)}`,
    ),
    ` * @returns {${result}} ${outputs.map(({ name, node }) => `${name}: [${node.shape.slice(1).join(", ")}]`).join("; ")}, row-major`,
    " */",
    typed ? `export function predict(${list}): ${result} {` : `export function predict(${parameters.map(({ parameter }) => parameter).join(", ")}) {`, // biome-ignore format: one line
    ...writer.body,
    "}",
    "",
    ...writer.helperTexts.map((helper) => (typed ? helper : withoutTypes(helper))),
    "",
  ];
  return text.join("\n");
}

function described({ shape, dtype }: Node, isText: boolean): string {
  const sizes: Shape = isText ? shape.slice(1, -1) : shape.slice(1);
  return `[${sizes.join(", ")}], row-major${isText ? "" : `: ${product(sizes)} numbers, as ${arrayType(dtype)} holds them`}`;
}

function shapesOf(values: readonly { readonly name: string; readonly node: Node; readonly isText?: boolean }[]) {
  return Object.fromEntries(
    values.map(({ name, node, isText }) => [name, isText ? node.shape.slice(1, -1) : node.shape.slice(1)]),
  );
}

/** Takes the types out of a helper. */
function withoutTypes(helper: string): string {
  return helper.replace(/: (number|string|Float32Array|Uint8Array|Uint32Array|ArrayLike<\w+>)(?=[,)]| \{| =>)/g, "");
}

function base64(values: readonly number[]): string {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, i) => {
    view.setFloat32(4 * i, value, true);
  });
  const bytes = new Uint8Array(view.buffer);
  let binary = "";
  for (let i = 0; i < bytes.length; i += 0x8000) binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(binary);
}

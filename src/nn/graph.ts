import type { DType } from "../tensor/index.ts";
import { fail, formatShape, inName, type Shape, sameShape, show } from "../util/index.ts";
import { formatBatch } from "./checks.ts";
import type { LayerDefinition, TieSpec } from "./definition.ts";
import { checkTies } from "./ties.ts";

/** One use of a layer: the layer and what flows into it. An input has nothing flowing in. */
export interface Application {
  readonly layer: LayerDefinition;
  readonly inputs: readonly SymbolicTensor[];
  /** The use of a network that this is a part of, when a network was applied as a layer. */
  readonly nested?: NestedCall;
}

/** A network as a part of others. */
export interface Nested {
  readonly kind: "model";
  /** Undefined: numbered like layers without a name. */
  readonly name: string | undefined;
  /** The path of one of its layers within it. */
  pathOf(layer: LayerDefinition): string;
}

/** One use of a network in another: all of its layers were applied once more. */
export interface NestedCall {
  readonly nested: Nested;
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
}

/** The place of a tensor in a model: a shape, and how it comes about. Layers are applied to it; it holds no numbers. */
export class SymbolicTensor {
  constructor(
    /** Shape of one sample, without the batch. */
    readonly shape: Shape,
    readonly dtype: DType,
    readonly origin: Application,
  ) {}

  /** Whether it stands for texts: see {@link LayerDefinition.texts}. */
  get isText(): boolean {
    const { layer } = this.origin;
    return layer.kind === "input" && layer.options["dtype"] === "string";
  }

  toString(): string {
    return `SymbolicTensor ${formatBatch(this.shape)} of ${this.origin.layer.kind}`;
  }
}

/** The inputs and outputs of a model: all of its structure hangs on the outputs. */
export interface NetworkGraph {
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
  /** Default: the names of the layers that give them. */
  readonly inputNames?: readonly string[] | undefined;
  readonly outputNames?: readonly string[] | undefined;
}

/**
 * Applies a layer: infers the output's shape.
 *
 * @throws DescentError naming the layer's path, the shapes and the fix when they don't fit.
 */
export function connect(layer: LayerDefinition, input: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor {
  const inputs = Array.isArray(input) ? (input as readonly SymbolicTensor[]) : [input as SymbolicTensor];
  for (const tensor of inputs) {
    if (!(tensor instanceof SymbolicTensor)) {
      fail(
        `a ${layer.kind} layer was applied to something else than a symbolic tensor`,
        "what layers.input() or another layer returned",
        "list the layer in sequential([...]), or apply it to layers.input({ shape })",
      );
    }
  }
  const application = { layer, inputs };
  return located(application, () => {
    checkTexts(layer, inputs);
    checkDeclaredShape(layer, inputs);
    const shapes = inputs.map(({ shape }) => shape);
    const shape = layer.outputShape(shapes);
    if (!Array.isArray(shape)) fail(`has the output shape ${show(shape)}`, "a list of sizes");
    const output = new SymbolicTensor(shape, "float32", application);
    checkTies(layer, layer.weights(shapes)); // options of weights that the layer does not have are refused
    return output;
  });
}

/** The same graph of other layers, equal ones under the same names: a network of it has weights of its own. */
export function copyGraph({ inputs, outputs, inputNames, outputNames }: NetworkGraph): NetworkGraph {
  const order = topologicalOrder(outputs);
  const names = nameLayers(order.map(({ origin }) => origin));
  const layers = new Map<LayerDefinition, LayerDefinition>();
  const copyOfTie = (tie: TieSpec) => {
    return typeof tie.layer === "string" ? tie : { ...tie, layer: layers.get(tie.layer) ?? tie.layer };
  };
  for (const [layer, name] of names) layers.set(layer, { ...layer, name });
  for (const [layer, copy] of layers) {
    const ties = Object.entries(layer.ties ?? {}).map(([weight, tie]) => [weight, copyOfTie(tie)]);
    if (layer.ties) Object.assign(copy, { ties: Object.fromEntries(ties) });
  }
  const tensors = new Map<SymbolicTensor, SymbolicTensor>();
  const copyOf = (tensor: SymbolicTensor) => tensors.get(tensor) ?? fail("an input of the graph is not used");
  for (const tensor of order) {
    const { layer, inputs } = tensor.origin;
    const origin = { layer: layers.get(layer) ?? layer, inputs: inputs.map(copyOf) };
    tensors.set(tensor, new SymbolicTensor(tensor.shape, tensor.dtype, origin));
  }
  return { inputs: inputs.map(copyOf), outputs: outputs.map(copyOf), inputNames, outputNames };
}

/** Every tensor that `outputs` need, each after what it is computed from; the order of a depth-first walk. */
export function topologicalOrder(outputs: readonly SymbolicTensor[]): SymbolicTensor[] {
  const order = new Set<SymbolicTensor>();
  const stack = [...outputs].reverse();
  while (stack.length > 0) {
    const tensor = stack[stack.length - 1] as SymbolicTensor;
    const missing = tensor.origin.inputs.filter((input) => !order.has(input));
    if (missing.length === 0) order.add(stack.pop() as SymbolicTensor);
    else stack.push(...missing.reverse());
  }
  return [...order];
}

/** What has a name of its own in a network: a layer, or a network within it. */
export type Unit = LayerDefinition | Nested;

export function unitOf({ layer, nested }: Application): Unit {
  return nested?.nested ?? layer;
}

/**
 * A unique name for every layer and every network among them: its own, or its kind and a number counted from 1 in the given
 * order.
 *
 * @throws DescentError when two were given the same name.
 */
export function nameUnits(applications: Iterable<Application>): Map<Unit, string> {
  const distinct = [...new Set([...applications].map(unitOf))];
  const taken = new Set<string>();
  for (const { name, kind } of distinct) {
    if (name === undefined) continue;
    if (taken.has(name)) fail(`two layers (the second of kind ${kind}) are named "${name}"`, "unique layer names");
    taken.add(name);
  }
  const counts = new Map<string, number>();
  return new Map(
    distinct.map((unit) => {
      if (unit.name !== undefined) return [unit, unit.name];
      let count = counts.get(unit.kind) ?? 0;
      let name: string;
      do name = `${unit.kind}_${++count}`;
      while (taken.has(name));
      counts.set(unit.kind, count);
      return [unit, name];
    }),
  );
}

/** A unique path for every layer: its name, after that of the network that it is in, "encoder/dense_1". */
export function nameLayers(applications: readonly Application[]): Map<LayerDefinition, string> {
  const names = nameUnits(applications);
  const paths = new Map<LayerDefinition, string>();
  for (const { layer, nested } of applications) {
    if (paths.has(layer)) continue;
    const name = names.get(nested?.nested ?? layer) ?? "";
    paths.set(layer, nested ? `${name}/${nested.nested.pathOf(layer)}` : name);
  }
  return paths;
}

/** Runs `infer`; an error gets the layer's path, and where its input comes from, as they are in the model so far. */
function located<T>(application: Application, infer: () => T): T {
  return inName(() => {
    const names = nameLayers([...topologicalOrder(application.inputs).map(({ origin }) => origin), application]);
    const sources = application.inputs.map(({ origin }) => names.get(origin.layer));
    return `${names.get(application.layer)} (after ${sources.join(", ")})`;
  }, infer);
}

function checkTexts({ kind, texts = false }: LayerDefinition, inputs: readonly SymbolicTensor[]): void {
  const strange = inputs.find(({ isText }) => isText !== texts);
  if (!strange) return;
  if (texts) fail("received numbers", "texts", 'begin with layers.input({ shape, dtype: "string" })');
  fail("received texts", "numbers", `put stringLookup() or hashing() before ${kind}`);
}

function checkDeclaredShape({ inputShape }: LayerDefinition, [input]: readonly SymbolicTensor[]): void {
  if (!inputShape || !input || sameShape(inputShape, input.isText ? input.shape.slice(0, -1) : input.shape)) return;
  fail(
    `received samples of shape ${formatShape(input.shape)}`,
    `its inputShape ${formatShape(inputShape)}`,
    "leave inputShape out: only the first layer of a sequential model needs it",
  );
}

import type { Tensor } from "../tensor/index.ts";
import { checkOptions, fail, formatShape, nearest, type Shape, sameShape, show, unknownName } from "../util/index.ts";
import type { LayerDefinition, TieSpec, WeightSpec } from "./definition.ts";

/** A weight that is another layer's. */
export interface Tie {
  /** The layer that has it, or its name in the model. */
  layer: { readonly definition: LayerDefinition } | string;
  /** Its name there; default the same name. */
  weight?: string;
  /** Its last two axes exchanged: a kernel [in, out] that lies there as [out, in]. Default false. */
  transpose?: boolean;
}

/** A layer's weight in a network where it is another's. */
export interface ResolvedTie {
  /** The layer's name for it. */
  readonly name: string;
  readonly owner: LayerDefinition;
  /** Its name there, and its path in the network. */
  readonly weight: string;
  readonly path: string;
  readonly transpose: boolean;
  /** As the layer sees it. */
  readonly shape: Shape;
}

/** Reads the option `ties` of a layer. */
export function tiesFrom(kind: string, given: unknown, options: object): Record<string, TieSpec> {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    fail(`a ${kind} layer got ties = ${show(given)}`, 'a record such as { kernel: { layer: "embedding_1" } }');
  }
  return Object.fromEntries(
    Object.entries(given).map(([name, tie]) => {
      const useless = Object.keys(options).find((option) => ruleOf(name).test(option));
      if (useless) fail(`a ${kind} layer got ${useless} for a weight of another layer`, `${useless} of that layer`);
      return [name, tieFrom(`a ${kind} layer's ties.${name}`, name, tie)];
    }),
  );
}

/** Options that say something of one weight. */
function ruleOf(weight: string): RegExp {
  return new RegExp(`^${weight}(Initializer|Regularizer|Constraint)$`);
}

function tieFrom(where: string, name: string, given: unknown): TieSpec {
  if (typeof given !== "object" || given === null) fail(`${where} is ${show(given)}`, "{ layer, weight, transpose }");
  checkOptions(where, given, ["layer", "weight", "transpose"]);
  const { layer, weight = name, transpose = false } = given as Tie;
  const owner = typeof layer === "string" ? layer : layer?.definition;
  if (!owner) fail(`${where}.layer is ${show(layer)}`, "a layer, or the name of one in the model");
  if (typeof weight !== "string") fail(`${where}.weight is ${show(weight)}`, "the name of a weight of that layer");
  if (typeof transpose !== "boolean") fail(`${where}.transpose is ${show(transpose)}`, "true or false");
  return { layer: owner, weight, transpose };
}

type Specs = Readonly<Record<string, WeightSpec>>;

/** @throws DescentError for ties of weights that the layer does not have, or does not train. */
export function checkTies({ ties }: LayerDefinition, specs: Specs): void {
  for (const name of Object.keys(ties ?? {})) {
    if (specs[name]?.trainable) continue;
    const names = Object.keys(specs).filter((each) => specs[each]?.trainable);
    const near = nearest(name, names);
    const all = names.length > 0 ? `one of ${names.join(", ")}` : "no ties: it has no trainable weights";
    fail(`got ties.${name}, and has no trainable weight "${name}"`, all, near && `did you mean "${near}"?`);
  }
}

/**
 * The ties of a network's layers.
 *
 * @param specs all weights that the layers ask for, @param paths the layers' paths.
 * @throws DescentError when a layer or weight is not there, is itself tied, is not trainable, or has another shape.
 */
export function resolveTies(
  specs: ReadonlyMap<LayerDefinition, Specs>,
  paths: ReadonlyMap<LayerDefinition, string>,
): Map<LayerDefinition, ResolvedTie[]> {
  const byPath = new Map([...paths].map(([layer, path]) => [path, layer]));
  return new Map(
    [...specs].map(([layer, own]) => [
      layer,
      Object.entries(layer.ties ?? {}).map(([name, tie]): ResolvedTie => {
        const path = paths.get(layer) ?? "";
        const owner = ownerOf(tie, path, byPath);
        const place = paths.get(owner);
        const where = `${path}/${name} is tied to`;
        if (place === undefined) {
          fail(`${where} a ${owner.kind} layer that the model does not use`, "one model that has both");
        }
        const weights = specs.get(owner) ?? {};
        const found = weights[tie.weight] ?? unknownName(`weight of ${place}`, tie.weight, Object.keys(weights));
        if (owner === layer) fail(`${where} the layer itself`, "another layer");
        if (owner.ties?.[tie.weight]) {
          fail(`${where} ${place}/${tie.weight}, which is tied itself`, "the layer that has the weight");
        }
        if (!found.trainable) fail(`${where} ${place}/${tie.weight}`, "a weight that training changes");
        const shape = tie.transpose ? exchanged(found.shape) : found.shape;
        const expected = own[name]?.shape ?? [];
        if (!sameShape(shape, expected)) {
          const turned = sameShape(tie.transpose ? found.shape : exchanged(found.shape), expected);
          fail(
            `${where} ${place}/${tie.weight} of shape ${formatShape(found.shape)}${tie.transpose ? ", transposed" : ""}`,
            formatShape(expected),
            turned ? `transpose: ${!tie.transpose}` : undefined,
          );
        }
        const { weight, transpose } = tie;
        return { name, owner, weight, path: `${place}/${weight}`, transpose, shape };
      }),
    ]),
  );
}

/** A layer named in a tie is one of the same network; `path` is that of the layer that is tied. */
function ownerOf({ layer }: TieSpec, path: string, byPath: ReadonlyMap<string, LayerDefinition>): LayerDefinition {
  if (typeof layer !== "string") return layer;
  const network = path.slice(0, path.lastIndexOf("/") + 1);
  return byPath.get(network + layer) ?? unknownName(`layer in the ties of ${path}:`, network + layer, byPath.keys());
}

/** The weight as the tied layer sees it. */
export function tiedTensor(weight: Tensor, { transpose }: ResolvedTie): Tensor {
  if (!transpose) return weight;
  const axes = weight.shape.map((_, axis) => axis);
  return weight.transpose([...axes.slice(0, -2), weight.rank - 1, weight.rank - 2]);
}

function exchanged(shape: Shape): Shape {
  return shape.length < 2 ? shape : [...shape.slice(0, -2), ...shape.slice(-2).reverse()];
}

import type { Network, NetworkLayer } from "../../nn/index.ts";
import { fail, formatShape, product, type Shape, unknownName } from "../../util/index.ts";
import { type Layout, layoutsOf, type TorchArray } from "./layouts.ts";

/** Modules of PyTorch by layers' paths: `{ dense_1: "fc1" }`. What is left out has its path, dots instead of slashes. */
export type ModuleNames = Readonly<Record<string, string>>;

/** A part of a layer's weights: which ones, what they are called in the file, and how one becomes the other. */
interface Part extends Layout {
  readonly paths: readonly string[];
  readonly names: readonly string[];
  readonly shapes: readonly Shape[];
}

const asIs = (name: string): Layout => ({
  ours: [name],
  theirs: [name.replaceAll("/", ".")],
  toTorch: ([array]) => [array as TorchArray],
  fromTorch: ([array]) => [array as TorchArray],
});

function partsOf(network: Network, names: ModuleNames): Part[] {
  const paths = network.layers.filter(({ weights }) => weights.length > 0).map(({ path }) => path);
  for (const path of Object.keys(names)) if (!paths.includes(path)) unknownName("layer with weights", path, paths);
  return network.layers.flatMap((layer) => partsOfLayer(layer, names[layer.path] ?? layer.path.replaceAll("/", ".")));
}

function partsOfLayer({ path, definition, weights }: NetworkLayer, module: string): Part[] {
  const shapes = new Map(weights.map((weight) => [weight.path.slice(path.length + 1), weight.shape]));
  const layouts = layoutsOf(definition, shapes) ?? [...shapes.keys()].map(asIs);
  const prefix = module === "" ? "" : `${module}.`;
  return layouts.map((layout) => ({
    ...layout,
    paths: layout.ours.map((name) => `${path}/${name}`),
    names: layout.theirs.map((name) => prefix + name),
    shapes: layout.ours.map((name) => shapes.get(name) ?? []),
  }));
}

/** All weights under PyTorch's names, in PyTorch's layouts. */
export function toTorch(network: Network, names: ModuleNames): Map<string, TorchArray> {
  const values = network.getWeights();
  const found = new Map<string, TorchArray>();
  for (const part of partsOf(network, names)) {
    const arrays = part.paths.map((path, i) => ({ shape: part.shapes[i] ?? [], data: values[path] ?? new Float32Array(0) })); // biome-ignore format: one line
    part.toTorch(arrays).forEach((array, i) => {
      const name = part.names[i] ?? "";
      if (found.has(name)) fail(`two layers are both called "${name}"`, "module names that differ");
      found.set(name, array);
    });
  }
  return found;
}

/**
 * Weights by our paths, from tensors by PyTorch's names; those that are missing are left out, tensors that no layer has keep their names.
 *
 * @throws DescentError for a tensor of another size than the layer's.
 */
export function fromTorch(
  network: Network,
  tensors: ReadonlyMap<string, TorchArray>,
  names: ModuleNames,
  file: string,
): Map<string, TorchArray> {
  const left = new Map(tensors);
  const found = new Map<string, TorchArray>();
  for (const part of partsOf(network, names)) {
    const arrays = part.names.flatMap((name) => tensors.get(name) ?? []);
    for (const name of part.names) left.delete(name);
    if (arrays.length < part.names.length) continue;
    const wanted = part.toTorch(part.shapes.map((shape) => ({ shape, data: new Float32Array(product(shape)) })));
    arrays.forEach(({ shape }, i) => {
      const expected = wanted[i]?.shape ?? [];
      if (shape.join() === expected.join()) return;
      fail(
        `${file}: "${part.names[i]}" has the shape ${formatShape(shape)}`,
        `${formatShape(expected)}, for ${part.paths.join(", ")}`,
      );
    });
    part.fromTorch(arrays, part.shapes).forEach((array, i) => {
      found.set(part.paths[i] ?? "", { ...array, shape: part.shapes[i] ?? [] });
    });
  }
  for (const [name, array] of left) if (!name.endsWith("num_batches_tracked")) found.set(name, array);
  return found;
}

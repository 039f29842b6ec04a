import { formatShape, product, type Shape } from "../../util/index.ts";
import { type DType, type TypedArray, wrap } from "../dtype.ts";
import { type Attributes, apply, type Named, type Node, type SpecialOp } from "../op.ts";

/** The type a source declares in its attributes. */
function declared(_inputs: readonly unknown[], attributes: Attributes) {
  return { shape: attributes.shape as Shape, dtype: attributes.dtype as DType };
}

export const constantOp: Named<SpecialOp, "constant"> = {
  name: "constant",
  family: "constant",
  infer: declared,
  evaluate: (_inputs, node) =>
    new Float64Array(product(node.shape)).fill(wrap(node.attributes.value as number, node.dtype)),
  gradient: null,
  samples: [{ inputs: [], attributes: { value: 1.5, shape: [2, 3], dtype: "float32" } }],
};

/** A tensor all of whose elements are `value`, as `dtype` holds it. */
export function constant(value: number, shape: Shape = [], dtype: DType = "float32"): Node {
  return apply(constantOp, [], { value: wrap(value, dtype), shape, dtype });
}

/** `value` in the shape and type of `like`. */
export function constantLike(like: Node, value: number): Node {
  return constant(value, like.shape, like.dtype);
}

export const dataOp: Named<SpecialOp, "data"> = {
  name: "data",
  family: "data",
  infer: declared,
  evaluate: (_inputs, node) => Float64Array.from(node.attributes.data as TypedArray),
  gradient: null,
  samples: [{ inputs: [], attributes: { data: Float32Array.of(1, 2), shape: [2], dtype: "float32" } }],
};

/** A tensor with known values, held in memory. */
export function data(values: TypedArray, shape: Shape, dtype: DType): Node {
  return apply(dataOp, [], { data: values, shape, dtype });
}

export const placeholderOp: Named<SpecialOp, "placeholder"> = {
  name: "placeholder",
  family: "placeholder",
  infer: declared,
  evaluate: (_inputs, node) => {
    throw new Error(`placeholder ${String(node.attributes.name)} has no value`);
  },
  gradient: null,
  samples: [],
};

/** An input of a program, given at each run. */
export function placeholder(name: string, shape: Shape, dtype: DType): Node {
  return apply(placeholderOp, [], { name, shape, dtype });
}

export const identityOp: Named<SpecialOp, "identity"> = {
  name: "identity",
  family: "identity",
  infer: ([x, path]) => {
    if (path && (path.dtype !== x!.dtype || path.shape.join() !== x!.shape.join()))
      throw new Error("identity of two types");
    return { shape: x!.shape, dtype: x!.dtype };
  },
  evaluate: ([x]) => x!,
  gradient: ({ node, inputs, grad }) => {
    if (inputs.length === 2) return [null, grad];
    return [node.attributes.stopGradient === true ? null : grad];
  },
  samples: [{ inputs: [{ shape: [2, 3] }] }],
};

/** The same values under a node of its own (what gradients are taken with respect to). */
export function identity(x: Node): Node {
  return apply(identityOp, [x]);
}

/** The same values, through which no gradient flows. */
export function stopGradient(x: Node): Node {
  return apply(identityOp, [x], { stopGradient: true });
}

/** The values of `x`; gradients flow to `path` instead, which must equal it. For a value that is found in a quicker way. */
export function redirectGradient(x: Node, path: Node): Node {
  return apply(identityOp, [x, path]);
}

/** The values of `x`, which are not made before `other`, of the same type, can be. */
export function behind(x: Node, other: Node): Node {
  return apply(identityOp, [x, other]);
}

export const iotaOp: Named<SpecialOp, "iota"> = {
  name: "iota",
  family: "iota",
  infer: (inputs, attributes) => {
    const { shape, dtype } = declared(inputs, attributes);
    const axis = attributes.axis as number;
    if (shape[axis] === undefined) throw new Error(`iota of shape ${formatShape(shape)} along axis ${axis}`);
    return { shape, dtype };
  },
  evaluate: (_inputs, node) => {
    const axis = node.attributes.axis as number;
    const inner = product(node.shape.slice(axis + 1));
    const size = node.shape[axis]!;
    return Float64Array.from({ length: product(node.shape) }, (_, i) => Math.floor(i / inner) % size);
  },
  gradient: null,
  samples: [
    { inputs: [], attributes: { shape: [3, 4], dtype: "float32", axis: 1 } },
    { inputs: [], attributes: { shape: [3, 4, 2], dtype: "int32", axis: 0 } },
  ],
};

/** The index along `axis`: 0, 1, 2, ... */
export function iota(shape: Shape, axis: number, dtype: DType = "int32"): Node {
  return apply(iotaOp, [], { shape, axis, dtype });
}

export const SOURCE_OPS = [constantOp, dataOp, placeholderOp, identityOp, iotaOp] as const;

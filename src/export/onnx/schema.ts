import type { DType, Shape } from "../../tensor/index.ts";
import { ProtoWriter } from "../../util/index.ts";
import type { Dim } from "../dim.ts";

/**
 * The messages of onnx.proto3 that a model needs, by their field numbers (github.com/onnx/onnx, onnx/onnx.proto3; the format is frozen:
 * numbers are never used again).
 */
export const ELEMENT = { float: 1, uint8: 2, int32: 6, int64: 7, string: 8, bool: 9, uint32: 12 } as const;

export type ElementType = keyof typeof ELEMENT;

/** How values of a dtype are held in a graph. ONNX Runtime has no arithmetic of uint32 and uint8: wider integers hold them. */
export const HELD: Readonly<Record<DType, ElementType>> = {
  float32: "float",
  int32: "int32",
  uint32: "int64",
  uint8: "int32",
  bool: "bool",
};

/** How values of a dtype enter. */
export const GIVEN: Readonly<Record<DType, ElementType>> = {
  ...HELD,
  float32: "float",
  uint32: "uint32",
  uint8: "uint8",
};

/** A tensor with its numbers. */
export interface TensorData {
  readonly type: ElementType;
  readonly shape: Shape;
  /** Little-endian, row-major; or texts. */
  readonly data: Uint8Array | readonly string[];
}

export function tensorProto({ type, shape, data }: TensorData, name = ""): ProtoWriter {
  const proto = new ProtoWriter().ints(1, shape).int(2, ELEMENT[type]);
  const utf8 = new TextEncoder();
  if (data instanceof Uint8Array) proto.bytes(9, data);
  else for (const text of data) proto.bytes(6, utf8.encode(text));
  return name === "" ? proto : proto.string(8, name);
}

/** An attribute of a node: integers, a text, a tensor or a graph; `{ float }` for a number that is no integer by its type. */
export type AttributeValue =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly graph: ProtoWriter };

function attributeProto(name: string, value: AttributeValue): ProtoWriter {
  const proto = new ProtoWriter().string(1, name);
  if (typeof value === "number") return proto.int(3, value).int(20, 2);
  if (typeof value === "string") return proto.string(4, value).int(20, 3);
  if ("float" in value) return proto.float(2, value.float).int(20, 1);
  if ("graph" in value) return proto.message(6, value.graph).int(20, 5);
  return proto.ints(8, value).int(20, 7);
}

export type NodeAttributes = Readonly<Record<string, AttributeValue>>;

export function nodeProto(
  type: string,
  name: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: NodeAttributes,
): ProtoWriter {
  const proto = new ProtoWriter();
  for (const input of inputs) proto.string(1, input);
  for (const output of outputs) proto.string(2, output);
  proto.string(3, name).string(4, type);
  for (const [key, value] of Object.entries(attributes)) proto.message(5, attributeProto(key, value));
  return proto;
}

/** The name of the axis of samples. */
export const BATCH = "batch";

/** A graph's input or output; a size that is the batch has a name, other ones that depend on it have none. */
export function valueProto(name: string, type: ElementType, shape: readonly Dim[]): ProtoWriter {
  const dims = new ProtoWriter();
  for (const dim of shape) {
    const isBatch = typeof dim === "object" && dim.base === 0 && dim.slope === 1;
    const size = new ProtoWriter();
    dims.message(1, typeof dim === "number" ? size.int(1, dim) : isBatch ? size.string(2, BATCH) : size);
  }
  const tensor = new ProtoWriter().int(1, ELEMENT[type]).message(2, dims);
  return new ProtoWriter().string(1, name).message(2, new ProtoWriter().message(1, tensor));
}

export interface GraphParts {
  readonly name: string;
  readonly nodes: readonly ProtoWriter[];
  readonly initializers: readonly ProtoWriter[];
  readonly inputs: readonly ProtoWriter[];
  readonly outputs: readonly ProtoWriter[];
}

export function graphProto({ name, nodes, initializers, inputs, outputs }: GraphParts): ProtoWriter {
  const proto = new ProtoWriter();
  for (const node of nodes) proto.message(1, node);
  proto.string(2, name);
  for (const tensor of initializers) proto.message(5, tensor);
  for (const input of inputs) proto.message(11, input);
  for (const output of outputs) proto.message(12, output);
  return proto;
}

/** Version of ai.onnx: the first in which texts can be compared. IR version 9 came with it (ONNX 1.14). */
export const OPSET = 19;
const IR_VERSION = 9;

export function modelProto(
  graph: ProtoWriter,
  producer: string,
  metadata: Readonly<Record<string, string>>,
): ProtoWriter {
  const proto = new ProtoWriter().int(1, IR_VERSION).string(2, producer).message(7, graph);
  proto.message(8, new ProtoWriter().string(1, "").int(2, OPSET));
  for (const [key, value] of Object.entries(metadata)) {
    proto.message(14, new ProtoWriter().string(1, key).string(2, value));
  }
  return proto;
}

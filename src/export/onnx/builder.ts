import { DTYPES, type DType, type TypedArray } from "../../ir/index.ts";
import { type ProtoWriter, product, type Shape } from "../../util/index.ts";
import { type Dim, dimProduct, fixedShape, sameDim, sameDims } from "../dim.ts";
import { type ElementType, HELD, type NodeAttributes, nodeProto, type TensorData, tensorProto } from "./schema.ts";

/** A value of the file: axes along which all elements are equal may still have the size 1. */
export interface Value {
  readonly name: string;
  readonly shape: readonly Dim[];
}

/** What all graphs of a file have in common. */
class File {
  readonly initializers: ProtoWriter[] = [];
  readonly shared = new Map<string, string>();
  private readonly taken = new Map<string, number>();

  /** `wanted`, or with a number after it. */
  name(wanted: string): string {
    const count = this.taken.get(wanted) ?? 0;
    this.taken.set(wanted, count + 1);
    return count === 0 ? wanted : this.name(`${wanted}_${count}`);
  }
}

/** Writes nodes into a graph of an ONNX file. The same computation is written once. */
export class GraphBuilder {
  readonly nodes: ProtoWriter[] = [];
  /** The layer whose nodes are written. */
  scope = "";
  private readonly emitted = new Map<string, readonly string[]>();
  private readonly made = new Set<string>();

  constructor(
    private readonly file = new File(),
    private readonly around?: GraphBuilder,
  ) {}

  /** A graph inside of this one: it can read all that was written so far. */
  inner(): GraphBuilder {
    const graph = new GraphBuilder(this.file, this);
    graph.scope = this.scope;
    return graph;
  }

  get initializers(): readonly ProtoWriter[] {
    return this.file.initializers;
  }

  /** A name that nothing has. */
  unique(wanted: string): string {
    return this.file.name(wanted);
  }

  /** Whether a value is made by a node of this very graph. */
  makes(name: string): boolean {
    return this.made.has(name);
  }

  /** One node with one result. */
  emit(type: string, inputs: readonly string[], attributes: NodeAttributes = {}): string {
    return this.emitAll(type, inputs, attributes, 1)[0]!;
  }

  emitAll(type: string, inputs: readonly string[], attributes: NodeAttributes, count: number): readonly string[] {
    const key = "body" in attributes ? undefined : `${type}(${inputs.join()})${JSON.stringify(attributes)}`;
    const known = key !== undefined && this.found(key);
    if (known) return known;
    const name = this.file.name(`${this.scope}${this.scope === "" ? "" : "/"}${type}`);
    const outputs = Array.from({ length: count }, (_, i) => (count === 1 ? name : `${name}:${i}`));
    this.nodes.push(nodeProto(type, name, inputs, outputs, attributes));
    for (const output of outputs) this.made.add(output);
    if (key !== undefined) this.emitted.set(key, outputs);
    return outputs;
  }

  private found(key: string): readonly string[] | undefined {
    return this.emitted.get(key) ?? this.around?.found(key);
  }

  /** A graph's result under a name of its own. */
  rename(value: string, name: string): void {
    this.nodes.push(nodeProto("Identity", this.file.name(`${name}/Identity`), [value], [name], {}));
  }

  /** A tensor of the file, under `wanted` or a name after it; equal small ones once. */
  initializer(tensor: TensorData, wanted: string): string {
    const { type, shape, data } = tensor;
    const small = product(shape) <= 64;
    const key = small ? `${type} [${shape}] ${Array.from(data as ArrayLike<string | number>).join()}` : undefined;
    const known = key === undefined ? undefined : this.file.shared.get(key);
    if (known !== undefined) return known;
    const name = this.file.name(wanted);
    this.file.initializers.push(tensorProto(tensor, name));
    if (key !== undefined) this.file.shared.set(key, name);
    return name;
  }

  /** Numbers as a tensor that holds values of `dtype`. */
  numbers(values: ArrayLike<number>, shape: Shape, dtype: DType, wanted = "constant"): string {
    return this.initializer({ type: HELD[dtype], shape, data: bytesOf(values, HELD[dtype]) }, wanted);
  }

  /** int64 [values]. */
  integers(values: readonly number[]): string {
    return this.initializer({ type: "int64", shape: [values.length], data: bytesOf(values, "int64") }, "shape");
  }

  /** One number that goes with any shape of `rank` axes. */
  scalar(value: number, dtype: DType, rank: number): string {
    return this.numbers([value], Array<number>(rank).fill(1), dtype);
  }

  /** Sizes as int64 [dims]. */
  sizes(dims: readonly Dim[]): string {
    const fixed = fixedShape(dims);
    if (fixed) return this.integers(fixed);
    if (dims.length > 1) return this.emit("Concat", dims.map((dim) => this.sizes([dim])), { axis: 0 }); // biome-ignore format: one line
    const { base, slope } = dims[0] as Exclude<Dim, number>;
    const many = slope === 1 ? this.batch : this.emit("Mul", [this.batch, this.integers([slope])]);
    return base === 0 ? many : this.emit("Add", [many, this.integers([base])]);
  }

  /** The size of the batch, int64 [1]; the first input's first axis. */
  private get batch(): string {
    const root = this.root;
    return root.emitAtRoot();
  }

  private get root(): GraphBuilder {
    return this.around?.root ?? this;
  }

  /** The input whose first axis is the batch. */
  firstInput = "";

  private emitAtRoot(): string {
    const { scope } = this;
    this.scope = "";
    const size = this.emit("Shape", [this.firstInput], { start: 0, end: 1 });
    this.scope = scope;
    return size;
  }

  /** A value under another shape of as many elements. */
  reshape({ name, shape }: Value, to: readonly Dim[]): Value {
    if (sameDims(shape, to)) return { name, shape };
    const open = to.filter((dim) => typeof dim !== "number");
    const exact = open.length === 1 && sameDim(dimProduct(shape), dimProduct(to));
    const sizes = exact ? this.integers(to.map((dim) => (typeof dim === "number" ? dim : -1))) : this.sizes(to);
    return { name: this.emit("Reshape", [name, sizes]), shape: to };
  }

  /** A value with its axes of size 1 repeated. */
  expand({ name, shape }: Value, to: readonly Dim[]): Value {
    if (sameDims(shape, to)) return { name, shape };
    const sizes = to.map((dim, axis) => (sameDim(dim, shape[axis]!) ? 1 : dim));
    return { name: this.emit("Expand", [name, this.sizes(sizes)]), shape: to };
  }

  transpose({ name, shape }: Value, order: readonly number[]): Value {
    if (order.every((axis, i) => axis === i)) return { name, shape };
    return { name: this.emit("Transpose", [name], { perm: order }), shape: order.map((axis) => shape[axis]!) };
  }
}

/** Little-endian bytes of numbers. */
export function bytesOf(values: ArrayLike<number>, type: ElementType): Uint8Array {
  if (type === "int64") {
    const view = new DataView(new ArrayBuffer(8 * values.length));
    Array.from(values, (value, i) => view.setBigInt64(8 * i, BigInt(value), true));
    return new Uint8Array(view.buffer);
  }
  const dtype = ({ float: "float32", int32: "int32", bool: "bool" } as const)[type as "float" | "int32" | "bool"];
  const array: TypedArray = DTYPES[dtype].create(values.length);
  array.set(values);
  const bytes = new Uint8Array(array.buffer);
  if (isLittleEndian || dtype === "bool") return bytes;
  return bytes.map((_, i) => bytes[i ^ 3]!);
}

const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

import * as ortModule from "onnxruntime-node";
import { factors } from "../suite/numbers.ts";
import { type Contestant, type KernelTask, noKernel, sampled, timeSteps, type Work } from "../suite/task.ts";

const ort = ortModule.default ?? ortModule;

/** Fields of protocol buffers: a number, or bytes with their length before them. */
const varint = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 128))];
const int = (field: number, value: number) => [...varint(field << 3), ...varint(value)];
const bytes = (field: number, content: readonly number[]) => [
  ...varint((field << 3) | 2),
  ...varint(content.length),
  ...content,
];
const text = (field: number, value: string) => bytes(field, [...new TextEncoder().encode(value)]);

const FLOAT = 1;

/** ValueInfoProto: a float32 matrix by name. */
function matrix(name: string, rows: number, columns: number): number[] {
  const shape = [rows, columns].flatMap((size) => bytes(1, int(1, size))); // TensorShapeProto of Dimension
  const tensor = [...int(1, FLOAT), ...bytes(2, shape)]; // TypeProto.Tensor
  return [...text(1, name), ...bytes(2, bytes(1, tensor))];
}

/** ModelProto of one MatMul node: c = a b. Field numbers as in onnx.proto. */
function matmulModel(rows: number, columns: number, depth: number): Uint8Array {
  const node = [...text(1, "a"), ...text(1, "b"), ...text(2, "c"), ...text(4, "MatMul")];
  const graph = [
    ...bytes(1, node),
    ...text(2, "product"),
    ...bytes(11, matrix("a", rows, depth)),
    ...bytes(11, matrix("b", depth, columns)),
    ...bytes(12, matrix("c", rows, columns)),
  ];
  const operators = int(2, 13); // OperatorSetIdProto: version 13 of the standard operators
  return Uint8Array.from([...int(1, 8), ...bytes(7, graph), ...bytes(8, operators)]);
}

async function multiply({ size: { rows = 1, columns = 1, depth = 1 } }: KernelTask, threads: number): Promise<Work> {
  const session = await ort.InferenceSession.create(matmulModel(rows, columns, depth), {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: "all",
    logSeverityLevel: 3,
  });
  const [first, second] = factors(rows, columns, depth);
  const given = {
    a: new ort.Tensor("float32", first, [rows, depth]),
    b: new ort.Tensor("float32", second, [depth, columns]),
  };
  // The product's memory is given, too: otherwise it would be allocated in every run.
  const made = { c: new ort.Tensor("float32", new Float32Array(rows * columns), [rows, columns]) };
  const { c } = await session.run(given, made);
  return {
    first: sampled(rows, columns).map((i) => Number(c.data[i])),
    block: (ms) => timeSteps(ms, () => session.run(given, made)),
    loss: async () => 0,
    end: () => session.release(),
  };
}

/** onnxruntime-node: it computes and does not train; it is here for single products. */
export async function startOnnx(version: string, threads: number): Promise<Contestant> {
  return {
    name: "onnxruntime-node",
    version,
    threads,
    note: "cpu provider, a model of one MatMul",
    async begin(task) {
      if (task.kind === "training") throw new Error("onnxruntime-node does not train");
      if (task.op !== "matmul") noKernel();
      return multiply(task, threads);
    },
  };
}

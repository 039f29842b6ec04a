import type { KernelTask } from "./task.ts";

type Size = Readonly<Record<string, number>>;

const kernel = (op: KernelTask["op"], name: string, size: Size, flop: number, floats: number): KernelTask => ({
  kind: "kernel",
  name,
  op,
  size,
  flop,
  bytes: 4 * floats,
});

/** [rows, depth] by [depth, columns]; least bytes: both factors read, the product written. */
export function matmul(name: string, rows: number, columns: number, depth: number): KernelTask {
  const floats = rows * depth + depth * columns + rows * columns;
  return kernel("matmul", name, { rows, columns, depth }, 2 * rows * columns * depth, floats);
}

/** A convolution of square images and kernels, padded by (kernel - 1) / 2 on every side. */
interface Convolution {
  readonly image: number;
  readonly inputs: number;
  readonly filters: number;
  readonly kernel: number;
  readonly stride: number;
}

const BATCH = 8;

/** Forward alone, and both gradients alone; least bytes: everything given is read, everything made is written. */
function convolutions({ image, inputs, filters, kernel: side, stride }: Convolution): KernelTask[] {
  const size = { batch: BATCH, image, inputs, filters, kernel: side, stride };
  const out = Math.ceil(image / stride);
  const flop = 2 * BATCH * out * out * filters * side * side * inputs;
  const [x, w, y] = [BATCH * image * image * inputs, side * side * inputs * filters, BATCH * out * out * filters];
  const name = `${side}x${side}${stride > 1 ? `/${stride}` : ""} ${image} ${inputs}-${filters}`;
  return [
    kernel("conv", `conv ${name}`, size, flop, x + w + y),
    kernel("convGradients", `grad ${name}`, size, 2 * flop, 2 * x + 2 * w + y),
  ];
}

/** One of each kind in ResNet-50, on images of 224 x 224. */
const RESNET50: readonly Convolution[] = [
  { image: 224, inputs: 3, filters: 64, kernel: 7, stride: 2 },
  { image: 56, inputs: 64, filters: 64, kernel: 3, stride: 1 },
  { image: 56, inputs: 64, filters: 256, kernel: 1, stride: 1 },
  { image: 56, inputs: 128, filters: 128, kernel: 3, stride: 2 },
  { image: 28, inputs: 128, filters: 128, kernel: 3, stride: 1 },
  { image: 28, inputs: 512, filters: 1024, kernel: 1, stride: 2 },
  { image: 14, inputs: 256, filters: 256, kernel: 3, stride: 1 },
  { image: 14, inputs: 1024, filters: 256, kernel: 1, stride: 1 },
  { image: 7, inputs: 512, filters: 512, kernel: 3, stride: 1 },
];

const ROWS = { rows: 8192, columns: 1024 };
const ROWS_FLOATS = ROWS.rows * ROWS.columns;
const PARAMETERS = 8_000_000;

/** Kernels by themselves. */
export const KERNELS: readonly KernelTask[] = [
  matmul("matmul-512", 512, 512, 512),
  matmul("matmul-1024", 1024, 1024, 1024),
  matmul("matmul-2048", 2048, 2048, 2048),
  matmul("matmul-skinny", 16, 4096, 4096),
  matmul("matmul-tall", 65_536, 64, 64),
  matmul("matmul-deep", 64, 64, 65_536),
  ...RESNET50.flatMap(convolutions),
  // Five operations an element (subtract, exponential, add, divide, compare); least bytes: there and back.
  kernel("softmax", "softmax", ROWS, 5 * ROWS_FLOATS, 2 * ROWS_FLOATS),
  // Mean, variance, difference, scale, shift: eight operations an element.
  kernel("layerNorm", "layer-norm", ROWS, 8 * ROWS_FLOATS, 2 * ROWS_FLOATS),
  // Parameter and both moments there and back, the gradient there.
  kernel("adam", "adam", { parameters: PARAMETERS }, 12 * PARAMETERS, 7 * PARAMETERS),
];

export { exportOnnx, type OnnxOptions, type Preprocessing } from "./export-onnx.ts";

export { type ExportOptions, exportModel } from "./export-model.ts";
export { exportOnnx, type OnnxOptions, type Preprocessing } from "./export-onnx.ts";

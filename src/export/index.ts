export { exportJavaScript, type JavaScriptOptions } from "./export-javascript.ts";
export { type ExportOptions, exportModel } from "./export-model.ts";
export { exportOnnx, type OnnxOptions, type Preprocessing } from "./export-onnx.ts";
export { exportPyTorch, type ImportPyTorchOptions, importPyTorch, type PyTorchOptions } from "./pytorch.ts";

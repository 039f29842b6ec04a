import { extname, relative } from "node:path";
import { exportModel } from "../../export/index.ts";
import type { Tensor } from "../../tensor/index.ts";
import { EXIT, type ExitCode, part } from "../exit.ts";
import { openModel } from "../training/saved.ts";

export interface ExportCommandOptions {
  output: string;
}

/** `descent export`: a saved model as a file of another kind; what scales its data is part of ONNX files and scripts. */
export async function exportCommand(folder: string, { output }: ExportCommandOptions): Promise<ExitCode> {
  const { model, scalers, columns, labels } = await openModel(folder);
  const preprocessing =
    scalers.length > 0
      ? { preprocessing: (x: Tensor) => scalers.reduce((data, scaler) => scaler.transform(data), x) }
      : {};
  const metadata = {
    ...(labels && { labels: JSON.stringify(labels) }),
    ...(columns && { features: JSON.stringify(columns.features), target: JSON.stringify(columns.target) }),
  };
  const ending = extname(output).toLowerCase();
  const options = {
    ...(ending !== ".safetensors" && preprocessing),
    ...(ending === ".onnx" && { metadata }),
  };
  await part(EXIT.usage, () => exportModel(model, output, options));
  console.log(`Wrote ${relative(process.cwd(), output) || output}`);
  return EXIT.ok;
}

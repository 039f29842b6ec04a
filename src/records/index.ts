export { EventFile, type PngImage } from "./event-file.ts";
export type { Hyperparameters } from "./hyperparameters.ts";
export { csvLog, jsonLines, type LinesOptions } from "./lines.ts";
export { type MlflowOptions, mlflow } from "./mlflow.ts";
export { type TensorBoardOptions, tensorBoard } from "./tensorboard.ts";

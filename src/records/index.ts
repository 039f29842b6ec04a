export { EventFile, type PngImage } from "./event-file.ts";
export { csvLog, jsonLines, type LinesOptions } from "./lines.ts";
export { type TensorBoardOptions, tensorBoard } from "./tensorboard.ts";

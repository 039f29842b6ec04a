// What reads files: one door to modules of Node, loaded when it is used. files.browser.ts stands for it in bundles for browsers.

export { arrowDataset } from "./arrow/arrow.ts";
export { arrayDataset, arraysIn, describedImages, imageDataset, linesDataset, tokenDataset } from "./readers/open.ts";
export { Table } from "./tables/table.ts";

import { fail } from "../util/index.ts";

// Stands for files.ts in bundles for browsers ("browser" in package.json).

function refuse(): never {
  return fail("a browser cannot read files of a disk", "fromArrays or fromGenerator, over what the page has fetched");
}

export const Table = { open: refuse };
export const arrayDataset = refuse;
export const arrowDataset = refuse;
export const arraysIn = refuse;
export const describedImages = refuse;
export const imageDataset = refuse;
export const linesDataset = refuse;
export const tokenDataset = refuse;

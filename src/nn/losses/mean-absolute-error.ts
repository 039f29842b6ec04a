import { checkOptions } from "../../util/index.ts";
import { aligned, defineLoss, type Loss } from "./loss.ts";

/** |yTrue - yPred|, averaged over a sample's outputs. */
export function meanAbsoluteError(options: object = {}): Loss {
  checkOptions("meanAbsoluteError", options, []);
  return defineLoss("meanAbsoluteError", options, "numbers", (yTrue, yPred) =>
    aligned(yTrue, yPred, "meanAbsoluteError").sub(yPred).abs(),
  );
}

import { checkOptions } from "../../util/index.ts";
import { aligned, defineLoss, type Loss } from "./loss.ts";

/** (yTrue - yPred)^2, averaged over a sample's outputs. */
export function meanSquaredError(options: object = {}): Loss {
  checkOptions("meanSquaredError", options, []);
  return defineLoss("meanSquaredError", options, "numbers", (yTrue, yPred) =>
    aligned(yTrue, yPred, "meanSquaredError").sub(yPred).square(),
  );
}

import { arange, type Tensor } from "../../tensor/index.ts";
import { fail, formatShape } from "../../util/index.ts";
import { checkWord } from "../checks.ts";

/** How far apart two embeddings are. */
export type Distance = "euclidean" | "squaredEuclidean" | "cosine";

export function checkDistance(where: string, distance: unknown): void {
  checkWord(where, "distance", distance, ["euclidean", "squaredEuclidean", "cosine"]);
}

/** Labels [batch] or [batch, 1] and embeddings [batch, features], by pairs of samples: all results [batch, batch]. */
export function pairsOf(yTrue: Tensor, yPred: Tensor, where: string): { positive: Tensor; negative: Tensor } {
  const [batch = 1] = yPred.shape;
  if (yPred.rank !== 2 || yTrue.size !== batch) {
    fail(
      `${where} received labels ${formatShape(yTrue.shape)} for embeddings ${formatShape(yPred.shape)}`,
      "a label for each embedding: [batch] and [batch, features]",
    );
  }
  const same = yTrue.reshape([batch, 1]).equal(yTrue.reshape([1, batch]));
  const other = arange(batch).reshape([batch, 1]).notEqual(arange(batch));
  return { positive: same.logicalAnd(other), negative: same.logicalNot() };
}

/** Distances between a and b [..., features], broadcast together. */
export function distanceBetween(a: Tensor, b: Tensor, distance: Distance): Tensor {
  if (distance === "cosine") return a.mul(b).sum({ axis: -1 }).neg().add(1);
  const squares = a.sub(b).square().sum({ axis: -1 });
  if (distance === "squaredEuclidean") return squares;
  const apart = squares.greater(0); // the root has no slope at 0
  return apart.where(apart.where(squares, 1).sqrt(), 0);
}

/** Distances of all pairs of rows: [batch, features] -> [batch, batch]. */
export function pairDistances(x: Tensor, distance: Distance): Tensor {
  return distanceBetween(x.expandDims(1), x.expandDims(0), distance);
}

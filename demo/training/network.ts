import { type Model, optimizers, schedules } from "descent";
import type { Settings } from "../messages.ts";

export function compileFor(model: Model, { epochs, images, batchSize, engine }: Settings): void {
  const decaySteps = epochs * Math.ceil(images / batchSize);
  model.compile({
    optimizer: optimizers.adam({ learningRate: schedules.cosineDecay({ learningRate: 0.003, decaySteps }) }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
    ...(engine !== undefined && { engine }),
  });
}

import { applyOptimizer, type Optimizer, trainingPoint } from "../optim/index.ts";
import { type Tensor, withScope } from "../tensor/index.ts";
import { invariant } from "../util/index.ts";
import type { BatchBody } from "./batch-program.ts";
import { isSound, keptUnless, namedSlots, segmentsOf, slotsOf } from "./flat.ts";
import type { Run } from "./run.ts";
import { type SlopeParts, slopeOf } from "./slope.ts";

/** What a training step is made of. */
export interface StepParts extends SlopeParts {
  readonly optimizer: Optimizer;
}

/**
 * Trains. Step 1 of the six, random initialization, is done: the network drew its weights from its seed when it was made,
 * or goes on from where it was.
 */
export async function train(run: Run): Promise<void> {
  const { feed, totals, pace, event } = run;
  for (let epoch = run.epoch; epoch < run.epochs && !run.stopped; epoch++) {
    await run.beginEpoch(epoch); // shuffles

    while (!run.stopped) {
      const coming = feed.next(run.stepsLeft); // the next batch, or a few of them
      const series = coming instanceof Promise ? await coming : coming;
      if (!series) break;
      run.prepare(series);

      // Steps 2 to 5 - forward, loss, gradients, update - of each batch are one function, the compiled trainingStep below; all are one call.
      const working = run.lane.run(series);
      if (working) await working;

      const { program } = series;
      for (let step = 0; step < series.steps; step++) {
        series.read?.(step);
        event.loss = run.add(program);
        if (!Number.isFinite(event.loss)) throw await run.explain(program);
        const listening = run.finishStep(program.size);
        if (listening) await listening;
      }
      run.checkpoint();
      if (pace.due()) await pace.rest();
    }

    // 6. Repeat, until the loss is small enough (stopWhen) or the epochs are done.
    if (!run.interrupted) await run.endEpoch(epoch, totals.logs());
  }
}

/** Steps 2 to 5 for one batch: traced once per batch size, compiled as a whole. */
export function trainingStep(parts: StepParts): BatchBody {
  const { network, optimizer } = parts;
  return ({ parameters, moving, frozen, state, inputs, targets, weights, key, step, learningRate }) => {
    invariant(parameters, "a network without parameters is trained");
    const slots = slotsOf(optimizer, state);
    const point = trainingPoint(optimizer, { parameter: parameters, slots, step });

    // 2. to 4. Forward, loss and gradient at a point. Some optimizers ask for it at a second one.
    const samples = { inputs, targets, weights };
    const slopeAt = (place: Tensor) => slopeOf(parts, samples, { parameters: place, moving, frozen, key });
    const { loss, gradient, moving: moved, outputs } = slopeAt(point);
    const gradientAt = (other: Tensor) => slopeAt(other).gradient;

    // 5. Update: every parameter a step against its gradient.
    const input = { parameter: parameters, gradient, slots, learningRate, step, point, gradientAt, key };
    const updated = withScope("optimizer", () => applyOptimizer(optimizer, input, segmentsOf(network)));

    // A loss that is no number changes nothing: the search for its cause finds all parameters as they were.
    const next = { parameters: updated.parameter, moving: moved, ...namedSlots(updated.slots) };
    return { state: withScope("optimizer", () => keptUnless(isSound(loss), next, state)), outputs };
  };
}

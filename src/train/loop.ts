import type { Augment, Network } from "../nn/index.ts";
import { applyOptimizer, type Optimizer, trainingPoint } from "../optim/index.ts";
import { type RandomKey, Tensor, withScope } from "../tensor/index.ts";
import { fail, formatShape, invariant, sameShape } from "../util/index.ts";
import type { BatchBody } from "./batch-program.ts";
import { flatGradient, isSound, keptUnless, namedSlots, segmentsOf, slotsOf } from "./flat.ts";
import type { Run } from "./run.ts";
import type { Scorer } from "./scorer.ts";

/** What a training step is made of. */
export interface StepParts {
  readonly network: Network;
  readonly optimizer: Optimizer;
  readonly scorer: Scorer;
  readonly augment: Augment | undefined;
}

/**
 * Trains. Step 1 of the six, random initialization, is done: the network drew its weights from its seed when it was made,
 * or goes on from where it was.
 */
export async function train(run: Run): Promise<void> {
  const { batches, totals, pace, event } = run;
  for (let epoch = run.epoch; epoch < run.epochs && !run.stopped; epoch++) {
    await run.beginEpoch(epoch); // shuffles

    for (let batch = run.stepInEpoch; batch < batches.count && !run.stopped; batch++) {
      const program = run.programFor(batch);
      batches.refill(program.columns, batch);
      program.control[2] = run.step;
      program.rate[0] = run.learningRate;

      // Steps 2 to 5 - forward, loss, gradients, update - are one call: the compiled trainingStep below.
      const working = run.lane.run(program);
      if (working) await working;

      event.loss = run.add(program);
      if (!Number.isFinite(event.loss)) throw await run.explain(program);
      const listening = run.finishStep(program.size);
      if (listening) await listening;
      run.checkpoint();
      if (pace.due()) await pace.rest();
    }

    // 6. Repeat, until the loss is small enough (stopWhen) or the epochs are done.
    if (!run.interrupted) await run.endEpoch(epoch, totals.logs());
  }
}

/** Steps 2 to 5 for one batch: traced once per batch size, compiled as a whole. */
export function trainingStep({ network, optimizer, scorer, augment }: StepParts): BatchBody {
  return ({ parameters, moving, frozen, state, inputs, targets, weights, key, step, learningRate }) => {
    invariant(parameters, "a network without parameters is trained");
    const { seen, wanted } = withScope("augment", () => augmented(augment, inputs, targets, scorer, key));

    // 2. Forward: what does the network say?
    const slots = slotsOf(optimizer, state);
    const point = trainingPoint(optimizer, { parameter: parameters, slots, step });
    const mode = { training: true, key, frozen };
    const answer = network.forward(seen, point, moving, mode);

    // 3. Loss: how wrong is that?
    const { loss, outputs } = withScope("loss", () => scorer.measure(wanted, answer.outputs, weights, answer.losses));

    // 4. Gradients: how does the loss change with each parameter?
    const gradient = flatGradient(network, loss, answer.weights);

    // 5. Update: every parameter a step against its gradient. Some optimizers ask for it at a second point.
    const gradientAt = (other: Tensor) => {
      const again = network.forward(seen, other, moving, mode);
      const { loss } = scorer.measure(wanted, again.outputs, weights, again.losses);
      return flatGradient(network, loss, again.weights);
    };
    const input = { parameter: parameters, gradient, slots, learningRate, step, point, gradientAt, key };
    const updated = withScope("optimizer", () => applyOptimizer(optimizer, input, segmentsOf(network)));

    // A loss that is no number changes nothing: the search for its cause finds all parameters as they were.
    const next = { parameters: updated.parameter, moving: answer.state, ...namedSlots(updated.slots) };
    return { state: withScope("optimizer", () => keptUnless(isSound(loss), next, state)), outputs };
  };
}

/** A batch as a training step sees it; the fold sets augmentation's random numbers apart from those of layers. */
export function augmented(
  augment: Augment | undefined,
  inputs: readonly Tensor[],
  targets: readonly Tensor[],
  scorer: Scorer,
  key: RandomKey,
): { readonly seen: readonly Tensor[]; readonly wanted: readonly Tensor[] } {
  if (!augment) return { seen: inputs, wanted: targets };
  const own = key.fold(0xa09);
  const change = (x: Tensor, changed: unknown, what: string): Tensor => {
    if (changed instanceof Tensor && sameShape(changed.shape, x.shape)) return changed;
    const found = changed instanceof Tensor ? `a tensor of shape ${formatShape(changed.shape)}` : String(changed);
    fail(`augment gave ${what}${found}`, `a tensor of the shape that it got, ${formatShape(x.shape)}`);
  };
  const seen = inputs.map((x) => change(x, augment(x, own), ""));
  const { targets: mix } = augment;
  if (!mix) return { seen, wanted: targets };
  scorer.checkMixed();
  return { seen, wanted: targets.map((y) => change(y, mix(y, own, inputs[0] as Tensor), "targets: ")) };
}

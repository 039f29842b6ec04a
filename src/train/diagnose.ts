import type { Network } from "../nn/index.ts";
import { trainingPoint } from "../optim/index.ts";
import { stack, type Tensor } from "../tensor/index.ts";
import { DescentError } from "../util/index.ts";
import { augmented } from "./augmented.ts";
import { type BatchLayout, type BatchProgram, compileBatch, type TracedBatch } from "./batch-program.ts";
import { isSound, slotsOf } from "./flat.ts";
import type { StepParts } from "./loop.ts";
import type { Trainer } from "./trainer.ts";

/** Where a training stood when its loss stopped being a number. */
export interface Accident {
  /** Number of the update that could not be done, counted from 1. */
  readonly step: number;
  /** The epoch, counted from 1. */
  readonly epoch: number;
  readonly loss: number;
  readonly learningRate: number;
}

/**
 * Finds out why a loss is NaN or infinite: looks at the parameters, which are as they were before the failed step, then
 * runs the step's forward pass once more on the same rows and asks every layer.
 *
 * @param failed the program of the step, its inputs untouched since.
 */
export async function explainLoss(
  trainer: Trainer,
  parts: StepParts,
  layout: BatchLayout,
  failed: BatchProgram,
  accident: Accident,
): Promise<DescentError> {
  const { network } = parts;
  const kind = Number.isNaN(accident.loss) ? "NaN" : "infinite";
  const when = `at step ${accident.step} (epoch ${accident.epoch})`;
  const slower = `lower the learning rate (now ${Number(accident.learningRate.toPrecision(4))}) or clip gradients: clipNorm: 1`;

  const broken = lastBrokenLayer(network);
  if (broken) {
    const { path, values } = broken;
    return error(
      `the loss became ${kind} ${when} because the weights of ${path} had become ${values} in the update before`,
      "their gradient was too large for float32",
      slower,
    );
  }

  const suspects = await findSuspects(trainer, parts, layout, failed);
  const [first] = suspects;
  if (first === undefined) {
    return error(
      `the loss became ${kind} ${when} in the loss function itself: every layer's output is finite`,
      `a loss such as ${parts.scorer.lossKinds.join(", ")} must not divide by or take the logarithm of zero`,
      slower,
    );
  }
  if (first === augmentation) {
    return error(`the loss became ${kind} ${when} because augment gave NaN or infinity`, "finite inputs", undefined);
  }
  const early = accident.step <= 10 ? "; if the inputs are large, scale them first" : "";
  return error(`the loss became ${kind} ${when} in ${first}: its output is not finite`, undefined, `${slower}${early}`);
}

const augmentation = "the augmentation";

/** Names of what is not finite, in the order of computation. */
async function findSuspects(
  trainer: Trainer,
  parts: StepParts,
  layout: BatchLayout,
  failed: BatchProgram,
): Promise<string[]> {
  const names: string[] = [];
  const body = ({ parameters, moving, frozen, inputs, targets, key, state, step }: TracedBatch) => {
    const { seen } = augmented(parts.augment, inputs, targets, parts.scorer, key);
    const slots = slotsOf(parts.optimizer, state);
    const point = trainingPoint(parts.optimizer, { parameter: parameters as Tensor, slots, step });
    const { layerOutputs } = parts.network.forward(seen, point, moving, { training: true, key, frozen });
    names.push(...seen.map(() => augmentation), ...Object.keys(layerOutputs));
    const sound = [...seen, ...Object.values(layerOutputs)].map((x) => isSound(x.cast("float32")).all());
    return { outputs: { sound: stack(sound.map((flag) => flag.cast("float32"))) } };
  };
  const { network, memory, lane } = trainer;
  const program = await compileBatch("diagnosis", network, memory, layout, failed.size, true, body);
  program.columns.forEach((column, i) => {
    column.set(failed.columns[i] as typeof column);
  });
  program.control.set(failed.control);
  await lane.run(program);
  return names.filter((_, i) => program.outputs["sound"]?.[i] === 0);
}

/**
 * The layer in whose weights a number that is not finite arose: gradients flow from the outputs to the inputs and take it
 * along, so it is the last such layer.
 */
function lastBrokenLayer(network: Network): { path: string; values: "NaN" | "infinite" } | undefined {
  const views = network.getWeights();
  for (const { path, weights } of network.layers.toReversed()) {
    const values = weights.map((weight) => views[weight.path] ?? []);
    if (values.some((list) => list.some(Number.isNaN))) return { path, values: "NaN" };
    if (values.some((list) => !list.every(Number.isFinite))) return { path, values: "infinite" };
  }
  return undefined;
}

function error(what: string, why: string | undefined, fix: string | undefined): DescentError {
  return new DescentError([`${what}.`, why && `${capital(why)}.`, fix && `Fix: ${fix}.`].filter(Boolean).join(" "));
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

import type { Tensor } from "../tensor/index.ts";
import { fail } from "../util/index.ts";
import { placesOf } from "./attention/positions.ts";
import type { LayerDefinition, Past } from "./definition.ts";
import { type Received, receivedBy, type Step } from "./forward.ts";
import { type SymbolicTensor, topologicalOrder } from "./graph.ts";
import type { Known } from "./known.ts";
import type { NetworkLayer } from "./structure.ts";

/** What changes and what stays while one input of a network grows, place by place. */
export interface Growth {
  /** What depends on that input. */
  readonly grows: ReadonlySet<SymbolicTensor>;
  /** What does not, and is used by what does: it need be computed once only. */
  readonly settled: readonly SymbolicTensor[];
}

/** Of the network that gives these outputs. */
export function growthOf(outputs: readonly SymbolicTensor[], input: SymbolicTensor): Growth {
  const grows = new Set([input]);
  const settled = new Set<SymbolicTensor>();
  for (const symbol of topologicalOrder(outputs)) {
    const { inputs } = symbol.origin;
    if (!inputs.some((each) => grows.has(each))) continue;
    grows.add(symbol);
    for (const each of inputs) if (!grows.has(each)) settled.add(each);
  }
  for (const output of outputs) if (!grows.has(output)) settled.add(output);
  return { grows, settled: [...settled] };
}

/** Whether a layer can go through a sequence part by part, some of its inputs growing. */
export function goesStepwise({ stepwise }: LayerDefinition, growing: readonly boolean[]): boolean {
  return typeof stepwise === "function" ? stepwise(growing) : stepwise === true;
}

/**
 * Some places of sequences that grow.
 *
 * @param settled what does not grow, computed before.
 * @param pastOf what each layer, by its path and use, knows of the places before.
 */
export function growingStep(
  { grows }: Growth,
  settled: Known,
  pastOf: (reference: string) => Omit<Past, "whole">,
): Step {
  return {
    grows,
    settled,
    received(layer, symbol, reference, known) {
      checkStepwise(layer, symbol, grows);
      const received = receivedBy(symbol, known);
      const whole = new Set(received.given.filter((_, i) => !grows.has(symbol.origin.inputs[i] as SymbolicTensor)));
      const past: Past = { ...pastOf(reference), whole: (input) => whole.has(input) };
      return { ...(layer.definition.stepwise === true ? placesNow(received, past) : received), past };
    },
  };
}

/** Of inputs that are there as a whole, the places that are computed now. */
function placesNow({ given, seen }: Received, past: Past): Received {
  const growing = given.find((tensor) => !past.whole(tensor));
  const places = placesOf(growing?.shape[1] ?? 1, past);
  const now = (tensor: Tensor | undefined, i: number) =>
    tensor && past.whole(given[i] as Tensor) && tensor.shape[1] !== 1 ? tensor.take(places, { axis: 1 }) : tensor;
  return { given: given.map((tensor, i) => now(tensor, i) as Tensor), seen: seen.map(now) };
}

/** Refuses a layer that can't go through a sequence place by place. */
function checkStepwise({ path, definition }: NetworkLayer, symbol: SymbolicTensor, grows: Growth["grows"]): void {
  const { inputs } = symbol.origin;
  const [places] = symbol.shape;
  const along = (input: SymbolicTensor) =>
    grows.has(input) || input.shape[0] === places || (input.shape[0] === 1 && input.shape.length > 1);
  const growing = inputs.map((input) => grows.has(input));
  if (goesStepwise(definition, growing) && (definition.stepwise !== true || inputs.every(along))) return;
  fail(
    `${path} (${definition.kind}) can't go through a sequence place by place`,
    "layers that treat all places alike or look back only: causal attention, recurrent layers forward, causal conv1d",
    "generate with cache: false",
  );
}

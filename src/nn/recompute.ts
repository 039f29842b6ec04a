import { checkpoint, type Tensor } from "../tensor/index.ts";
import type { SymbolicTensor } from "./graph.ts";
import { type Changes, Known, type RunLayers } from "./known.ts";
import type { NetworkStructure } from "./structure.ts";

/** Uses of layers, one after the other. */
export interface NetworkSegment {
  readonly symbols: readonly SymbolicTensor[];
  /** Computed again in the backward pass. */
  readonly again: boolean;
}

/**
 * A network's layers, inputs left out, in `count` segments of about as many layers. The last is not computed again, since the backward
 * pass begins with it; nor are outputs, of which a loss may want to know how they came about (logits).
 */
export function segmentsOf(structure: NetworkStructure, count: number): NetworkSegment[] {
  const symbols = structure.order.filter((symbol) => !structure.inputs.includes(symbol));
  const parts = Number.isFinite(count) ? Math.min(count, symbols.length) : Math.round(Math.sqrt(symbols.length));
  if (parts < 2) return [{ symbols, again: false }];
  const bounds = Array.from({ length: parts + 1 }, (_, i) => Math.round((i * symbols.length) / parts));
  return bounds.slice(1).flatMap((end, i) => {
    const segment = symbols.slice(bounds[i], end);
    if (i === parts - 1) return [{ symbols: segment, again: false }];
    return aroundOutputs(structure, segment);
  });
}

/** A segment cut at the network's outputs. */
function aroundOutputs(structure: NetworkStructure, symbols: readonly SymbolicTensor[]): NetworkSegment[] {
  const at = symbols.findIndex((symbol) => structure.outputs.includes(symbol));
  const again = (part: readonly SymbolicTensor[]) => (part.length > 0 ? [{ symbols: part, again: true }] : []);
  if (at < 0) return again(symbols);
  const output = { symbols: symbols.slice(at, at + 1), again: false };
  return [...again(symbols.slice(0, at)), output, ...aroundOutputs(structure, symbols.slice(at + 1))];
}

/** Runs layers so that their gradients compute them again; puts what others use of them, and what they change, where it belongs. */
export function computeAgain(
  structure: NetworkStructure,
  symbols: readonly SymbolicTensor[],
  known: Known,
  changes: Changes,
  run: RunLayers,
): void {
  const inside = new Set(symbols);
  const taken = [...new Set(symbols.flatMap(({ origin }) => origin.inputs).filter((symbol) => !inside.has(symbol)))];
  const users = structure.order.filter((symbol) => !inside.has(symbol)).flatMap(({ origin }) => origin.inputs);
  const given = symbols.filter((symbol) => users.includes(symbol));
  let masked: SymbolicTensor[] = [];
  const segment = checkpoint((...inputs: Tensor[]) => {
    const own = new Known();
    taken.forEach((symbol, i) => {
      own.tensors.set(symbol, inputs[i] as Tensor);
      const mask = known.masks.get(symbol);
      if (mask) own.masks.set(symbol, mask);
    });
    const changed: Changes = { updates: { ...changes.updates }, losses: {} };
    run(symbols, own, changed);
    const updates = Object.entries(changed.updates).filter(([path, value]) => value !== changes.updates[path]);
    masked = given.filter((symbol) => own.masks.has(symbol));
    return {
      outputs: given.map((symbol) => own.tensorOf(symbol)),
      masks: masked.map((symbol) => own.masks.get(symbol) as Tensor),
      updates: Object.fromEntries(updates),
      losses: changed.losses,
    };
  });
  const { outputs, masks, updates, losses } = segment(...taken.map((symbol) => known.tensorOf(symbol)));
  given.forEach((symbol, i) => {
    known.tensors.set(symbol, outputs[i] as Tensor);
  });
  masked.forEach((symbol, i) => {
    known.masks.set(symbol, masks[i] as Tensor);
  });
  Object.assign(changes.updates, updates);
  for (const [name, loss] of Object.entries(losses)) changes.losses[name] = changes.losses[name]?.add(loss) ?? loss;
}

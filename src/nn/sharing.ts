import type { LayerDefinition } from "./definition.ts";

/** Who can have a layer's numbers: a network. */
export interface Holder {
  /** True while a training changes its numbers. */
  readonly busy: boolean;
  /** The numbers of one of its layers, by name. */
  numbersOf(layer: LayerDefinition): Readonly<Record<string, Float32Array>>;
}

/** Where a layer's newest numbers are. */
interface Newest {
  readonly holder: Holder;
  readonly version: number;
}

const newest = new WeakMap<LayerDefinition, Newest>();
let versions = 0;

/**
 * A layer that is used in several models has the same weights in all of them (Keras), though each model keeps all of its
 * numbers in flat vectors of its own. So whoever changes a layer's numbers says so, and whoever is about to use them
 * looks where the newest are and copies them. This is one holder's view of that.
 */
export class Share {
  private readonly seen = new Map<LayerDefinition, number>();

  constructor(private readonly holder: Holder) {}

  /** True when some network has numbers for the layer. */
  known(layer: LayerDefinition): boolean {
    return newest.has(layer);
  }

  /** Who has newer numbers for a layer, if anyone has. Those of a training under way are always newer. */
  newerOf(layer: LayerDefinition): Holder | undefined {
    const found = newest.get(layer);
    if (!found || found.holder === this.holder) return undefined;
    return found.holder.busy || found.version !== this.seen.get(layer) ? found.holder : undefined;
  }

  /** Notes that the newest numbers were copied; the copy will do for others, too. */
  copied(layer: LayerDefinition): void {
    const found = newest.get(layer);
    if (!found) return;
    this.seen.set(layer, found.version);
    if (!found.holder.busy) newest.set(layer, { holder: this.holder, version: found.version });
  }

  /** Notes that this holder's numbers have changed or are about to; a training under way elsewhere stays the newest. */
  changed(layer: LayerDefinition): void {
    const found = newest.get(layer);
    if (found && found.holder !== this.holder && found.holder.busy) return;
    const version = ++versions;
    this.seen.set(layer, version);
    newest.set(layer, { holder: this.holder, version });
  }
}

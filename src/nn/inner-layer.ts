import { fail, show } from "../util/index.ts";
import type { Layer } from "./layer.ts";

type Maker = (kind: string, options: Record<string, unknown>) => Layer;

let make: Maker = (kind) => fail(`there is no layer "${kind}" yet`);

/** The registry says how layers are made: those that hold others can't import it, since it imports them. */
export function provideMaker(maker: Maker): void {
  make = maker;
}

/** The layer inside of another one: itself, or, as files have it, its kind with its options. */
export function innerLayer(where: string, value: unknown): Layer {
  if (typeof value === "function" && "definition" in value) return untied(where, value as Layer);
  if (typeof value === "object" && value !== null && "kind" in value && typeof value.kind === "string") {
    const { kind, ...options } = value;
    return untied(where, make(kind, options));
  }
  fail(`${where} got ${show(value)}`, "a layer to apply", `layers.${where}(layers.lstm(16))`);
}

function untied(where: string, layer: Layer): Layer {
  if (!layer.definition.ties) return layer;
  fail(`${where} got a ${layer.definition.kind} layer with ties`, `ties of the ${where} layer itself`);
}

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
  if (typeof value === "function" && "definition" in value) return value as Layer;
  if (typeof value === "object" && value !== null && "kind" in value && typeof value.kind === "string") {
    const { kind, ...options } = value;
    return make(kind, options);
  }
  fail(`${where} got ${show(value)}`, "a layer to apply", `layers.${where}(layers.lstm(16))`);
}

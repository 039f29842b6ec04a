import { fail, show, unknownName } from "../util/index.ts";
import { custom, type UpdateFunction } from "./custom.ts";
import type { Optimizer } from "./optimizer.ts";

/** An optimizer as JSON: its name and its options. */
export type NamedConfig = { readonly kind: string } & Readonly<Record<string, unknown>>;

/** Every way to say which optimizer, names being any string. */
export type AnyOptimizer = string | Optimizer | NamedConfig | UpdateFunction<never>;

type Factory = (options: never) => Optimizer;

const factories = new Map<string, Factory>();

/** Makes factories known by name. Wrappers read the optimizer inside them by name, so this stands below both. */
export function addKnown(more: Readonly<Record<string, Factory>>): void {
  for (const [name, factory] of Object.entries(more)) factories.set(name, factory);
}

/** Reads an optimizer in any of its forms; `where` asked for it. */
export function readOptimizer(like: AnyOptimizer | { readonly kind: string }, where: string): Optimizer {
  if (typeof like === "string") return factoryOf(like)({} as never);
  if (typeof like === "function") {
    const name = [...factories].find(([, factory]) => factory === (like as unknown))?.[0];
    if (name) fail(`${where} is the factory ${name} itself`, "what it makes", `optimizers.${name}({ ... })`);
    return custom(like);
  }
  if (!like || typeof like !== "object")
    fail(`${where} is ${show(like)}`, `one of ${[...factories.keys()].join(", ")}`);
  if (isOptimizer(like)) return like;
  const { kind, ...options } = like;
  return factoryOf(String(kind))(options as never);
}

function factoryOf(name: string): Factory {
  return factories.get(name) ?? unknownName("optimizer", name, factories.keys());
}

function isOptimizer(like: object): like is Optimizer {
  return typeof (like as Partial<Optimizer>).update === "function";
}

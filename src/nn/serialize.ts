import { fail } from "../util/index.ts";
import { activationRegistry } from "./activation-registry.ts";
import { constraintRegistry } from "./constraint-registry.ts";
import type { Constraint } from "./constraints.ts";
import type { LayerDefinition } from "./definition.ts";
import { initializerRegistry } from "./initializer-registry.ts";
import { regularizerRegistry } from "./regularizer-registry.ts";
import type { Regularizer } from "./regularizers.ts";

/** What a JSON file can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/**
 * Options as a file can hold them: registered functions by their name, initializers as { kind, ...options }.
 *
 * @throws DescentError naming the option that holds a custom function, and how to register it.
 */
export function toJson(value: unknown, where: string): Json {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") {
    if (Number.isFinite(value)) return value;
    fail(`${where} is ${value}, which JSON can't hold`, "a finite number");
  }
  if (Array.isArray(value)) return value.map((item, i) => toJson(item, `${where}[${i}]`));
  if (typeof value === "function") {
    if ("definition" in value) return layerToJson(value.definition as LayerDefinition, where);
    if ("kind" in value && "options" in value) return ruleToJson(value as Rule, where);
    return activationRegistry.nameOf(value) ?? initializerRegistry.nameOf(value) ?? ruleNameOf(value) ?? refuse(where);
  }
  if (typeof value === "object") {
    if ("kind" in value && "values" in value && "options" in value) {
      if (!initializerRegistry.names.includes(String(value.kind))) refuse(where);
      return { ...entries(value.options as object, where), kind: String(value.kind) };
    }
    return entries(value, where);
  }
  fail(`${where} is ${String(value)}, which JSON can't hold`, "text, numbers, booleans, lists and records");
}

/** A layer inside of another one. */
function layerToJson({ kind, options }: LayerDefinition, where: string): Json {
  return { ...entries(options, where), kind };
}

/** A regularizer or constraint. */
type Rule = Regularizer | Constraint;

function ruleToJson({ kind, options }: Rule, where: string): Json {
  const known = [...regularizerRegistry.names, ...constraintRegistry.names].includes(kind);
  return known ? { ...entries(options, where), kind } : refuse(where);
}

function ruleNameOf(value: unknown): string | undefined {
  return regularizerRegistry.nameOf(value) ?? constraintRegistry.nameOf(value);
}

/**
 * A loss or metric as { kind, ...options }, from which its registry makes it again.
 *
 * @throws DescentError for a custom function without a name; `register` is what names it.
 */
export function madeToJson(
  made: { readonly kind: string; readonly options: object },
  registry: { readonly names: readonly string[] },
  register: string,
): { readonly kind: string; readonly [name: string]: Json } {
  if (!registry.names.includes(made.kind)) {
    fail(
      "a custom function can't be held by a file",
      "a function with a registered name",
      `${register}("mine", f), before saving and before loading`,
    );
  }
  return { ...entries(made.options, made.kind), kind: made.kind };
}

function entries(record: object, where: string): { [name: string]: Json } {
  const present = Object.entries(record).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present.map(([name, value]) => [name, toJson(value, `${where}.${name}`)]));
}

function refuse(where: string): never {
  const option = where.slice(where.lastIndexOf(".") + 1);
  const fix = option.endsWith("ctivation")
    ? `const mine = registerActivation("mine", f), before saving and before loading`
    : option.endsWith("nitializer")
      ? `const mine = registerInitializer("mine", f), before saving and before loading`
      : option.endsWith("Regularizer")
        ? `const mine = registerRegularizer("mine", f), before saving and before loading`
        : option.endsWith("Constraint")
          ? `const mine = registerConstraint("mine", f), before saving and before loading`
          : `const mine = registerLayer("mine", () => layers.lambda(f)) and mine() in the model, before saving and before loading`;
  fail(`${where} is a custom function, which a file can't hold`, "a function with a registered name", fix);
}

import { fail } from "../util/index.ts";
import { Tensor } from "./tensor.ts";

/** Tensors in arrays and records, nested: what functions that are differentiated or compiled take and give. */
export type Tree = Tensor | readonly Tree[] | { readonly [name: string]: Tree };

/** The tensors of a tree, in a fixed order. */
export function leaves(tree: Tree): Tensor[] {
  if (tree instanceof Tensor) return [tree];
  if (Array.isArray(tree)) return (tree as readonly Tree[]).flatMap(leaves);
  if (typeof tree === "object" && tree !== null) return Object.values(tree as Record<string, Tree>).flatMap(leaves);
  fail(`found ${String(tree)} where tensors were expected`, "a tensor, or arrays and records of tensors");
}

/** A tree of the same form with other leaves, taken in order. */
export function rebuild<T extends Tree>(tree: T, replacements: readonly Tensor[]): T {
  let next = 0;
  const visit = (part: Tree): Tree => {
    if (part instanceof Tensor) return replacements[next++]!;
    if (Array.isArray(part)) return (part as readonly Tree[]).map(visit);
    return Object.fromEntries(Object.entries(part as Record<string, Tree>).map(([name, each]) => [name, visit(each)]));
  };
  return visit(tree) as T;
}

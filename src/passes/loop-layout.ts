import { type IndexExpression, loopsOf } from "../ir/index.ts";
import type { Access, ContractionKernel, Expression, Loop, LoopKernel, Stage, Store } from "./kernel.ts";
import { forEachAccess, type LoopNest } from "./loop-kernel.ts";
import { forEachPart } from "./lower.ts";

/** Coefficient of a loop outside of quotients. */
export function coefficientOf(index: IndexExpression, loop: number): number {
  return index.terms.find(({ of }) => of === loop)?.coefficient ?? 0;
}

/** Whether two neighbouring loops always appear as one: outer * inner.size + inner. */
function actAsOne(index: IndexExpression, outer: Loop, inner: Loop): boolean {
  if (coefficientOf(index, outer.id) !== coefficientOf(index, inner.id) * inner.size) return false;
  return index.terms.every(({ of }) => typeof of === "number" || actAsOne(of.expression, outer, inner));
}

function withoutLoop(index: IndexExpression, loop: number): IndexExpression {
  return {
    constant: index.constant,
    terms: index.terms
      .filter(({ of }) => of !== loop)
      .map((term) =>
        typeof term.of === "number"
          ? term
          : { ...term, of: { ...term.of, expression: withoutLoop(term.of.expression, loop) } },
      ),
  };
}

function mapAccess(access: Access, change: (index: IndexExpression) => IndexExpression): Access {
  return {
    ...access,
    index: change(access.index),
    guards: access.guards.map((guard) => ({ ...guard, expression: change(guard.expression) })),
  };
}

/** The same expressions with every index changed; shared parts stay shared. */
function indexMapper(change: (index: IndexExpression) => IndexExpression): (expression: Expression) => Expression {
  const done = new Map<Expression, Expression>();
  const visit = (part: Expression): Expression => {
    const known = done.get(part);
    if (known) return known;
    const made = ((): Expression => {
      switch (part.kind) {
        case "scalar":
          return part.args.length === 0 ? part : { ...part, args: part.args.map(visit) };
        case "load":
          return { ...part, access: mapAccess(part.access, change) };
        case "gather":
          return { ...part, access: mapAccess(part.access, change), row: visit(part.row) };
        case "index":
          return { ...part, index: change(part.index) };
        case "result":
          return part;
      }
    })();
    done.set(part, made);
    return made;
  };
  return visit;
}

/** Every index expression of some stages. */
function indexesOf(stages: readonly Stage[]): IndexExpression[] {
  const found: IndexExpression[] = [];
  forEachAccess(stages, (access) => found.push(access.index, ...access.guards.map(({ expression }) => expression)));
  for (const stage of stages) {
    for (const { position } of stage.reductions) if (position) found.push(position);
    forEachPart(
      [...stage.reductions, ...stage.stores].map(({ value }) => value),
      (part) => {
        if (part.kind === "index") found.push(part.index);
      },
    );
  }
  return found;
}

/** Finds a neighbouring pair of loops that act as one everywhere. */
function mergeablePair(loops: readonly Loop[], indexes: readonly IndexExpression[]): number {
  for (let i = 0; i + 1 < loops.length; i++) {
    if (indexes.every((index) => actAsOne(index, loops[i]!, loops[i + 1]!))) return i;
  }
  return -1;
}

function mergeAt(loops: readonly Loop[], i: number): Loop[] {
  const merged = { id: loops[i + 1]!.id, size: loops[i]!.size * loops[i + 1]!.size };
  return [...loops.slice(0, i), merged, ...loops.slice(i + 2)];
}

/** Merges neighbouring loops that act as one, so that contiguous data is walked by long loops. */
export function collapseLoops(nest: LoopNest): LoopNest {
  let { outer, stages } = nest;
  for (;;) {
    const indexes = indexesOf(stages);
    const at = mergeablePair(outer, indexes);
    if (at >= 0) {
      stages = changeIndexes(stages, outer[at]!.id);
      outer = mergeAt(outer, at);
      continue;
    }
    const which = stages.findIndex((stage) => mergeablePair(stage.inner, indexesOf([stage])) >= 0);
    if (which < 0) return { outer, stages };
    stages = stages.map((stage, i) => {
      if (i !== which) return stage;
      const inner = mergeablePair(stage.inner, indexesOf([stage]));
      return { ...changeIndexes([stage], stage.inner[inner]!.id)[0]!, inner: mergeAt(stage.inner, inner) };
    });
  }
}

function changeIndexes(stages: readonly Stage[], removed: number): Stage[] {
  const change = (index: IndexExpression) => withoutLoop(index, removed);
  const visit = indexMapper(change);
  return stages.map(({ inner, reductions, stores }) => ({
    inner,
    reductions: reductions.map((each) => ({
      ...each,
      value: visit(each.value),
      ...(each.position ? { position: change(each.position) } : {}),
    })),
    stores: stores.map((each) => mapStore(each, change, visit)),
  }));
}

function mapStore(
  store: Store,
  change: (index: IndexExpression) => IndexExpression,
  visit: (e: Expression) => Expression,
): Store {
  return { access: mapAccess(store.access, change), value: visit(store.value) };
}

/** The same for the four loop groups of a contraction. */
export function collapseContraction(kernel: ContractionKernel): ContractionKernel {
  let current = kernel;
  for (;;) {
    const stages: Stage[] = [{ inner: [], reductions: [], stores: current.stores }];
    const indexes = [
      ...indexesOf(stages),
      ...[current.a, current.b].flatMap(({ index, guards }) => [index, ...guards.map(({ expression }) => expression)]),
    ];
    const names = ["batch", "rows", "columns", "depth"] as const;
    const name = names.find((each) => mergeablePair(current[each], indexes) >= 0);
    if (!name) return current;
    const at = mergeablePair(current[name], indexes);
    const change = (index: IndexExpression) => withoutLoop(index, current[name][at]!.id);
    const visit = indexMapper(change);
    current = {
      ...current,
      [name]: mergeAt(current[name], at),
      a: mapAccess(current.a, change),
      b: mapAccess(current.b, change),
      stores: current.stores.map((each) => mapStore(each, change, visit)),
    };
  }
}

/** Points of a loop that one vector instruction handles, as far as the choice of a loop is concerned. */
const LANES = 16;

/** How well neighbouring points of `loop` can be computed together: unit strides count for it, scattered elements against it. */
function score(stages: readonly Stage[], loopFor: (stage: Stage) => Loop | undefined): number {
  let total = 0;
  forEachAccess(stages, (access, store, stage) => {
    const loop = loopFor(stage);
    if (!loop) return;
    const points = stage.inner.reduce((count, { size }) => count * size, 1);
    const used = loop.size / (Math.ceil(loop.size / LANES) * LANES);
    const stride = coefficientOf(access.index, loop.id);
    const guarded = access.guards.some(({ expression }) => loopsOf(expression).has(loop.id));
    const quotient = access.index.terms.some(({ of }) => typeof of !== "number" && loopsOf(of.expression).has(loop.id));
    const worth = quotient || (stride !== 0 && stride !== 1) ? -3 : guarded ? -2 : stride === 1 ? (store ? 3 : 2) : 1;
    total += worth * (worth > 0 ? used : 1) * points;
  });
  return total;
}

/** Chooses the loop along which lanes lie. */
export function chooseVector(nest: LoopNest): LoopKernel["vector"] {
  let best: LoopKernel["vector"] = "inner";
  let bestScore = nest.stages.some(({ inner }) => inner.length > 0)
    ? score(nest.stages, (stage) => stage.inner.at(-1))
    : Number.NEGATIVE_INFINITY;
  for (const loop of nest.outer) {
    const own = score(nest.stages, () => loop);
    if (own >= bestScore && loop.size > 1) {
      bestScore = own;
      best = loop.id;
    }
  }
  return best;
}

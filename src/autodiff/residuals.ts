import { bodyValueOf, type Loop, type Node, topologicalOrder, typeText } from "../ir/index.ts";

/** Views that a backward step makes again instead of keeping them. */
const VIEWS = new Set(["reshape", "permute", "broadcast", "embed"]);
/** What a backward step may compute once more: one element from few others, in a kernel that it runs anyway. */
const CHEAP = new Set(["elementwise", "movement", "constant", "iota"]);

/**
 * Values of a loop's body from which a backward step starts: those that it does not compute again. They are kept for all steps, so they
 * are as few as can be without a product or a sum being done twice: elementwise values of slices, of constants and of what is kept anyway
 * are made again. Of an LSTM, for example, the sums z before the gates and the cell's state c suffice:
 *
 *   i, f, o = sigmoid(z), g = tanh(z), tanh(c') and all their derivatives
 *
 * With `recompute` everything is computed again, from carries, slices and constants.
 *
 * @param results nodes of the surrounding graph that ask for values of the body
 * @param seeds values of the body from which gradients start
 * @param found the gradients, in terms of the forward body
 */
export function residualsOf(
  loop: Loop,
  results: readonly Node[],
  seeds: readonly Node[],
  found: readonly Node[],
): Node[] {
  const forward = new Set(topologicalOrder(seeds));
  const sources = new Set([...loop.carries, ...loop.slices, ...loop.constants]);
  const readWith = (isLeaf: (node: Node) => boolean): Node[] =>
    topologicalOrder(found, isLeaf).filter((node) => sources.has(node) || isLeaf(node));
  if (loop.recompute) return readWith(() => false);

  const light = new Set<Node>([...loop.slices, ...loop.constants]);
  for (const node of forward) if (isMadeOf(node, light)) light.add(node);
  const isOwn = (node: Node) =>
    forward.has(node) && node.inputs.length > 0 && !VIEWS.has(node.op.name) && !light.has(node);
  const read = new Set(readWith(isOwn));

  const free = keptAnyway(loop, results, forward, read).filter(isOwn);
  // What products multiply has to lie in memory: it is kept rather than made a second time.
  const products = topologicalOrder(found, (node) => forward.has(node)).filter(({ op }) => op.family === "contraction");
  const factors = new Set(products.flatMap(({ inputs }) => inputs.map(unmoved)));
  const known = new Set([...light, ...loop.carries.filter((carry) => read.has(carry)), ...free]);
  const again = new Set<Node>();
  for (const node of forward) {
    if (known.has(node)) continue;
    if (!factors.has(node) && isMadeOf(node, known)) again.add(node);
    if (again.has(node) || read.has(node)) known.add(node);
  }
  return readWith((node) => isOwn(node) && !again.has(node));
}

/** Whether few instructions make a value of some others. */
function isMadeOf({ op, inputs }: Node, others: ReadonlySet<Node>): boolean {
  return CHEAP.has(op.family) && inputs.every((input) => others.has(input));
}

/** Values that it costs no memory to keep. `read`: what is kept in any case. */
function keptAnyway(loop: Loop, results: readonly Node[], forward: ReadonlySet<Node>, read: ReadonlySet<Node>): Node[] {
  const asked = results.flatMap((node) => bodyValueOf(node) ?? []);
  // A carry before each step and after it are two views of one stack.
  const carried = new Set([...read, ...asked]);
  const after = loop.next.filter((next, k) => carried.has(next) || carried.has(loop.carries[k]!));
  // What is made of a slice that nothing else needs, element by element, can take its place: the memory of what was computed before
  // the loop becomes that of what its steps make of it.
  const instead = loop.slices.flatMap((slice) => {
    const users = [...forward].filter((node) => node.inputs.includes(slice));
    const fits = (node: Node) => node.op.family === "elementwise" && typeText(node) === typeText(slice);
    return read.has(slice) || users.length > 1 ? [] : users.filter(fits);
  });
  return [...asked, ...after, ...instead];
}

function unmoved(node: Node): Node {
  return node.op.family === "movement" ? unmoved(node.inputs[0]!) : node;
}

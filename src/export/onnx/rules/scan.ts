import type { GraphLoop, GraphNode } from "../../unify.ts";
import type { Value } from "../builder.ts";
import type { Lowering, Rule } from "../lowering.ts";
import { graphProto, HELD, valueProto } from "../schema.ts";

/** Results of each loop that was written: carries after the last step, then stacked values. */
const written = new WeakMap<Lowering, Map<GraphLoop, readonly string[]>>();

/** A loop is a Scan: its body a graph of its own, which reads what is the same for all steps from around it. */
function outputsOf(loop: GraphLoop, inputs: readonly GraphNode[], lowering: Lowering): readonly string[] {
  const known = written.get(lowering) ?? new Map<GraphLoop, readonly string[]>();
  written.set(lowering, known);
  const found = known.get(loop);
  if (found) return found;
  const { graph } = lowering;
  lowering.model.constants.enter(loop);
  const body = lowering.inner();
  const own = [...loop.carries, ...loop.slices];
  const declared = own.map((node, i) => {
    const name = graph.unique(`${graph.scope}/${i < loop.carries.length ? "carry" : "slice"}`);
    body.values.set(node, { name, shape: node.shape });
    return valueProto(name, HELD[node.dtype], node.shape);
  });
  // What is counted by carries alone still needs something to go through.
  const counted = loop.slices.length === 0;
  if (counted) declared.push(valueProto(graph.unique(`${graph.scope}/step`), "int64", []));
  const results = [...loop.next, ...loop.values];
  body.run(results);
  const outputs = results.map((node) => {
    const { name } = body.full(node);
    return body.graph.makes(name) ? name : body.graph.emit("Identity", [name]);
  });
  const names = outputs.map((name, i) => (outputs.indexOf(name) === i ? name : copied(body, name, i)));
  const proto = graphProto({
    name: graph.unique(`${graph.scope}/step`),
    nodes: body.graph.nodes,
    initializers: [],
    inputs: declared,
    outputs: results.map((node, i) => valueProto(names[i]!, HELD[node.dtype], node.shape)),
  });
  const given = inputs.slice(0, own.length).map((input) => lowering.full(input).name);
  if (counted) given.push(graph.integers(Array.from({ length: loop.length }, (_, i) => i)));
  const slices = counted ? 1 : loop.slices.length;
  const direction = loop.reverse ? 1 : 0;
  const made = graph.emitAll(
    "Scan",
    given,
    {
      body: { graph: proto },
      num_scan_inputs: slices,
      scan_input_directions: Array<number>(slices).fill(direction),
      scan_output_directions: loop.values.map(() => direction),
    },
    results.length,
  );
  known.set(loop, made);
  return made;
}

/** A result that is asked for twice, under a second name. */
function copied({ graph }: Lowering, name: string, i: number): string {
  const copy = graph.unique(`${name}:copy${i}`);
  graph.rename(name, copy);
  return copy;
}

/** Which result of its loop a node is. */
const resultOf = (place: (loop: GraphLoop, node: GraphNode) => number): Rule => {
  return (node, lowering): Value => {
    const loop = node.loop!;
    return { name: outputsOf(loop, node.inputs, lowering)[place(loop, node)]!, shape: node.shape };
  };
};

export const SCAN_RULES = {
  scan: resultOf((loop, node) => {
    const stacked = loop.results.filter(({ op }) => op.name === "scan");
    return loop.carries.length + stacked.indexOf(node.traced);
  }),
  scanEnd: resultOf((_, node) => node.attributes["carry"] as number),
} as const satisfies Record<string, Rule>;

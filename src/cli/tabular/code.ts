import { relative, sep } from "node:path";
import { isQuery } from "../../data/index.ts";
import {
  learningRateOf,
  type PreparedTable,
  type PrepareOptions,
  SEED_STEP,
  type TrainedTable,
} from "../../tabular/index.ts";
import { targetNames } from "./report.ts";

/** What a training was made by, as a program that makes it again and can be edited. */
export function trainingCode(
  table: PreparedTable,
  trained: TrainedTable,
  options: PrepareOptions,
  folder: string,
  file: string,
): string {
  const { target } = table.recipe;
  const { plan, chosen, classWeight, model: made } = trained;
  const linear = chosen === "linear";
  const types = Object.fromEntries(
    table.profiles
      .filter(({ name }) => !targetNames(table.recipe).includes(name))
      .map(({ name, type }) => [name, type]),
  );
  const { types: _, ...given } = options;
  const prepared = {
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    target: targetNames(table.recipe).length > 1 ? targetNames(table.recipe) : target.name,
    task: target.task,
    types,
  };
  const several = plan.networks > 1;
  const indented = (code: string) => (several ? code.replace(/^(?=.)/gm, "  ") : code);
  const seed = several ? `${options.seed ?? 0} + ${SEED_STEP} * networks.length` : (options.seed ?? 0);
  const data = several
    ? { train: "fold.train", validation: "fold.validation" }
    : { train: "train", validation: "validation" };
  const network = `const { inputs, ${linear ? "linear" : "features, linear"} } = table.features();
${linear ? "" : deepLayers(plan.hidden, plan.dropout)}${outputCode(target.task, linear ? "linear" : "both")}
const net = model({ inputs, outputs: output, seed: ${seed}${several ? `, name: \`network_\${networks.length + 1}\`` : ""} });
net.compile(how);
await net.fit(${table.isStreamed ? data.train : `${data.train}.x, ${data.train}.targets`}, {
  epochs: ${plan.epochs},
  batchSize: ${plan.batchSize},
${plan.stepsPerEpoch === undefined ? "" : `  stepsPerEpoch: ${plan.stepsPerEpoch},\n`}  validationData: ${table.isStreamed ? data.validation : `{ x: ${data.validation}.x, y: ${data.validation}.targets }`},
  seed: ${seed},
${classWeight ? `  classWeight: ${literal(classWeight).replaceAll("\n", "\n  ")},\n` : ""}  callbacks: [
    callbacks.earlyStopping({ patience: ${plan.patience}, restoreBestWeights: true }),
    callbacks.reduceLearningRateOnPlateau({ patience: ${Math.max(1, Math.round(plan.patience / 3))}, factor: 0.5 }),
  ],
});
`;
  const trainings = several
    ? `// Each network is watched by other rows; the model is the mean of them.
const networks: Model[] = [];
for (const fold of table.folds(train, validation, ${plan.networks})) {
${indented(network)}  networks.push(net);
}
const net = meanOfNetworks(networks).compile(how);
`
    : network;
  const source = isQuery(file)
    ? JSON.stringify(file)
    : `at(${JSON.stringify(relative(folder, file).split(sep).join("/"))})`;
  return `// Written by descent train: the training of ${target.name}, to edit and to run (npx tsx train.ts).
import { fileURLToPath } from "node:url";
import { type CompileOptions, callbacks, layers, ${several ? "type Model, " : ""}model, optimizers } from "descent";
import { ${several ? "meanOfNetworks, " : ""}prepareTable, TableModel } from "descent/tabular";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const table = await prepareTable(${source}, ${literal(prepared)});
${partsCode(table.isStreamed)}
const how: CompileOptions = {
  optimizer: optimizers.adam({ learningRate: ${learningRateOf(plan, chosen)} }),
  loss: ${JSON.stringify(plan.loss)},
  metrics: ${JSON.stringify(plan.metrics).replaceAll(",", ", ")},
${made.precision === "float32" ? "" : `  precision: "${made.precision}",\n`}};
${trainings}console.log(await net.evaluate(${table.isStreamed ? "test" : "test.x, test.targets"}));
await new TableModel(net, table.recipe).save(at("edited-model"));
await table.close();
`;
}

/** The parts in memory, or as streams. */
function partsCode(isStreamed: boolean): string {
  const way = isStreamed ? "stream" : "part";
  return ["train", "validation", "test"].map((name) => `const ${name} = await table.${way}("${name}");\n`).join("");
}

function deepLayers(hidden: readonly number[], dropout: number): string {
  const lines = hidden.flatMap((units, i) => {
    const dense = `layers.dense(${units}, { activation: "relu", kernelInitializer: "heNormal" })(${i === 0 ? "features" : "deep"});`;
    return [
      `${i === 0 ? "let deep =" : "deep ="} ${dense}`,
      ...(dropout > 0 ? [`deep = layers.dropout(${dropout})(deep);`] : []),
    ];
  });
  return `${[...lines, "const both = layers.concatenate()([linear, deep]);"].join("\n")}\n`;
}

function outputCode(task: string, from: string): string {
  const name = 'name: "output"';
  if (task === "binary") return `const output = layers.dense(1, { activation: "sigmoid", ${name} })(${from});`;
  if (task === "multi-class" || task === "multi-label")
    return `const output = layers.dense(table.recipe.target.classes.length, { activation: "${task === "multi-label" ? "sigmoid" : "softmax"}", ${name} })(${from});`;
  return `const { mean, deviation } = table.recipe.target; // the output is in the target's units
const output = layers.normalization({ mean, variance: deviation ** 2, invert: true, ${name} })(layers.dense(1)(${from}));`;
}

/** An object as TypeScript writes it, names without quotes where they need none. */
function literal(value: object): string {
  return JSON.stringify(value, null, 2).replace(/^(\s*)"([A-Za-z_$][\w$]*)":/gm, "$1$2:");
}

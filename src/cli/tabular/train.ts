import { basename, join, resolve } from "node:path";
import { isQuery } from "../../data/index.ts";
import {
  importanceEffort,
  isTableFacts,
  type PreparedTable,
  type PrepareOptions,
  permutationImportance,
  planTraining,
  prepareTable,
  sameAnswers,
  scoresOf,
  trainTable,
} from "../../tabular/index.ts";
import type { Callback, Model } from "../../train/index.ts";
import { here } from "../data/files.ts";
import { EXIT, type ExitCode, part, refuse } from "../exit.ts";
import { groupDigits } from "../format.ts";
import { recorded } from "../runs/record.ts";
import { paint, table as textTable } from "../terminal/index.ts";
import { openCheckpoints, type RunCheckpoints } from "../training/checkpoints.ts";
import { openEngine } from "../training/engine.ts";
import { unlessInterrupted } from "../training/interrupt.ts";
import { recordCallbacks, recordOptions, recordOptionsOf } from "../training/records.ts";
import { openOutput } from "../training/write.ts";
import { columnsTable } from "./columns.ts";
import { prepareOptions, type TrainTableArguments } from "./options.ts";
import { networkProgress } from "./progress.ts";
import { comparisonTable, type TableResult, taskName, weakness } from "./report.ts";
import { worstOf, writeResults } from "./results.ts";
import { requireTable, tableName } from "./source.ts";

/** Rows of the test part by which importance is measured. */
const LOOKED_AT = 2000;

/** `descent train FILE --target COLUMN`: a table in, a trained, tested and explained model out. */
export async function trainTableCommand(file: string, options: TrainTableArguments): Promise<ExitCode> {
  await requireTable(file);
  const seed = options.seed ?? 0;
  const prepared = prepareOptions(options, seed);
  const folder = options.output === undefined ? resolve("runs", tableName(file)) : resolve(options.output);
  await openEngine();
  await openOutput(folder);
  const { epochs, networks, balance, precision, resume = false } = options;
  checkNetworks(networks);
  const { seed: _, ...how } = prepared;
  const facts = {
    kind: "table",
    source: isQuery(file) ? file : here(resolve(file)),
    seed,
    settings: { ...how, epochs, networks, balance, precision },
  };
  const checkpoints = await openCheckpoints(folder, resume);
  let isGivenUp = false;
  const code = await recorded(folder, facts, resume, async () => {
    const known = await checkpoints.kept("prepared");
    const table = await unlessInterrupted(() =>
      part(EXIT.data, () => prepareTable(file, prepared, isTableFacts(known) ? known : undefined)),
    );
    isGivenUp = table === undefined;
    return table ? trainTableIn(folder, table, prepared, checkpoints, options) : EXIT.interrupted;
  });
  if (isGivenUp) {
    if (!options.quiet) console.log("Interrupted while the table was read and prepared; nothing was trained yet");
    process.exit(code); // DuckDB would go on until it has its answer
  }
  return code;
}

/** The work of a run whose folder is open. */
async function trainTableIn(
  folder: string,
  table: PreparedTable,
  prepared: PrepareOptions,
  checkpoints: RunCheckpoints,
  options: TrainTableArguments,
): Promise<ExitCode> {
  const say = options.quiet ? () => undefined : console.log;
  const { seed = 0, epochs, balance } = options;
  const { file } = table;
  try {
    await checkpoints.keep("prepared", table.facts);
    const { task, name } = table.recipe.target;
    const [trainRows, validationRows, testRows] = table.sizes.map(groupDigits);
    say(
      `${taskName(task)}: ${name} (${table.taskReason}), from ${columnsWord(table.recipe.columns.length)} of ${file}`,
    );
    say(`Rows: ${trainRows} to train, ${validationRows} to watch, ${testRows} to test`);
    say(`\n${columnsTable(table)}\n`);
    for (const { kind, column, text } of table.findings.filter(({ kind }) => kind !== "cleaned")) {
      say(
        `${kind === "hint" ? paint("Hint:", "cyan") : paint("Warning:", "yellow")} ${column === undefined ? "" : `${column}: `}${text}`,
      );
    }
    if (table.isStreamed) say(`${streamWords(table)}\nA linear model comes first, to compare with; then the network.`);
    const [train, validation] = [await table.samples("train"), await table.samples("validation")];
    const networks = options.networks ?? table.networks;
    const callbacks = await part(EXIT.usage, () => callbacksOf(folder, table, prepared, networks, options));
    if (networks > 1) say(networksWords(table, networks));
    const trained = await part(EXIT.failed, () =>
      trainTable(table, train, validation, {
        seed,
        ...(epochs !== undefined && { epochs }),
        ...(balance !== undefined && { balance }),
        precision: options.precision,
        checkpoint: checkpoints.of,
        networks,
        fit: (network) => ({
          callbacks: callbacks[network - 1] ?? [],
          ...((options.quiet || networks > 1) && { verbose: 0 }),
        }),
      }),
    );
    if (trained.history.interrupted) {
      say("Go on with the same command and --resume");
      return EXIT.interrupted;
    }
    const test = await table.truth("test");
    const samples = await table.samples("test");
    const outputOf = async (model: Model) =>
      Float32Array.from(await (await model.predict("x" in samples ? samples.x : samples)).data());
    const output = await outputOf(trained.model);
    const width = test.y.length / test.rows.length;
    // A resampled part no longer has the classes' shares; the one that is watched has.
    const means = await table.means(prepared.resample === undefined ? "train" : "validation");
    const looked = await table.part("test", { rows: LOOKED_AT });
    const result: TableResult = {
      table,
      trained,
      test,
      output,
      scores: {
        model: scoresOf(task, test.y, output, width),
        linear: scoresOf(task, test.y, await outputOf(trained.linear), width),
        constant: scoresOf(task, test.y, sameAnswers(means, test.rows.length), width),
      },
      importance: await permutationImportance(trained.model, table.recipe, looked, { seed }),
      effort: importanceEffort(table.recipe, looked.rows.length),
      worst: await worstOf(table, test, output),
      seed,
    };
    await writeResults(folder, result, prepared, isQuery(file) ? file : resolve(file));
    await checkpoints.remove();
    const { columns, rows } = comparisonTable(result);
    const titles = columns.map((title, i) => ({ title, ...(i === 0 && { align: "left" as const }) }));
    console.log(`\n${textTable({ columns: titles, rows })}\n`);
    const weak = weakness(result);
    if (weak !== undefined) console.log(`${paint("Warning:", "yellow")} ${weak}\n`);
    for (const name of ["model", "metrics.json", "report.html", "predictions.csv", "train.ts"])
      say(`Wrote ${paint(here(join(folder, name)), "cyan")}`);
    return EXIT.ok;
  } finally {
    await table.close();
  }
}

/** Refuses before anything is read. */
function checkNetworks(networks: number | undefined): void {
  if (networks !== undefined && !(networks >= 1 && networks <= 100))
    refuse(EXIT.usage, `--networks is ${networks}`, "a whole number from 1 to 100");
}

/** Records of every network, and where several are trained, the lines that tell how far they are. */
async function callbacksOf(
  folder: string,
  table: PreparedTable,
  prepared: PrepareOptions,
  networks: number,
  options: TrainTableArguments,
): Promise<Callback[][]> {
  const asked = recordOptions(options);
  const name = basename(folder);
  const plan = planTraining(table.recipe.target.task, table.trainRows, table.isStreamed, networks);
  const parameters = { source: table.file, ...prepared, ...plan };
  if (networks === 1) return [await recordCallbacks(asked, { name, parameters })];
  const all: Callback[][] = [];
  for (let network = 1; network <= networks; network++) {
    const own = recordOptionsOf(asked, network, name);
    const lines = options.quiet ? [] : [networkProgress(network, networks)];
    all.push([...lines, ...(await recordCallbacks(own, { name, parameters: { ...parameters, network } }))]);
  }
  return all;
}

/** What is trained, and watched by which rows. */
function networksWords(table: PreparedTable, networks: number): string {
  const [train, validation] = table.sizes;
  const by = table.hasFolds
    ? `each watched by another ${networks > 10 ? `of ${networks} parts` : "tenth"} of ${groupDigits(train + validation)} rows`
    : "all watched by the same rows";
  return `${networks} networks, ${by}; the model is the mean of them. Linear models come first, to compare with`;
}

/** "1 column", "2 columns". */
function columnsWord(n: number): string {
  return `${groupDigits(n)} column${n === 1 ? "" : "s"}`;
}

/** How a table is read that has no room in memory. */
function streamWords({ megabytes, trainRows, recipe, window }: PreparedTable): string {
  const { stepsPerEpoch, batchSize } = planTraining(recipe.target.task, trainRows, true);
  const epoch = stepsPerEpoch === undefined ? "" : `; an epoch is ${groupDigits(stepsPerEpoch * batchSize)} of them`;
  return (
    `Streamed: ${groupDigits(Math.ceil(megabytes))} MB of features have no room in memory (--memory); the first pass keeps them on disk, where there ` +
    `is room; rows were put in an order of chance once, and are shuffled within windows of ${groupDigits(window)} in every pass${epoch}`
  );
}

import { Command, InvalidArgumentError } from "commander";
import type { Precision } from "../tensor/index.ts";
import type { ExitCode } from "./exit.ts";
import { VERSION } from "./version.ts";

const EXIT_CODES = `
Exit codes:
  0    done
  1    failed while running (a NaN loss, a full disk, a failed self-test)
  2    wrong usage, or a config that is missing or wrong
  3    data or a model folder that is missing, damaged or does not fit
  130  interrupted (Ctrl-C); what was trained so far is saved

Environment:
  DESCENT_ENGINE   native, wasm or reference; by default the fastest for the work at hand
  DESCENT_THREADS  number of threads; by default one per core
  DESCENT_CACHE    folder of compiled programs
  DESCENT_DEBUG=1  errors with their stack
  NO_COLOR=1       no colors

Examples:
  $ descent train houses.csv --target price
  $ descent train digits.config.ts
  $ descent evaluate runs/digits/model test.csv
  $ descent predict runs/digits/model new.csv -o answers.csv
  $ descent export runs/digits/model -o digits.onnx
  $ descent profile digits.config.ts
  $ descent runs compare runs/first runs/second
  $ descent doctor`;

const TRAIN_HELP = `
A config is JSON, or a module that exports one (export default defineConfig({ ... }) from "descent/cli"):
  name           title of the report
  data           "mnist", { path: "file.csv", target, features }, { x, y }, or in a module a function that gives { x, y };
                 "file.txt" or { path: "file.txt", tokenizer, context, stride }: a text to learn to write
  classes        names of the classes
  split          { testSize: 0.2, shuffle, stratify, seed }, or false
  preprocessing  standardScaler, minMaxScaler, robustScaler, or a list of them
  model          a list of { kind: "dense", units: 10, ... }, or in a module a model or a function that makes one;
                 of a text { kind: "gpt", blocks, heads, width } or { kind: "lstm", units, width }
  compile        { optimizer, loss, metrics }
  fit            { epochs, batchSize, validationSplit, ... }
  records        { tensorBoard: folder, csv: file, jsonLines: file, mlflow: address or { url, experiment, run } }
  output         folder of what is written: model/, metrics.json, report.html

Data files: .json with { "x": [...], "y": [...] }, or .csv of numbers with a line of column names (the last column is the
target unless data.target names another).

A table is a .csv, .tsv, .json, .jsonl, .parquet or .duckdb file, or a query that names its files, with --target: types of columns, cleaning,
features, task, model and training follow written rules; model/, metrics.json, report.html, predictions.csv and train.ts, the same as a
program, are written to runs/NAME. It may be larger than memory: what has no room there is read anew in every epoch.

A text is a .txt or .md file: tokens, network and training by written rules; model/, metrics.json, report.html and config.ts.

A folder of images has a folder for each class, or a table that names each image's class, number
or labels (--labels, --target). What is written is the same.

Examples:
  $ descent train houses.csv --target price
  $ descent train "SELECT * FROM 'sales/*.parquet' WHERE year > 2020" --target amount --memory 2GB
  $ descent train photos
  $ descent train poem.txt
  $ descent train photos --labels photos.csv --target kind
  $ descent train faces --labels faces.csv --target age
  $ descent train flowers.json
  $ descent train digits.config.ts --epochs 3 --output runs/short`;

const RUNS_HELP = `
A run is a folder that descent train wrote: run.json says how it began and ended, its settings, seed, environment and git commit.

Examples:
  $ descent runs
  $ descent runs experiments --sort accuracy
  $ descent runs compare runs/first runs/second`;

const PROFILE_HELP = `
Trains the model of a config for some steps, on the engine that the config or DESCENT_ENGINE names (native or wasm; by default the
fastest), and shows the time of every kernel with its layer, its share of what this machine can do at best, and a map of the memory.
Nothing is written but the trace.

Examples:
  $ descent profile digits.config.ts
  $ descent profile digits.config.ts --steps 200 --trace trace.json`;

const EVALUATE_HELP = `
The data are a .csv with the columns of the training, or a .json with { "x": [...], "y": [...] }; for a model of a table, any
table, or a query; for one of images, a folder with a folder for each class, or --labels.

Examples:
  $ descent evaluate runs/flowers/model test.csv
  $ descent evaluate runs/flowers/model test.json --json
  $ descent evaluate runs/flights flights.parquet --memory 1GB`;

const PREDICT_HELP = `
The data are a .csv with the feature columns of the training (others are ignored), or a .json with { "x": [...] } or a list
of samples; for a model of a table, any table, or a query; for one of images, a folder of them, or one. Without --output, the
answers are printed as CSV.

Examples:
  $ descent predict runs/flowers/model new.csv
  $ descent predict runs/flowers/model new.json -o answers.json
  $ descent predict runs/flights flights.parquet -o answers.csv --memory 1GB`;

const EXPORT_HELP = `
The file's ending says what is written: .onnx, .js, .mjs or .ts (a script that needs nothing else), .safetensors (the weights by
PyTorch's names). Scalers that descent train fitted are part of ONNX files and scripts.

Examples:
  $ descent export runs/flowers/model -o flowers.onnx
  $ descent export runs/flowers/model -o flowers.js`;

const GENERATE_HELP = `
The model is one that descent train made of a text, or that was saved with { preprocessing: tokenizer.toJSON() }.

Examples:
  $ descent generate runs/poem/model
  $ descent generate runs/poem/model --prompt "To be" --length 200 --temperature 0.8`;

const DOCTOR_HELP = `
Runs small programs on the engine that trainings would use and on the reference, and compares. The exit code is 1 when they
differ.

Examples:
  $ descent doctor
  $ descent doctor --json`;

/** The commands and their options; each loads its work only when it runs. */
export function createProgram(exit: (code: ExitCode) => void): Command {
  const program = new Command("descent")
    .description("Train neural networks from TypeScript at the speed of the machine.")
    .version(VERSION, "-v, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    .addHelpText("after", EXIT_CODES)
    .showSuggestionAfterError()
    .configureOutput({ outputError: (text, write) => write(firstLine(text)) })
    .exitOverride();
  const command = (usage: string, description: string, help: string) =>
    program
      .command(usage)
      .description(description)
      .helpOption("-h, --help", "print this help")
      .addHelpText("after", help)
      .allowExcessArguments(false);

  const many = (value: string, before: string[] = []) => [...before, value];
  command("train", "learn a table, images, a text or a config; write the model, its metrics and a report", TRAIN_HELP)
    .argument(
      "<source>",
      "a table or a query of some, a folder of images, a text (.txt), or a config (.ts, .js, .json)",
    )
    .option("-o, --output <folder>", "where to write, instead of the config's folder or runs/NAME")
    .option("-e, --epochs <number>", "epochs, instead of the config's", wholeNumber)
    .option("-s, --seed <number>", "seed of all random numbers, instead of the config's", wholeNumber)
    .option(
      "--precision <name>",
      "float32 or bfloat16: what layers' products are computed with; default float32",
      precision,
    )
    .option("-q, --quiet", "no progress, only the result")
    .option("-r, --resume", "go on with a training that was interrupted or killed")
    .option(
      "-t, --target <column>",
      "of a table, the column to predict: its name, or its number from 1 on (-1: the last); several of yes and no are labels",
      many,
    )
    .option(
      "--task <task>",
      "regression, binary, multi-class or multi-label, instead of what the target's values suggest",
    )
    .option("--type <name=type>", "what a column is, where it was misunderstood; may be repeated", many)
    .option("--ignore <column>", "a column that the model shall not look at; may be repeated", many)
    .option("--time-column <column>", "hold out the last rows by this column, not some by chance")
    .option("--no-header", "the first line of the file is data: columns are column1, column2, ...")
    .option("--delimiter <sign>", "what separates the values of a CSV file")
    .option("--charset <name>", "how its letters are written, such as windows-1252; default: as its bytes suggest")
    .option("--sql <query>", "train on a query's answer; it calls the file data")
    .option("--table <name>", "the table of a DuckDB database")
    .option("--test-size <share>", "share of the rows that is held out; default 0.2", share)
    .option("--keep-duplicates", "keep rows that are copies of others")
    .option(
      "--scale <way>",
      "standard, min-max, robust, quantile, log or yeo-johnson, or NAME=WAY; may be repeated",
      many,
    )
    .option(
      "--encode <way>",
      "one-hot, embedding, hashing, target or ordinal, or NAME=WAY, or NAME=S,M,L; may be repeated",
      many,
    )
    .option("--fill <way>", "missing numbers by median, mode or model, or NAME=WAY; may be repeated", many)
    .option("--outliers <way>", "iqr, z-score or keep; default iqr")
    .option("--no-indicators", "no features that say where numbers were missing")
    .option("--labels <table>", "of a folder of images, a table of their paths and targets (--path, --target)")
    .option("--path <column>", "its column of paths, which start from the folder; default path")
    .option("--size <pixels>", "the longer side that images are given; default theirs, at most 96", wholeNumber)
    .option("--no-augment", "train on images as they are")
    .option("--tensorboard <folder>", "write what TensorBoard shows to this folder")
    .option("--csv <file>", "write losses and metrics as CSV, a row for every epoch")
    .option("--jsonl <file>", "the same as lines of JSON")
    .option("--mlflow <url>", "log the run to an MLflow tracking server")
    .option("--experiment <name>", "the run's experiment in MLflow; default Default")
    .option("--unknown <name=number>", "a number of a column that means nothing is known; may be repeated", many)
    .option("--resample <way>", "over: repeat rows of rarer classes; under: leave out rows of larger ones")
    .option(
      "--pieces <number>",
      "pieces that numbers and dates are cut into besides, 0 for none; default by the rules",
      wholeNumber,
    )
    .option(
      "--networks <number>",
      "networks of a table's model, whose answers are averaged; default by the rules",
      wholeNumber,
    )
    .option("--balance", "let rare classes count as much as frequent ones")
    .option(
      "--memory <size>",
      "what training from a table (default: half of the machine's), or images in memory (default 1GB), may take, such as 2GB",
      megabytes,
    )
    .action(async (source, options) => {
      const { isFolder, isTable } = await import("./tabular/source.ts");
      if (await isFolder(source)) {
        const { trainImagesCommand } = await import("./images/train.ts");
        return exit(await trainImagesCommand(source, options));
      }
      const { isText } = await import("./language/rules.ts");
      if (isText(source, options.target)) {
        const { trainTextCommand } = await import("./commands/train.ts");
        return exit(await trainTextCommand(source, options));
      }
      if (isTable(source, options.target)) {
        const { trainTableCommand } = await import("./tabular/train.ts");
        return exit(await trainTableCommand(source, options));
      }
      const { trainCommand } = await import("./commands/train.ts");
      exit(await trainCommand(source, options));
    });
  const runs = command("runs", "list the runs of a folder, or compare some (descent runs compare A B)", RUNS_HELP)
    .argument("[folder]", "folder of runs", "runs")
    .option("--sort <metric>", "the best by this metric first; also started, seconds or name; default started")
    .option("--json", "print them as JSON")
    .action(async (folder, options) => {
      const { runsCommand } = await import("./commands/runs.ts");
      exit(await runsCommand(folder, options));
    });
  runs
    .command("compare <runs...>")
    .description("show what differs between runs: settings, environment, metrics")
    .helpOption("-h, --help", "print this help")
    .option("--json", "print it as JSON")
    .action(async (folders, _, self: Command) => {
      const { compareCommand } = await import("./commands/runs.ts");
      exit(await compareCommand(folders, self.optsWithGlobals()));
    });
  command("profile <config>", "show where the time and memory of a config's training steps go", PROFILE_HELP)
    .option("--steps <number>", "steps that are measured, once warm; default 50", wholeNumber)
    .option("-t, --trace <file>", "write the steps as a Chrome trace, for ui.perfetto.dev")
    .option("--all", "list all kernels, not only the 24 longest")
    .option("--json", "print it as JSON")
    .action(async (config, options) => {
      const { profileCommand } = await import("./commands/profile.ts");
      exit(await profileCommand(config, options));
    });
  command("evaluate <model> <data>", "test a saved model on data with known answers", EVALUATE_HELP)
    .option("--json", "print the metrics as JSON")
    .option("--labels <table>", "of a folder of images, a table of their paths and targets")
    .option("-t, --target <column>", "its column of classes (default label), or those of the training", many)
    .option("--path <column>", "its column of paths; default path")
    .option(
      "--memory <size>",
      "what the test on a table may take (default: half of the machine's), such as 2GB",
      megabytes,
    )
    .action(async (model, data, options) => {
      const { evaluateCommand } = await import("./commands/evaluate.ts");
      exit(await evaluateCommand(model, data, options));
    });
  command("predict <model> <data>", "what a saved model answers to new data", PREDICT_HELP)
    .option("-o, --output <file>", "write the answers to a .json or .csv file")
    .option("--memory <size>", "what reading a table may take (default: half of the machine's), such as 2GB", megabytes)
    .action(async (model, data, options) => {
      const { predictCommand } = await import("./commands/predict.ts");
      exit(await predictCommand(model, data, options));
    });
  command("export <model>", "write a saved model as ONNX, JavaScript or weights for PyTorch", EXPORT_HELP)
    .requiredOption("-o, --output <file>", "a file that ends with .onnx, .js, .mjs, .ts or .safetensors")
    .action(async (model, options) => {
      const { exportCommand } = await import("./commands/export.ts");
      exit(await exportCommand(model, options));
    });
  command("generate <model>", "write on after a prompt, with a saved language model", GENERATE_HELP)
    .option("-p, --prompt <text>", "what the text begins with; default a new line")
    .option("-l, --length <number>", "tokens to write; default 100", wholeNumber)
    .option(
      "-t, --temperature <number>",
      "below 1 likelier, above 1 more surprising, 0 always the likeliest; default 1",
      number,
    )
    .option("--top-k <number>", "only the so many likeliest tokens", wholeNumber)
    .option("--top-p <number>", "only the likeliest tokens that have this probability together", number)
    .option("-s, --seed <number>", "the same seed writes the same; default 0", wholeNumber)
    .action(async (model, options) => {
      const { generateCommand } = await import("./commands/generate.ts");
      exit(await generateCommand(model, options));
    });
  command("doctor", "show engines, compiler and machine, and test the engine against the reference", DOCTOR_HELP)
    .option("--json", "print it as JSON")
    .action(async (options) => {
      const { doctorCommand } = await import("./commands/doctor.ts");
      exit(await doctorCommand(options));
    });
  return program;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("Expected a whole number.");
  return Number(text);
}

function precision(text: string): Precision {
  if (text !== "float32" && text !== "bfloat16") throw new InvalidArgumentError("Expected float32 or bfloat16.");
  return text;
}

/** "2GB", "512MB" or megabytes without a unit, as megabytes. */
function megabytes(text: string): number {
  const [, digits, unit] = /^(\d{1,9}(?:\.\d{1,3})?) ?([MG]i?B?)?$/i.exec(text) ?? [];
  const size = Math.round(Number(digits) * (unit?.toUpperCase().startsWith("G") ? 1024 : 1));
  if (digits === undefined || size < 1) throw new InvalidArgumentError("Expected a size such as 2GB or 512MB.");
  return size;
}

function share(text: string): number {
  if (!/^0?\.\d+$/.test(text)) throw new InvalidArgumentError("Expected a share between 0 and 1, such as 0.2.");
  return Number(text);
}

function number(text: string): number {
  if (!/^(\d+\.?\d*|\.\d+)(e[-+]?\d{1,3})?$/i.test(text))
    throw new InvalidArgumentError("Expected a number of at least 0.");
  return Number(text);
}

/** Commander's suggestions come on a line of their own; errors here are one line. */
function firstLine(text: string): string {
  const line = text
    .trim()
    .split("\n")
    .map((part) => part.trim())
    .join(" ");
  return `${line.replace(/^error: /, "Error: ")} (--help shows what is known)\n`;
}

import { z } from "zod";
import { nearest } from "../../util/index.ts";
import { EXIT, refuse } from "../exit.ts";

/** An object that refuses unknown names, naming the nearest known one. */
function known<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === "unrecognized_keys") return unknownNames(issue.keys, Object.keys(shape));
      return `expected an object with ${Object.keys(shape).join(", ")}`;
    },
  });
}

function unknownNames(names: readonly string[], all: readonly string[]): string {
  const [name = ""] = names;
  const near = nearest(name, all);
  return `unknown option "${name}"; ${near ? `did you mean "${near}"?` : `known are ${all.join(", ")}`}`;
}

const text = z.string({ error: "expected a text" }).min(1, "expected a text that is not empty");
const texts = z.array(text, { error: "expected a list of texts" });
const flag = z.boolean({ error: "expected true or false" });
const anyObject = z.looseObject({}, { error: "expected an object of options" });

const scaler = z.union([text, z.looseObject({ kind: text })], {
  error: 'expected a scaler\'s name, such as "standardScaler", or { "kind": name, ...options }',
});

const split = known({
  testSize: z
    .number({ error: "expected a number" })
    .positive("expected a share between 0 and 1, or a number of samples")
    .optional(),
  shuffle: flag.optional(),
  stratify: flag.optional(),
  seed: z.int({ error: "expected a whole number" }).optional(),
});

const dataFile = known({
  path: text,
  target: z.union([text, texts.min(1)], { error: "expected a column's name or a list of them" }).optional(),
  features: texts.optional(),
  tokenizer: z
    .union([text, z.looseObject({ kind: text })], {
      error: 'expected "characters", "words", "bytePairs", or { "kind": name, "size": tokens }',
    })
    .optional(),
  context: z.int({ error: "expected a whole number" }).positive("expected a positive number of tokens").optional(),
  stride: z.int({ error: "expected a whole number" }).positive("expected a positive number of tokens").optional(),
});
/** Samples in memory. */
export const sampleSchema = known({ x: z.unknown().optional(), y: z.unknown().optional() });

const records = known({
  tensorBoard: text.optional(),
  csv: text.optional(),
  jsonLines: text.optional(),
  mlflow: z
    .union([text, known({ url: text.optional(), experiment: text.optional(), run: text.optional() })], {
      error: "expected a server's address, or { url, experiment, run }",
    })
    .optional(),
});

/** A config's outer form; layers, compile and fit options are checked by those who use them. */
export const configSchema = known({
  name: text.optional(),
  data: z.unknown().optional(),
  classes: texts.optional(),
  split: z.union([z.literal(false), split]).optional(),
  preprocessing: z.union([scaler, z.array(scaler)]).optional(),
  model: z.unknown().optional(),
  compile: anyObject.optional(),
  fit: anyObject.optional(),
  seed: z.int({ error: "expected a whole number" }).optional(),
  records: records.optional(),
  output: text.optional(),
});

export type CheckedConfig = z.infer<typeof configSchema>;
export type CheckedSplit = z.infer<typeof split>;
export type CheckedDataFile = z.infer<typeof dataFile>;

/** A layer of a JSON config. */
export const layerSchema = z.looseObject({ kind: text }, { error: 'expected { "kind": name, ...options }' });

/** Checks a config's outer form; errors are one line and name the file, the place and the nearest known option. */
export function checkConfig(value: unknown, path: string): CheckedConfig {
  const config = check(configSchema, value, path, "the config");
  if (config.data === undefined) refuse(EXIT.usage, `${path}: data is missing`, 'arrays, a file, or "mnist"');
  if (config.model === undefined) refuse(EXIT.usage, `${path}: model is missing`, "a list of layers or a model");
  return config;
}

/** Checks `data` when it is neither a name nor a function. */
export function checkData(
  value: unknown,
  path: string,
): { file: CheckedDataFile } | { arrays: { x: unknown; y: unknown } } {
  const isFile = typeof value === "object" && value !== null && "path" in value;
  if (isFile) return { file: check(dataFile, value, path, "data") };
  const arrays = check(sampleSchema, value, path, "data");
  const { x, y } = arrays;
  if (x === undefined) refuse(EXIT.usage, `${path}: data.x is missing`, "the samples");
  if (y === undefined) refuse(EXIT.usage, `${path}: data.y is missing`, "what to predict for each sample");
  return { arrays: { x, y } };
}

/** Checks `value` against `schema`; the first fault is the error, unknown names before all others. */
export function check<T extends z.ZodType>(schema: T, value: unknown, path: string, at: string): z.infer<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.flatMap(deepest);
  const issue = issues.find((each) => each.code === "unrecognized_keys") ?? issues[0];
  const place = [at === "the config" ? "" : at, ...(issue?.path ?? []).map(String)].filter(Boolean).join(".");
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  return refuse(EXIT.usage, `${path}: ${place ? `${place}: ` : ""}${issue?.message ?? "is wrong"}${more}`);
}

/** Of a union, the faults of the one member that came furthest: an unknown name says more than "no member fits". */
function deepest(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== "invalid_union") return [issue];
  const inner = issue.errors.flat().flatMap(deepest);
  const telling = inner.filter((each) => each.code === "unrecognized_keys" || each.path.length > 0);
  if (telling.length === 0) return [issue];
  return telling.map((each) => ({ ...each, path: [...issue.path, ...each.path] }));
}

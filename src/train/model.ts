import type { Dataset } from "../data/index.ts";
import {
  chain,
  copyGraph,
  type ForwardResult,
  type Holder,
  type Layer,
  type LoadWeightsOptions,
  Network,
  type NetworkOptions,
  SymbolicTensor,
  transferWeights,
  valuesOf,
  type WeightsReport,
  type WeightValues,
} from "../nn/index.ts";
import { type Precision, resolveEngine, type Tensor, withPrecision } from "../tensor/index.ts";
import { checkOptions, fail } from "../util/index.ts";
import type { ArrayData } from "./column.ts";
import { type Data, readDataset, readInputs } from "./dataset.ts";
import { evaluationBatch, prepareEvaluation } from "./evaluate.ts";
import type { FindLearningRateOptions, LearningRateCurve } from "./find-learning-rate.ts";
import { runFit } from "./fit.ts";
import { checkInteger, type FitOptions, fitSettings, isDataset } from "./fit-options.ts";
import type { Beam } from "./generate/beam-search.ts";
import type { BeamSearchOptions, GenerateOptions } from "./generate/options.ts";
import type { History } from "./history.ts";
import { Memory } from "./memory.ts";
import type { Named } from "./named.ts";
import { type CompileOptions, type Objective, objectiveFrom } from "./objective.ts";
import { type PredictOptions, predictColumns } from "./predict.ts";
import type { ModelFacts, SaveOptions } from "./save/facts.ts";
import type { LoadSource, SaveTarget } from "./save/place.ts";
import { Trainer, type TrainingState } from "./trainer.ts";
import type { MetricValue } from "./values.ts";

/** Options of `evaluate`. */
export interface EvaluateOptions {
  /** Samples at a time; default: batches of even size, 256 at most. Changes no result but rounding. */
  batchSize?: number | undefined;
  /** What each sample counts in the loss and in `weightedMetrics`; default 1. */
  sampleWeight?: ArrayData | undefined;
}

/** Loss and metrics by name. Besides the loss there is what `metrics` of `compile` asked for. */
export interface Scores {
  readonly loss: number;
  readonly accuracy: number;
  readonly confusionMatrix: number[][];
  readonly [metric: string]: MetricValue;
}

/** Ready to compute, and why on this engine. */
interface Prepared {
  readonly trainer: Trainer;
  readonly reason: string;
}

/**
 * A network that can be trained: Keras's workflow of compile, fit, evaluate, predict and save.
 *
 * Made by {@link sequential} or {@link model}.
 */
export class Model extends Network {
  /** What the last `fit` came to. */
  history: History | undefined;
  /** What a loaded model was saved with: preprocessing and labels. */
  facts: ModelFacts = { preprocessing: null, labels: null };
  private objective: Objective | undefined;
  private prepared: Prepared | undefined;
  private preparing: Promise<Prepared> | undefined;
  /** Multiplications of the greatest task so far: the engine was chosen for it. */
  private most = 0;
  private savedState: TrainingState | undefined;
  /** What to do, in an error, where it was loaded without compile options. Internal. */
  uncompiled: string | undefined;
  private fitting = false;

  /**
   * Says how the model is trained and measured, and takes up which layers are frozen. Compiling again begins anew: the
   * optimizer forgets, the weights stay.
   *
   * @throws DescentError for unknown options and names (with the nearest known one).
   * @example
   * model.compile({ optimizer: "adam", loss: "binaryCrossentropy", metrics: ["accuracy"] });
   */
  compile(options: CompileOptions): this {
    if (this.fitting) fail("compile was called while fit is running", "it before or after");
    this.arrange();
    this.objective = objectiveFrom(this, options);
    this.prepared = undefined;
    this.preparing = undefined;
    this.savedState = undefined;
    this.most = 0;
    return this;
  }

  /** What products of layers are computed with: the model was compiled so. */
  get precision(): Precision {
    return this.objective?.precision ?? "float32";
  }

  /** The network's graph, in the model's precision. */
  override forward(...given: Parameters<Network["forward"]>): ForwardResult {
    return withPrecision(this.precision, () => super.forward(...given));
  }

  /**
   * Trains.
   *
   * @param x inputs: a tensor, nested lists or { data, shape }, the samples first; a list of these for several inputs. Or a dataset
   * (`descent/data`) alone, whose columns are "x" and "y", or have the names of inputs and outputs, and perhaps "sampleWeight".
   * @param y targets, likewise.
   * @throws DescentError for data and options that do not fit, before any work; and when the loss becomes NaN or infinite,
   * naming the layer where it did.
   * @example
   * const history = await model.fit(x, y, { epochs: 20, batchSize: 2, stopWhen: { loss: 0.01 } });
   */
  fit(dataset: Dataset, options?: FitOptions): Promise<History>;
  fit(x: Data, y: Data, options?: FitOptions): Promise<History>;
  async fit(x: Data | Dataset, ...rest: readonly unknown[]): Promise<History> {
    const [y, options = {}] = withTargets<FitOptions>(x, rest);
    if (isDataset(x) && options.shuffle !== undefined) fail("fit got shuffle and a dataset", "dataset.shuffle()");
    const settings = fitSettings(options);
    const objective = this.compiled("fit");
    if (this.fitting) fail("fit was called while fit is running", "one training at a time", "await the first");
    this.fitting = true;
    try {
      const save = (folder: string) => this.save(folder);
      const prepare = (samples: number) => this.prepare(3 * samples, true);
      this.history = await runFit({ network: this, objective, prepare, save }, x, y, settings);
      return this.history;
    } finally {
      this.fitting = false;
      this.changed();
    }
  }

  /**
   * Looks for a learning rate: trains a copy of the model for some steps whose rate grows from tiny to too large, draws the loss, and
   * suggests the rate at which it fell fastest (Smith, 2017: the range test). The model stays as it is: weights, optimizer and history.
   *
   * @param x inputs, as for `fit`.
   * @param y targets, likewise.
   * @throws DescentError for data and options that do not fit, and when the first loss is no number.
   * @example
   * const { suggestion } = await model.findLearningRate(x, y, { batchSize: 4, verbose: 0 });
   * model.compile({ optimizer: optimizers.adam({ learningRate: suggestion ?? 0.001 }), loss: "binaryCrossentropy" });
   */
  async findLearningRate(x: Data, y: Data, options: FindLearningRateOptions = {}): Promise<LearningRateCurve> {
    const objective = this.compiled("findLearningRate");
    const { searchLearningRate } = await import("./find-learning-rate.ts");
    return searchLearningRate(options, async (learningRate, fitOptions) => {
      const copy = new Model(copyGraph(this), { name: this.name });
      copy.setWeights(this.getWeights());
      copy.objective = { ...objective, optimizer: { ...objective.optimizer, learningRate } };
      await copy.fit(x, y, fitOptions);
    });
  }

  /**
   * Loss and metrics over a whole data set, exact however it is cut into batches.
   *
   * @example
   * const { loss, accuracy } = await model.evaluate(x, y);
   */
  evaluate(dataset: Dataset, options?: EvaluateOptions): Promise<Scores>;
  evaluate(x: Data, y: Data, options?: EvaluateOptions): Promise<Scores>;
  async evaluate(x: Data | Dataset, ...rest: readonly unknown[]): Promise<Scores> {
    const [y, options = {}] = withTargets<EvaluateOptions>(x, rest);
    checkOptions("evaluate", options, ["batchSize", "sampleWeight"]);
    const { batchSize, sampleWeight } = options;
    if (batchSize !== undefined) checkInteger("evaluate", "batchSize", batchSize, 1);
    const { heads } = this.compiled("evaluate");
    if (isDataset(x)) {
      if (sampleWeight !== undefined) fail("evaluate got sampleWeight and a dataset", 'the column "sampleWeight"');
      return (await this.evaluateStream(x, heads, batchSize)) as Scores;
    }
    const data = await readDataset(this, heads, x, y as Data, { sampleWeight });
    const { trainer } = await this.prepare(data.rows);
    const evaluation = await prepareEvaluation(trainer, heads, data, batchSize ?? evaluationBatch(data.rows, this));
    return (await evaluation.measure()) as Scores;
  }

  /**
   * The output for every sample: float32 [samples, ...].
   *
   * @throws DescentError for inputs that do not fit, and for a model of several outputs: see {@link predictAll}.
   * @example
   * const probabilities = await (await model.predict([[0, 1]])).array();
   */
  async predict(x: Data | Dataset, options: PredictOptions = {}): Promise<Tensor> {
    const { length } = this.outputs;
    if (length !== 1)
      fail(`predict on a model of ${length} outputs`, "one output", "use predictAll, which gives a list");
    const [output] = await this.predictAll(x, options);
    return output as Tensor;
  }

  /**
   * Writes on: tokens after a prompt, one by one, as they are made. For models from tokens [length] to scores of the next token at
   * each place [length, vocabulary] that look back only, such as causal attention and recurrent layers. Beyond `length` places the last ones
   * count. Other inputs of the model, such as a text to translate, are given as `inputs`.
   *
   * @param prompt tokens, at least one.
   * @throws DescentError at the first token for other models, options and prompts that do not fit.
   * @example
   * const speaker = sequential([layers.embedding(9, 4, { inputShape: [8] }), layers.dense(9)]);
   * for await (const token of speaker.generate([1, 2], { length: 5, temperature: 0.8, topK: 3 })) console.log(token);
   */
  async *generate(prompt: ArrayLike<number>, options: GenerateOptions = {}): AsyncGenerator<number, void, undefined> {
    const [{ generateSettings }, { checkedPrompt, languageOf }, { generateTokens }] = await Promise.all([
      import("./generate/options.ts"),
      import("./generate/language.ts"),
      import("./generate/generate.ts"),
    ]);
    const settings = generateSettings(options);
    const language = await languageOf(this, options.inputs, "generate");
    const tokens = checkedPrompt(language, prompt, "generate");
    const { memory, lane } = (await this.prepare(settings.length)).trainer;
    yield* generateTokens({ network: this, memory, lane, language }, tokens, settings);
  }

  /**
   * The likeliest continuations of a prompt that beam search finds, the best first.
   *
   * @throws DescentError for models, options and prompts that do not fit; prompt and length must fit into the model's context.
   * @example
   * const speaker = sequential([layers.embedding(9, 4, { inputShape: [8] }), layers.dense(9)]);
   * const [best] = await speaker.beamSearch([1, 2], { length: 5, beams: 3 });
   */
  async beamSearch(prompt: ArrayLike<number>, options: BeamSearchOptions = {}): Promise<Beam[]> {
    const [{ searchBeams }, { languageOf }] = await Promise.all([
      import("./generate/beam-search.ts"),
      import("./generate/language.ts"),
    ]);
    const language = await languageOf(this, options.inputs, "beamSearch");
    const { memory, lane } = (await this.prepare(options.length ?? 1)).trainer;
    return searchBeams({ network: this, memory, lane, language }, prompt, options);
  }

  /** All outputs for every sample, a tensor each. */
  async predictAll(x: Data | Dataset, options: PredictOptions = {}): Promise<Tensor[]> {
    checkOptions("predict", options, ["batchSize"]);
    const { batchSize } = options;
    if (batchSize !== undefined) checkInteger("predict", "batchSize", batchSize, 1);
    if (isDataset(x)) {
      const { streamPrediction } = await import("./stream/measure.ts");
      const { trainer } = await this.prepare(x.length ?? 1);
      return streamPrediction(trainer, this, x, batchSize);
    }
    const inputs = await readInputs(this, x, "x");
    const { trainer } = await this.prepare(inputs[0]?.rows ?? 1);
    return predictColumns(trainer, inputs, batchSize ?? evaluationBatch(inputs[0]?.rows ?? 1, this));
  }

  /**
   * Writes the model: model.json, weights.safetensors and, once trained, optimizer.safetensors; all of them or none,
   * whenever the machine stops.
   *
   * @param target a folder or file: URL (Node); in a browser "indexeddb://NAME" to keep it there, or "downloads://NAME" to
   * hand NAME.zip, the folder as an archive, to the user.
   * @throws DescentError when the disk is full, the place cannot be written, or a layer holds a function without a name.
   * @example
   * await model.save("xor-model", { labels: ["same", "different"] });
   */
  async save(target: SaveTarget, options: SaveOptions = {}): Promise<void> {
    checkOptions("save", options, ["preprocessing", "labels"]);
    const [{ targetAt }, { saveModel, snapshot }] = await Promise.all([
      import("./save/places.ts"),
      import("./save/save.ts"),
    ]);
    const place = await targetAt(target);
    const { trainer } = this.prepared ?? {};
    const taken = trainer
      ? (await trainer.lane.between(() => snapshot(this, trainer.state))).value
      : snapshot(this, this.savedState);
    await saveModel(place, this, this.objective, taken, { ...this.facts, ...options });
  }

  /** Takes up a saved training; for {@link loadModel}. */
  resume(state: TrainingState | undefined): void {
    this.prepared = undefined;
    this.preparing = undefined;
    this.savedState = state;
  }

  /**
   * Takes weights from a saved model or another one, by their paths; the optimizer stays as it is.
   *
   * @param from where a model was saved, as for {@link loadModel}, or a model.
   * @returns what was taken, and what was not.
   * @throws DescentError, before anything is changed, when weights are missing, left over or of another shape; with `byName`
   * only for another shape, unless `skipMismatch`.
   * @example
   * await model.save("pretrained");
   * const { taken, missing } = await model.loadWeights("pretrained", { byName: true, skipMismatch: true });
   */
  async loadWeights(from: LoadSource | Network, options: LoadWeightsOptions = {}): Promise<WeightsReport> {
    if (this.fitting) fail("loadWeights was called while fit is running", "it before or after");
    let values: ReadonlyMap<string, WeightValues>;
    if (from instanceof Network) values = valuesOf(from);
    else {
      const [{ sourceAt }, { readWeights }] = await Promise.all([
        import("./save/places.ts"),
        import("./save/read-files.ts"),
      ]);
      values = await readWeights(await sourceAt(from));
    }
    return transferWeights(this, values, options);
  }

  /**
   * A model within this one, by its name.
   *
   * @throws DescentError for an unknown one, naming the nearest.
   */
  getModel(name: string): Model {
    const found = this.getNetwork(name);
    return found instanceof Model
      ? found
      : fail(`${name} is no model but a plain network`, "what model() or sequential() made");
  }

  /** True while it is trained. */
  override get busy(): boolean {
    return this.fitting;
  }

  private async evaluateStream(dataset: Dataset, heads: Objective["heads"], batchSize: number | undefined) {
    const { streamEvaluation } = await import("./stream/measure.ts");
    const { trainer } = await this.prepare(dataset.length ?? 1);
    return (await streamEvaluation(trainer, this, heads, dataset, batchSize)).measure();
  }

  private compiled(what: string): Objective {
    const fix = this.uncompiled;
    return (
      this.objective ??
      fail(`${what} was called before compile`, 'model.compile({ optimizer: "adam", loss: ... })', fix)
    );
  }

  /** Takes over what other models have learned for layers that both have: between two steps, if they are in training. */
  private async catchUp(holders: readonly Holder[]): Promise<void> {
    for (const holder of holders) {
      const other = holder instanceof Model ? holder.prepared?.trainer.lane : undefined;
      const copy = () => this.copiesFrom(holder);
      const copies = other ? (await other.between(copy)).value : copy();
      const own = this.prepared?.trainer.lane;
      if (own) await own.between(() => this.take(copies));
      else this.take(copies);
    }
  }

  /**
   * Chooses the engine for so many samples' forward work, and moves the weights into its memory: once, or again when there is so much to
   * do that another engine pays.
   */
  private async prepare(samples: number, training = false): Promise<Prepared> {
    // A training keeps its engine to its end.
    if (this.fitting && !training && this.preparing) return this.preparing;
    const newer = this.newer();
    if (training && newer.some(({ busy }) => busy)) {
      fail(
        "fit was called while another model with the same layers is trained",
        "one after the other",
        "await the first",
      );
    }
    if (newer.length > 0) await this.catchUp(newer);
    if (training) this.changed();
    if (this.prepared?.trainer.memory.current === false) {
      this.savedState = this.prepared.trainer.state;
      this.preparing = undefined;
    }
    this.most = Math.max(this.most, samples * this.workPerSample);
    const choice = resolveEngine(this.objective?.engine, this.most);
    const before = this.preparing;
    const preparing = (async (): Promise<Prepared> => {
      const { engine, reason } = await choice;
      const prepared = await before?.catch(() => undefined);
      if (prepared?.trainer.memory.engine === engine) return prepared;
      const move = (): Prepared => {
        const state = prepared?.trainer.state ?? this.savedState;
        return { trainer: new Trainer(this, new Memory(engine, this), this.objective?.optimizer, state), reason };
      };
      return prepared ? (await prepared.trainer.lane.between(move)).value : move();
    })();
    this.preparing = preparing;
    preparing.catch(() => {
      if (this.preparing === preparing) this.preparing = before;
    });
    this.prepared = await preparing;
    return this.prepared;
  }
}

/** What follows the first argument of `fit` and `evaluate`: after a dataset only the options. */
function withTargets<Options>(x: Data | Dataset, rest: readonly unknown[]): [Data | undefined, Options | undefined] {
  if (!isDataset(x)) return rest as [Data, Options | undefined];
  const [options, more] = rest;
  if (more !== undefined || (options !== undefined && (Array.isArray(options) || isDataset(options)))) {
    fail("a dataset was given together with targets", "a dataset with the columns x and y");
  }
  return [undefined, options as Options | undefined];
}

/**
 * A model of layers, or models, one after the other; the first has `inputShape`, or is layers.input({ shape }).
 *
 * @throws DescentError when a layer cannot take what the one before gives.
 * @example
 * const classifier = sequential([
 *   layers.dense(10, { activation: "relu", inputShape: [2] }),
 *   layers.dense(1, { activation: "sigmoid" }),
 * ]);
 */
export function sequential(parts: readonly (Layer | Network | SymbolicTensor)[], options: NetworkOptions = {}): Model {
  return new Model(chain(parts), options);
}

/** What {@link model} takes: symbolic tensors (a record names them for data, losses and results), and a network's options. */
export interface ModelOptions extends NetworkOptions {
  inputs: SymbolicTensor | readonly SymbolicTensor[] | Named<SymbolicTensor>;
  outputs: SymbolicTensor | readonly SymbolicTensor[] | Named<SymbolicTensor>;
}

/**
 * A model of any shape: from symbolic inputs to what layers made of them.
 *
 * @throws DescentError when an input is missing or unused.
 * @example
 * const input = layers.input({ shape: [4] });
 * const hidden = layers.dense(4, { activation: "relu" })(input);
 * const sum = layers.add()([input, hidden]);
 * const residual = model({ inputs: input, outputs: layers.dense(1)(sum) });
 */
export function model({ inputs, outputs, ...options }: ModelOptions): Model {
  const [given, wanted] = [listOf(inputs), listOf(outputs)];
  const names = { inputNames: given.names, outputNames: wanted.names };
  return new Model({ inputs: given.tensors, outputs: wanted.tensors, ...names }, options);
}

function listOf(tensors: ModelOptions["inputs"]): { tensors: readonly SymbolicTensor[]; names?: readonly string[] } {
  if (tensors instanceof SymbolicTensor) return { tensors: [tensors] };
  if (Array.isArray(tensors)) return { tensors };
  const named = tensors as Named<SymbolicTensor>;
  return { tensors: Object.values(named), names: Object.keys(named) };
}

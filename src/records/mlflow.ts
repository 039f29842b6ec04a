import type { Callback, EpochEndEvent, Training } from "../train/index.ts";
import { checkOptions, environment, fail, show } from "../util/index.ts";
import { type KeyValue, LIMITS, type Metric, MlflowClient, MlflowRefusal } from "./mlflow-client.ts";

/** Options of {@link mlflow}. */
export interface MlflowOptions {
  /** The tracking server, such as "http://localhost:5000"; default the variable MLFLOW_TRACKING_URI. */
  url?: string | undefined;
  /** The experiment that the run belongs to, made when there is none; default MLFLOW_EXPERIMENT_NAME, or "Default" (MLflow). */
  experiment?: string | undefined;
  /** The run's name; default: the server's. */
  run?: string | undefined;
  /** What the run was made with, besides epochs and batch size. */
  parameters?: Readonly<Record<string, string | number | boolean>> | undefined;
  tags?: Readonly<Record<string, string>> | undefined;
  /** The loss of a step every so many steps, too; default 0: after epochs only. */
  everySteps?: number | undefined;
  /** Times that a request is sent again when the server does not answer, each after twice the time; default 3. */
  retries?: number | undefined;
  /** Milliseconds before the first of them; default 500. */
  delay?: number | undefined;
  /** Milliseconds that an answer may take, and that the end of the training waits for what is not sent yet; default 10,000. */
  timeout?: number | undefined;
  /** Gets a line when something could not be logged; default: the standard error output. */
  warn?: ((line: string) => void) | undefined;
}

/**
 * Logs a training to an MLflow tracking server, or whatever speaks its REST API: parameters, losses and metrics by epoch (from 1), the end. Requests
 * are sent in the background, up to 1000 numbers at a time, and again when they fail; a server that is away is warned of once and never stops a
 * training. A training that goes on from a checkpoint goes on with its run. Credentials: MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and
 * MLFLOW_TRACKING_PASSWORD.
 *
 * @throws DescentError for no server's address, unknown options and values out of range.
 * @example
 * const log = mlflow({ url: "http://localhost:5000", experiment: "digits", parameters: { units: 4 }, retries: 0, warn: () => undefined });
 * await model.fit(x, y, { epochs: 3, callbacks: [log] });
 */
export function mlflow(options: MlflowOptions = {}): Callback {
  checkOptions("mlflow", options, [
    "url",
    "experiment",
    "run",
    "parameters",
    "tags",
    "everySteps",
    "retries",
    "delay",
    "timeout",
    "warn",
  ]);
  const {
    url = environment("MLFLOW_TRACKING_URI"),
    everySteps = 0,
    retries = 3,
    delay = 500,
    timeout = 10_000,
  } = options;
  if (url === undefined || !/^https?:\/\//.test(url)) {
    fail(`mlflow got url = ${show(url)}`, 'a server\'s address, such as "http://localhost:5000"');
  }
  for (const [name, value] of Object.entries({ everySteps, retries, delay, timeout })) {
    if (!Number.isSafeInteger(value) || value < 0)
      fail(`mlflow got ${name} = ${show(value)}`, "a whole number, 0 or more");
  }
  const session = new Session(new MlflowClient(url, timeout), { ...options, retries, delay, timeout });
  return {
    name: "mlflow",
    saveState: () => ({ values: session.id ?? null }),
    restoreState: ({ values }) => session.takeUp(typeof values === "string" ? values : undefined),
    onEpochBegin: ({ training }) => session.begin(training),
    lateSteps: true,
    onStepEnd({ step, loss }) {
      if (everySteps > 0 && step % everySteps === 0) session.log({ batch_loss: loss }, step);
    },
    onEpochEnd: ({ epoch, logs, training }: EpochEndEvent) => {
      session.log({ ...logs, learningRate: training.learningRate }, epoch + 1);
    },
    onTrainEnd: ({ reason }) => session.end(reason),
  };
}

type Settings = MlflowOptions & { retries: number; delay: number; timeout: number };

/** One run: what waits to be sent, and one sender at a time. */
class Session {
  id: string | undefined;
  private readonly waiting: Metric[] = [];
  private params: readonly KeyValue[] = [];
  private hasBegun = false;
  private sending: Promise<void> | undefined;
  /** Not before this time: the server was away. */
  private notBefore = 0;
  private lost = 0;
  private warned = false;

  constructor(
    private readonly client: MlflowClient,
    private readonly settings: Settings,
  ) {}

  takeUp(id: string | undefined): void {
    this.id = id;
  }

  begin({ epochs, batchSize, samples }: Training): void {
    if (this.hasBegun) return;
    this.hasBegun = true;
    const own = { epochs, batchSize, ...(samples !== undefined && { samples }), ...this.settings.parameters };
    // A run that goes on has its parameters, which can't be changed.
    this.params = this.id === undefined ? pairs(own) : [];
    this.send();
  }

  log(values: Readonly<Record<string, unknown>>, step: number): void {
    const timestamp = Date.now();
    for (const [key, value] of Object.entries(values)) {
      if (typeof value !== "number") continue;
      this.waiting.push({ key: keyOf(key), value: Number.isFinite(value) ? value : String(value), timestamp, step });
    }
    const most = 100 * LIMITS.metrics;
    if (this.waiting.length > most) this.lost += this.waiting.splice(0, this.waiting.length - most).length;
    this.send();
  }

  /** Sends what is left, waiting no longer than the settings say. */
  async end(reason: string): Promise<void> {
    if (!this.hasBegun) return;
    const status = reason === "error" ? "FAILED" : reason === "interrupted" ? "KILLED" : "FINISHED";
    const last = async () => {
      await this.sending;
      this.notBefore = 0;
      this.send();
      await this.sending;
      if (this.id === undefined) return;
      const id = this.id;
      await this.persistently(() => this.client.setTag(id, "descent.stopped", reason.slice(0, LIMITS.valueLength)));
      await this.persistently(() => this.client.update(id, status));
    };
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.settings.timeout);
    });
    await Promise.race([last().catch((error: unknown) => this.tell(error)), late]);
    clearTimeout(timer);
    this.lost += this.waiting.length;
    if (this.lost > 0) this.warn(`${this.lost} numbers are not in MLflow at ${this.client.url}`);
  }

  /** Begins to send unless that is under way. */
  private send(): void {
    if (this.sending || Date.now() < this.notBefore) return;
    this.sending = this.sendAll()
      .catch((error: unknown) => {
        this.notBefore = Date.now() + 30_000;
        this.tell(error);
      })
      .finally(() => {
        this.sending = undefined;
      });
  }

  private async sendAll(): Promise<void> {
    this.id ??= await this.persistently(() => this.createRun());
    const id = this.id;
    while (this.params.length > 0) {
      const some = this.params.slice(0, LIMITS.params);
      await this.persistently(() => this.client.logBatch(id, [], some)).catch(this.refused);
      this.params = this.params.slice(LIMITS.params);
    }
    while (this.waiting.length > 0) {
      const some = this.waiting.slice(0, LIMITS.metrics);
      await this.persistently(() => this.client.logBatch(id, some)).catch(this.refused);
      this.waiting.splice(0, some.length);
    }
  }

  private async createRun(): Promise<string> {
    const { experiment = environment("MLFLOW_EXPERIMENT_NAME") ?? "Default", run, tags = {} } = this.settings;
    const all = pairs({ "mlflow.source.type": "LOCAL", "descent.node": process.version, ...tags });
    return this.client.createRun(await this.client.experiment(experiment), run, all.slice(0, LIMITS.tags));
  }

  /** Tries again when the server does not answer; a refusal stays one. */
  private async persistently<T>(ask: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await ask();
      } catch (error) {
        if (error instanceof MlflowRefusal || attempt >= this.settings.retries) throw error;
        await new Promise<void>((resolve) => {
          setTimeout(resolve, this.settings.delay * 2 ** attempt).unref();
        });
      }
    }
  }

  /** What the server does not want is told, and left out. */
  private readonly refused = (error: unknown) => {
    if (!(error instanceof MlflowRefusal)) throw error;
    this.warn(`MLflow at ${this.client.url} refused ${error.message}`);
  };

  private tell(error: unknown): void {
    if (this.warned) return;
    this.warned = true;
    this.warn(`MLflow at ${this.client.url} cannot be reached (${reasonOf(error)}); the training goes on without it`);
  }

  private warn(line: string): void {
    (this.settings.warn ?? console.warn)(line);
  }
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message;
}

/** MLflow's keys: letters, digits, _ - . / and blanks, 250 at most. */
function keyOf(name: string): string {
  return name.replace(/[^\w\-. /]/g, "_").slice(0, LIMITS.keyLength);
}

function pairs(values: Readonly<Record<string, string | number | boolean>>): KeyValue[] {
  return Object.entries(values).map(([key, value]) => ({
    key: keyOf(key),
    value: String(value).slice(0, LIMITS.valueLength),
  }));
}

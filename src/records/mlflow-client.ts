import { environment } from "../util/index.ts";

/** A number of a run at a step, as `runs/log-batch` takes it. */
export interface Metric {
  readonly key: string;
  /** NaN and infinities as texts: JSON has no such numbers, protocol buffers' JSON has these. */
  readonly value: number | string;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly step: number;
}

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

/** An answer of the server that asking again will not change. */
export class MlflowRefusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Most of each in one request of `runs/log-batch`: MLflow's limits. */
export const LIMITS = { metrics: 1000, params: 100, tags: 100, keyLength: 250, valueLength: 500 } as const;

/** MLflow's REST API, version 2.0, as far as runs are written by it. */
export class MlflowClient {
  private readonly base: string;
  private readonly headers: Readonly<Record<string, string>>;

  /** @param timeout milliseconds that an answer may take. */
  constructor(
    readonly url: string,
    private readonly timeout: number,
  ) {
    this.base = `${url.replace(/\/+$/, "")}/api/2.0/mlflow/`;
    this.headers = { "content-type": "application/json", ...authorization() };
  }

  /** The experiment of that name, made when there is none. */
  async experiment(name: string): Promise<string> {
    const found = () => this.get("experiments/get-by-name", { experiment_name: name });
    const idOf = (answer: unknown) => (answer as { experiment: { experiment_id: string } }).experiment.experiment_id;
    try {
      return idOf(await found());
    } catch (error) {
      if (!(error instanceof MlflowRefusal && error.status === 404)) throw error;
    }
    try {
      const made = await this.post("experiments/create", { name });
      return (made as { experiment_id: string }).experiment_id;
    } catch (error) {
      if (!(error instanceof MlflowRefusal && error.code === "RESOURCE_ALREADY_EXISTS")) throw error;
      return idOf(await found()); // somebody else made it in between
    }
  }

  async createRun(experiment: string, name: string | undefined, tags: readonly KeyValue[]): Promise<string> {
    const body = {
      experiment_id: experiment,
      start_time: Date.now(),
      ...(name !== undefined && { run_name: name }),
      tags,
    };
    const made = await this.post("runs/create", body);
    return (made as { run: { info: { run_id: string } } }).run.info.run_id;
  }

  async logBatch(run: string, metrics: readonly Metric[], params: readonly KeyValue[] = []): Promise<void> {
    await this.post("runs/log-batch", { run_id: run, metrics, params, tags: [] });
  }

  async setTag(run: string, key: string, value: string): Promise<void> {
    await this.post("runs/set-tag", { run_id: run, key, value });
  }

  async update(run: string, status: "RUNNING" | "FINISHED" | "FAILED" | "KILLED"): Promise<void> {
    await this.post("runs/update", { run_id: run, status, ...(status !== "RUNNING" && { end_time: Date.now() }) });
  }

  private get(path: string, query: Record<string, string>): Promise<unknown> {
    return this.ask(`${path}?${new URLSearchParams(query)}`, { method: "GET" });
  }

  private post(path: string, body: object): Promise<unknown> {
    return this.ask(path, { method: "POST", body: JSON.stringify(body) });
  }

  private async ask(path: string, request: { method: string; body?: string }): Promise<unknown> {
    const signal = AbortSignal.timeout(this.timeout);
    const answer = await fetch(this.base + path, { ...request, headers: this.headers, signal });
    const text = await answer.text();
    if (answer.ok) return text === "" ? {} : JSON.parse(text);
    const { error_code: code = "", message = answer.statusText } = parsed(text);
    const words = `${path.split("?")[0]}: ${answer.status} ${code} ${message}`.trim();
    if (answer.status >= 500 || answer.status === 429) throw new Error(words);
    throw new MlflowRefusal(answer.status, code, words);
  }
}

function parsed(text: string): { error_code?: string; message?: string } {
  try {
    return JSON.parse(text) as { error_code?: string; message?: string };
  } catch {
    return {};
  }
}

/** By MLflow's own variables: a token, or a name and password. */
function authorization(): Record<string, string> {
  const token = environment("MLFLOW_TRACKING_TOKEN");
  if (token !== undefined) return { authorization: `Bearer ${token}` };
  const name = environment("MLFLOW_TRACKING_USERNAME");
  if (name === undefined) return {};
  const both = `${name}:${environment("MLFLOW_TRACKING_PASSWORD") ?? ""}`;
  return { authorization: `Basic ${Buffer.from(both).toString("base64")}` };
}

import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeEach, expect, test } from "vitest";
import { layers } from "../../src/nn/index.ts";
import { type MlflowOptions, mlflow } from "../../src/records/index.ts";
import { sequential } from "../../src/train/index.ts";

/** What a tracking server holds, by the rules of MLflow's REST API. */
interface Store {
  experiments: Map<string, string>;
  runs: Map<
    string,
    {
      experiment: string;
      name: string;
      status: string;
      params: Map<string, string>;
      tags: Map<string, string>;
      metrics: Metric[];
    }
  >;
}
type Metric = { key: string; value: number | string; timestamp: number; step: number };

let store: Store;
/** Requests that are answered with 503 first, and all that came. */
let failures = 0;
let asked: string[] = [];
let seenHeaders: IncomingMessage["headers"] = {};

beforeEach(() => {
  store = { experiments: new Map([["Default", "0"]]), runs: new Map() };
  [failures, asked] = [0, []];
});

class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const bad = (message: string) => new Refused(400, "INVALID_PARAMETER_VALUE", message);

// biome-ignore lint/suspicious/noExplicitAny: what comes over the wire
const routes: Record<string, (body: any) => object> = {
  "GET experiments/get-by-name": ({ experiment_name: name }) => {
    const id = store.experiments.get(name);
    if (id === undefined) throw new Refused(404, "RESOURCE_DOES_NOT_EXIST", `Could not find experiment ${name}`);
    return { experiment: { experiment_id: id, name, lifecycle_stage: "active" } };
  },
  "POST experiments/create": ({ name }) => {
    if (store.experiments.has(name)) throw new Refused(400, "RESOURCE_ALREADY_EXISTS", "it exists");
    store.experiments.set(name, String(store.experiments.size));
    return { experiment_id: store.experiments.get(name) };
  },
  "POST runs/create": ({ experiment_id: experiment, run_name: name = "bold-ant-1", start_time: start, tags = [] }) => {
    if (![...store.experiments.values()].includes(experiment))
      throw new Refused(404, "RESOURCE_DOES_NOT_EXIST", "none");
    if (!Number.isInteger(start)) throw bad("start_time is in milliseconds");
    const id = `run${store.runs.size}`;
    store.runs.set(id, {
      experiment,
      name,
      status: "RUNNING",
      params: new Map(),
      tags: new Map(tags.map((tag: { key: string; value: string }) => [tag.key, tag.value])),
      metrics: [],
    });
    return { run: { info: { run_id: id, run_name: name, status: "RUNNING" }, data: {} } };
  },
  "POST runs/log-batch": ({ run_id: id, metrics = [], params = [], tags = [] }) => {
    if (metrics.length > 1000 || params.length > 100 || tags.length > 100) throw bad("too many");
    const run = runOf(id);
    for (const { key, value, timestamp, step } of metrics as Metric[]) {
      checkKey(key);
      const isNumber = typeof value === "number" || ["NaN", "Infinity", "-Infinity"].includes(value);
      if (!isNumber || !Number.isInteger(timestamp) || !Number.isInteger(step)) throw bad(`metric ${key}`);
    }
    run.metrics.push(...metrics);
    for (const { key, value } of params) {
      checkKey(key);
      if (typeof value !== "string") throw bad("a parameter is a text");
      if (run.params.has(key) && run.params.get(key) !== value)
        throw bad(`parameter ${key} was logged as another value`);
      run.params.set(key, value);
    }
    return {};
  },
  "POST runs/set-tag": ({ run_id: id, key, value }) => {
    runOf(id).tags.set(key, value);
    return {};
  },
  "POST runs/update": ({ run_id: id, status, end_time: end }) => {
    if (!["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"].includes(status)) throw bad("status");
    if (status !== "RUNNING" && !Number.isInteger(end)) throw bad("end_time");
    runOf(id).status = status;
    return { run_info: { run_id: id, status } };
  },
};

function runOf(id: string) {
  const run = store.runs.get(id);
  if (!run) throw new Refused(404, "RESOURCE_DOES_NOT_EXIST", `Run ${id} not found`);
  return run;
}

function checkKey(key: string): void {
  if (!/^[\w\-. /]{1,250}$/.test(key)) throw bad(`Invalid name: ${key}`);
}

const server: Server = createServer(async (request, response) => {
  const url = new URL(request.url ?? "", "http://server");
  const path = `${request.method} ${url.pathname.replace("/api/2.0/mlflow/", "")}`;
  asked.push(path);
  seenHeaders = request.headers;
  let text = "";
  for await (const part of request) text += part;
  const answer = (status: number, body: object) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  if (failures > 0) {
    failures--;
    return answer(503, { error_code: "TEMPORARILY_UNAVAILABLE", message: "busy" });
  }
  try {
    const route = routes[path];
    if (!route) throw new Refused(404, "ENDPOINT_NOT_FOUND", path);
    return answer(200, route(request.method === "GET" ? Object.fromEntries(url.searchParams) : JSON.parse(text)));
  } catch (error) {
    const { status = 500, code = "INTERNAL_ERROR", message } = error as Refused;
    return answer(status, { error_code: code, message });
  }
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
afterAll(() => {
  server.close();
});

const x = Array.from({ length: 8 }, (_, i) => [i / 8]);
const y = x.map(([value = 0]) => [2 * value]);

async function train(options: MlflowOptions): Promise<string[]> {
  const warnings: string[] = [];
  const model = sequential([layers.dense(1, { inputShape: [1] })]);
  model.compile({ optimizer: "sgd", loss: "meanSquaredError", engine: "reference" });
  const log = mlflow({ url, delay: 1, warn: (line) => warnings.push(line), ...options });
  await model.fit(x, y, { epochs: 3, batchSize: 4, validationSplit: 0.5, verbose: 0, callbacks: [log] });
  return warnings;
}

test("a training is a run of its experiment, with parameters, numbers by epoch and step, and its end", async () => {
  const warnings = await train({
    experiment: "lines & more",
    run: "first",
    parameters: { units: 1, "learning rate (start)": 0.01 },
    tags: { "mlflow.source.git.commit": "abc" },
    everySteps: 1,
  });
  expect(warnings).toEqual([]);
  expect([...store.experiments]).toEqual([
    ["Default", "0"],
    ["lines & more", "1"],
  ]);
  const [run] = store.runs.values();
  expect(run).toMatchObject({ experiment: "1", name: "first", status: "FINISHED" });
  expect(Object.fromEntries(run?.params ?? [])).toEqual({
    epochs: "3",
    batchSize: "4",
    samples: "4",
    units: "1",
    "learning rate _start_": "0.01",
  });
  expect(run?.tags.get("mlflow.source.git.commit")).toBe("abc");
  const steps = (key: string) => run?.metrics.filter((metric) => metric.key === key).map(({ step }) => step);
  expect(steps("loss")).toEqual([1, 2, 3]);
  expect(steps("valLoss")).toEqual([1, 2, 3]);
  expect(steps("batch_loss")).toEqual([1, 2, 3]);
});

test("a second run finds the experiment, and a server that stumbles is asked again", async () => {
  failures = 3;
  expect(await train({ parameters: { units: 1 } })).toEqual([]);
  expect(asked.filter((path) => path === "GET experiments/get-by-name").length).toBe(4);
  expect(asked).not.toContain("POST experiments/create");
  expect([...store.runs.values()].map(({ name, status, metrics }) => [name, status, metrics.length])).toEqual([
    ["bold-ant-1", "FINISHED", 9],
  ]);
});

test("what the server refuses is told and left out; the rest is logged", async () => {
  const many = Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`p${i}`, i]));
  expect(await train({ parameters: many })).toEqual([]); // in requests of 100
  expect([...store.runs.values()][0]?.params.size).toBe(153);
  store.runs.clear();
  const warnings = await train({ parameters: { a: 1, "a ": 2, "a?": 3, a_: 4 } });
  expect(warnings).toEqual([
    expect.stringMatching(/refused runs\/log-batch: 400 INVALID_PARAMETER_VALUE parameter a_ was/),
  ]);
  expect([...store.runs.values()][0]).toMatchObject({ status: "FINISHED" });
});

test("a server that is away is warned of, and the training ends all the same", async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
  const away = `http://127.0.0.1:${(closed.address() as AddressInfo).port}`;
  await new Promise((resolve) => closed.close(resolve));
  expect(await train({ url: away, retries: 1 })).toEqual([
    `MLflow at ${away} cannot be reached (ECONNREFUSED); the training goes on without it`,
    `9 numbers are not in MLflow at ${away}`,
  ]);
  failures = Number.POSITIVE_INFINITY;
  expect((await train({ retries: 0 }))[0]).toMatch(
    /cannot be reached \(experiments\/get-by-name: 503 TEMPORARILY_UNAVAILABLE busy\)/,
  );
});

test("credentials come from MLflow's variables; a training that goes on goes on with its run", async () => {
  process.env["MLFLOW_TRACKING_TOKEN"] = "secret";
  try {
    await train({});
    expect(seenHeaders.authorization).toBe("Bearer secret");
  } finally {
    delete process.env["MLFLOW_TRACKING_TOKEN"];
  }
  const again = mlflow({ url, parameters: { units: 2 } });
  again.restoreState?.({ values: "run0" });
  const model = sequential([layers.dense(1, { inputShape: [1] })]);
  model.compile({ optimizer: "sgd", loss: "meanSquaredError", engine: "reference" });
  const { onTrainBegin: _, ...rest } = again;
  await model.fit(x, y, { epochs: 1, verbose: 0, callbacks: [rest] });
  expect(store.runs.size).toBe(1);
  expect([...store.runs.values()][0]?.metrics.filter(({ key }) => key === "loss").length).toBe(4);
});

test("wrong options are refused", () => {
  expect(() => mlflow({})).toThrow(/url = undefined/);
  expect(() => mlflow({ url: "localhost:5000" })).toThrow(/such as "http:/);
  expect(() => mlflow({ url, retries: -1 })).toThrow(/retries = -1/);
  expect(() => mlflow({ url, experimnt: "x" } as MlflowOptions)).toThrow(/did you mean "experiment"/);
});

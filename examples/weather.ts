/**
 * The weather of the next week: maximum temperatures in Seattle (npm: vega-datasets), learned from the years 2012 to 2014, forecast for every
 * day of 2015 by an LSTM and by a temporal convolution, and compared with what needs no learning.
 *
 *     npx tsx examples/weather.ts
 */
import { type AdaptData, type Layer, layers, type Model, optimizers, schedules, sequential } from "descent";
import { tableColumns, timeSplit, timeWindows, vegaTable } from "descent/data";
import { start } from "./direct.ts";

export const target = "an error at least 5 % below those of persistence and of the season's mean, for both networks";

const [length, horizon] = [28, 7]; // days that are seen, days that are forecast
const features = ["temp_max", "temp_min", "precipitation", "wind"];

/** The layers between the scaled days [28, 6] and what the forecast is made of. */
const networks: Record<string, () => Layer[]> = {
  lstm: () => [layers.lstm(32)],
  temporal: () => [
    // Causal convolutions: a place sees itself and places before it, with n layers 2^(n + 1) - 1 of them.
    ...[1, 2, 4, 8].map((dilationRate) =>
      layers.conv1d(16, 3, { padding: "causal", dilationRate, activation: "relu" }),
    ),
    layers.cropping1d([length - 1, 0]), // the last place
    layers.flatten(),
  ],
};

export const KINDS = Object.keys(networks);

/** Degrees go in and come out: the model scales them itself, by means of the past days [rows, 6] and of what followed [rows, 7]. */
export async function network(name: string, past: AdaptData, followed: AdaptData, seed: number): Promise<Model> {
  const scaled = await layers.normalization({ inputShape: [length, features.length + 2] }).adapt(past);
  const degrees = await layers.normalization({ axis: null, invert: true }).adapt(followed);
  const output = layers.dense(horizon, { kernelInitializer: "zeros" }); // begins with the mean
  const hidden = networks[name]?.() ?? [];
  const parts = [scaled, layers.gaussianNoise(0.5), ...hidden, layers.dropout(0.3), output, degrees];
  return sequential(parts, { name, seed });
}

export async function main({ verbose = 0, seed = 1 }: { verbose?: 0 | 1 | "auto"; seed?: number } = {}) {
  const days = await readDays();
  const cut = Math.floor(days.length * 0.75); // the end of 2014
  const [past, recent] = timeSplit(days, [0.75, 0.25], { context: length });
  const train = timeWindows(past, { length, horizon, targets: 0 });
  const test = timeWindows(recent, { length, horizon, targets: 0 });

  const errors: Record<string, number> = simpleForecasts(days, cut);
  for (const name of KINDS) {
    const model = await network(name, past, train.y, seed);
    const [epochs, batchSize] = [10, 32];
    const decaySteps = epochs * Math.ceil((train.x.shape[0] ?? 0) / batchSize);
    const learningRate = schedules.cosineDecay({ learningRate: 0.003, decaySteps });
    model.compile({ optimizer: optimizers.adamw({ learningRate, weightDecay: 0.01 }), loss: "meanAbsoluteError" });
    await model.fit(train.x, train.y, { epochs, batchSize, seed, verbose });
    errors[name] = (await model.evaluate(test.x, test.y)).loss;
  }

  const { persistence = 0, season = 0, lstm = 0, temporal = 0 } = errors;
  const passed = Math.max(lstm, temporal) <= 0.95 * Math.min(persistence, season);
  const result = `mean error in degrees: ${Object.entries(errors)
    .map(([name, error]) => `${name} ${error.toFixed(2)}`)
    .join(", ")}`;
  return { errors, result, passed };
}

/** A row for each day: the measurements, then the season as a place on a circle. */
async function readDays(): Promise<number[][]> {
  const table = await vegaTable("seattle-weather");
  return tableColumns(table, features).map((measured, i) => {
    const turn = (2 * Math.PI * Date.parse(String(table[i]?.["date"]))) / (YEAR * 24 * 3600 * 1000);
    return [...measured, Math.sin(turn), Math.cos(turn)];
  });
}

const YEAR = 365.2425;

/** Mean errors of "as today", and of "as the mean of these three weeks in the years before", on all days from `cut` on. */
function simpleForecasts(days: readonly number[][], cut: number): { persistence: number; season: number } {
  const temperature = (day: number) => days[day]?.[0] ?? Number.NaN;
  const usual = (day: number) => {
    const near = Array.from({ length: cut }, (_, i) => i).filter((other) => {
      const apart = (day - other) % YEAR;
      return Math.min(apart, YEAR - apart) <= 10;
    });
    return near.reduce((sum, other) => sum + temperature(other), 0) / near.length;
  };
  let [persistence, season, count] = [0, 0, 0];
  for (let today = cut - 1; today + horizon < days.length; today++) {
    for (let day = today + 1; day <= today + horizon; day++) {
      persistence += Math.abs(temperature(day) - temperature(today));
      season += Math.abs(temperature(day) - usual(day));
      count++;
    }
  }
  return { persistence: persistence / count, season: season / count };
}

await start(import.meta.url, target, () => main({ verbose: "auto" }));

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { layers, loadModel, model, sequential } from "../../src/index.ts";
import { expectClose, forEachEngine } from "../../src/testing/index.ts";
import { murmur3 } from "../../src/util/index.ts";

const cities = ["Rome", "Oslo", "Rome", "Paris", "Oslo", "Rome"];
const ages = [30, 40, 20, 50, 60, 10];
const rents = [[2], [1], [2], [3], [1], [2]];

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "descent-texts-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function* stream() {
  yield ["Oslo", "Oslo"];
  yield ["Rome"];
}

test("MurmurHash3 has the numbers of its reference code", () => {
  const hash = (text: string, seed?: number) => murmur3(new TextEncoder().encode(text), seed);
  expect([hash(""), hash("", 1), hash("hello"), hash("test", 0x9747b28c)]).toEqual([
    0, 0x514e28b7, 613153351, 0x704b81dc,
  ]);
});

await forEachEngine((engine) => {
  test(`a table of texts and numbers is learned, saved and used again, on ${engine}`, async () => {
    const city = layers.input({ shape: [1], dtype: "string", name: "city" });
    const age = layers.input({ shape: [1], name: "age" });
    const lookup = await layers.stringLookup({ outputMode: "oneHot" }).adapt(cities);
    const scaled = await layers.normalization().adapt(ages.map((each) => [each]));
    const features = layers.concatenate()([lookup(city), scaled(age)]);
    const regression = model({ inputs: [city, age], outputs: layers.dense(1)(features) });
    regression.compile({ optimizer: "adam", loss: "meanSquaredError", engine });
    const x = { city: cities, age: ages };
    const { history } = await regression.fit(x, rents, { epochs: 300, batchSize: 4, verbose: 0 });
    expect(history["loss"]?.at(-1)).toBeLessThan(history["loss"]?.[0] as number);

    const place = join(folder, engine);
    await regression.save(place);
    const again = await loadModel(place);
    const fresh = { city: [["Paris"], ["unknown"]], age: [25, 35] };
    // The loaded model chooses an engine by itself.
    const [found, wanted] = [await again.predict(fresh), await regression.predict(fresh)];
    expectClose([...(await found.data())], [...(await wanted.data())], { rtol: 1e-5 });
    const [{ loss }, before] = [await again.evaluate(x, rents), await regression.evaluate(x, rents)];
    expectClose([loss], [before.loss], { rtol: 1e-5 });
  });
});

describe("texts", () => {
  test("the most frequent come first in a vocabulary, of lists or of a stream", async () => {
    const all = await layers.stringLookup().adapt(cities);
    expect(all.definition.options["vocabulary"]).toEqual(["Rome", "Oslo", "Paris"]);
    const few = await layers.stringLookup({ maxTokens: 2 }).adapt(stream());
    expect(few.definition.options["vocabulary"]).toEqual(["Oslo"]);
  });

  test("come first in a sequential model by themselves; numbers are their decimal notation", async () => {
    const lookup = layers.stringLookup({ vocabulary: ["7", "8"], inputShape: [1] });
    const network = sequential([lookup, layers.lambda((x) => x.mul(10))]);
    expect(await (await network.predict([["8"], [7], ["x"]])).array()).toEqual([[20], [10], [0]]);
  });

  test("are refused where numbers belong, and numbers where texts belong", async () => {
    const text = layers.input({ shape: [2], dtype: "string" });
    expect(() => layers.dense(1)(text)).toThrow(
      /dense_1 .*received texts.*stringLookup\(\) or hashing\(\) before dense/,
    );
    expect(() => layers.hashing(3)(layers.input({ shape: [2] }))).toThrow(/received numbers.*dtype: "string"/);
    expect(() => layers.stringLookup()(text)).toThrow(/has learned nothing/);
    expect(() => layers.stringLookup({ vocabulary: ["a", "a"] })).toThrow(/each once/);
    expect(() => layers.hashing(3, { salt: -1 })).toThrow(/salt = -1.*0 to 65535/);
    const network = model({ inputs: text, outputs: layers.hashing(3)(text) });
    await expect(network.predict([["a", "b"], ["c"]])).rejects.toThrow(/x: row 1 is \["c"\], unlike row 0.*\[2\]/);
    await expect(network.predict([["a", null]] as never)).rejects.toThrow(/x: row 0 holds null.*maskToken/);
    await expect(network.predict(["a"])).rejects.toThrow(/texts of shape \[\] per sample.*\[2\]/);
  });
});

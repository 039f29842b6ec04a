import { describe, expect, test } from "vitest";
import { checkOptions, DescentError, fail, invariant, nearest, printable, unknownName } from "../../src/util/index.ts";
import fc from "../tools/properties.ts";

const OPTIONS = ["learningRate", "momentum", "epsilon", "weightDecay", "beta1", "beta2"];
const messageOf = (run: () => void): string => {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(DescentError);
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
};

describe("nearest", () => {
  test.each([
    ["learningrate", "learningRate"],
    ["learning_rate", "learningRate"],
    ["lerningRate", "learningRate"],
    ["Momentum", "momentum"],
    ["weight_decay", "weightDecay"],
    ["beta_2", "beta2"],
    ["epsioln", "epsilon"],
  ])("%s means %s", (typed, meant) => {
    expect(nearest(typed, OPTIONS)).toBe(meant);
  });

  test.each([
    ["mse", "meanSquaredError"],
    ["acc", "accuracy"],
    ["Mean_squared_error", "meanSquaredError"],
    ["cosine", "cosineDecay"],
  ])("%s is short for %s", (typed, meant) => {
    const known = ["auc", "accuracy", "meanSquaredError", "cosineDecayRestarts", "cosineDecay"];
    expect(nearest(typed, known)).toBe(meant);
  });

  test("a name that shares no letter with any is none of them", () => {
    expect(nearest("9", ["km", "year"])).toBeUndefined();
    expect(nearest("xy", ["id"])).toBeUndefined();
  });

  test("letters that changed places are one slip", () => {
    expect(nearest("rleu", ["elu", "relu"])).toBe("relu");
  });

  test("a word that resembles nothing has no nearest one", () => {
    expect(nearest("zzzzzzzzzzzz", OPTIONS)).toBeUndefined();
    expect(nearest("anything", [])).toBeUndefined();
  });

  test("a known name is its own nearest", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, selector: (s) => s.toLowerCase() }),
        (names) => {
          for (const name of names) expect(nearest(name, names)).toBe(name);
        },
      ),
    );
  });

  test("one wrong, missing or additional character is forgiven", () => {
    const damage = fc.tuple(fc.constantFrom(...OPTIONS), fc.nat(), fc.constantFrom("replace", "remove", "insert"));
    fc.assert(
      fc.property(damage, ([name, at, how]) => {
        const i = at % name.length;
        const rest = name.slice(how === "insert" ? i : i + 1);
        const typed = name.slice(0, i) + (how === "remove" ? "" : "#") + rest;
        // "beta" and "beta#" are as near to beta1 as to beta2.
        const near = nearest(typed, OPTIONS);
        expect(near?.replace(/\d$/, "")).toBe(name.replace(/\d$/, ""));
      }),
    );
  });
});

describe("errors", () => {
  test("fail says what happened, what was expected and how to fix it", () => {
    const full = messageOf(() => fail("dense_2 received [3]", "a matrix", "put a flatten() before it"));
    expect(full).toBe("dense_2 received [3]. Expected a matrix. Fix: put a flatten() before it.");
    expect(messageOf(() => fail("it broke!"))).toBe("it broke!");
    expect(messageOf(() => fail("odd", undefined, "is this right?"))).toBe("odd. Fix: is this right?");
  });

  test("checkOptions accepts known names and names the nearest to an unknown one", () => {
    expect(() => checkOptions("adam()", { learningRate: 1, epsilon: undefined }, OPTIONS)).not.toThrow();
    expect(() => checkOptions("adam()", undefined, OPTIONS)).not.toThrow();
    const message = messageOf(() => checkOptions("adam()", { lerningRate: 1 }, OPTIONS));
    expect(message).toContain("adam()");
    expect(message).toContain('"lerningRate"');
    expect(message).toContain('did you mean "learningRate"?');
  });

  test("unknownName lists what is known", () => {
    const message = messageOf(() => unknownName("optimizer", "qqqqqqqq", ["adam", "sgd"]));
    expect(message).toBe('unknown optimizer "qqqqqqqq". Expected one of adam, sgd.');
  });

  test("a broken invariant is called a bug of ours", () => {
    expect(() => invariant("anything true", "fine")).not.toThrow();
    expect(() => invariant(0, "the plan overlaps")).toThrow("Descent bug: the plan overlaps");
  });
});

test("what would break a line or move a cursor is printed as an escape", () => {
  expect(printable("a\nb\u001b[2Jc\u2028d é 数 \u{1f600}")).toBe("a\\u000ab\\u001b[2Jc\\u2028d é 数 \u{1f600}");
});

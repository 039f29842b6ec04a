import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { classScores, confusionMatrix, macroAverage } from "../../src/cli/scores.ts";
import {
  classTable,
  colorEnabled,
  confusionTable,
  displayWidth,
  paint,
  picture,
  plain,
  sideBySide,
  table,
} from "../../src/cli/terminal/index.ts";

const CONFUSION = [
  [8, 2, 0],
  [0, 10, 0],
  [0, 0, 0],
];

test("table aligns columns and counts styles as nothing, wide characters as two", () => {
  const text = table(
    {
      columns: [{ title: "class", align: "left" }, { title: "n" }],
      rows: [
        ["犬", 1],
        [paint("cat", "green", true), 1200],
      ],
      footer: [["all", 1201]],
    },
    false,
  );
  expect(text.split("\n")).toEqual([
    "class     n",
    "───────────",
    "犬        1",
    "\u001b[32mcat\u001b[39m    1200",
    "───────────",
    "all    1201",
  ]);
});

test("classTable shows precision, recall and F1, with their mean", () => {
  expect(classTable(classScores(CONFUSION), ["cat", "dog", "fox"], false)).toMatchInlineSnapshot(`
    "class   precision     recall        F1   samples
    ────────────────────────────────────────────────
    cat      100.00 %    80.00 %   88.89 %        10
    dog       83.33 %   100.00 %   90.91 %        10
    fox        0.00 %     0.00 %    0.00 %         0
    ────────────────────────────────────────────────
    mean      61.11 %    60.00 %   59.93 %        20"
  `);
});

test("confusionTable shows zeros as points", () => {
  expect(confusionTable(CONFUSION, undefined, false)).toMatchInlineSnapshot(`
    "true \\ predicted  0   1  2
    ──────────────────────────
                   0  8   2  ·
                   1  ·  10  ·
                   2  ·   ·  ·"
  `);
});

test("scores: no division by zero, and labels outside the classes are not counted", () => {
  expect(classScores(CONFUSION)[2]).toEqual({ precision: 0, recall: 0, f1: 0, support: 0 });
  expect(macroAverage([]).f1).toBe(0);
  expect(confusionMatrix([0, 1, 1, 5], [0, 0, 1, 1], 2)).toEqual([
    [1, 0],
    [1, 1],
  ]);
});

test("names from outside cannot move the cursor", () => {
  expect(plain("a\u001b[2Jb\nc")).toBe("a\ufffd[2Jb\ufffdc");
  expect(classTable(classScores([[1]]), ["\u001b[2J"], false)).not.toContain("\u001b");
});

describe("picture", () => {
  test("without color: half blocks where a pixel is bright", () => {
    expect(picture([0, 1, 0, 1, 0, 0, 1, 1], [2, 4], false)).toEqual([" ▀▄█"]);
    expect(picture(Uint8Array.of(255, 0, 255), [3, 1], false)).toEqual(["▀", "▀"]);
  });

  test("with color: two pixels a character, upper one in front", () => {
    expect(picture([0, 1], [2, 1], true)).toEqual(["\u001b[38;2;0;0;0;48;2;255;255;255m▀\u001b[0m"]);
    expect(picture([1, 0, 0], [1, 1, 3], true)).toEqual(["\u001b[38;2;255;0;0;48;2;0;0;0m▀\u001b[0m"]);
  });

  test("refuses what is no picture", () => {
    expect(() => picture([1, 2, 3], [2, 2])).toThrow(/3 values of shape \[2, 2\] are no picture/);
  });

  test("sideBySide keeps columns although widths differ", () => {
    const blocks = [
      { caption: "7 read as 1", lines: ["██", "█"] },
      { caption: "4", lines: ["▀"] },
    ];
    expect(sideBySide(blocks, 2).split("\n")).toEqual(["7 read as 1  4", "██           ▀", "█"]);
    expect(displayWidth("👍")).toBe(2);
  });
});

describe("color", () => {
  const { NO_COLOR, TERM } = process.env;
  beforeEach(() => {
    delete process.env["NO_COLOR"];
    process.env["TERM"] = "xterm";
  });
  afterEach(() => {
    if (NO_COLOR === undefined) delete process.env["NO_COLOR"];
    else process.env["NO_COLOR"] = NO_COLOR;
    if (TERM === undefined) delete process.env["TERM"];
    else process.env["TERM"] = TERM;
  });

  test("only in a terminal, and only when nobody refused it", () => {
    expect(colorEnabled({ isTTY: true })).toBe(true);
    expect(colorEnabled({})).toBe(false);
    process.env["NO_COLOR"] = "1";
    expect(colorEnabled({ isTTY: true })).toBe(false);
    process.env["NO_COLOR"] = "";
    process.env["TERM"] = "dumb";
    expect(colorEnabled({ isTTY: true })).toBe(false);
  });
});

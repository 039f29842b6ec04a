import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatCell, formatMetric, metricTitle, scoreTitle } from "../../src/cli/format.ts";
import { type Report, renderReport, writeReport } from "../../src/cli/report/index.ts";
import fc from "../tools/properties.ts";

const EVIL = `<script>alert("x")</script>'&`;
const ESCAPED = "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&#39;&amp;";

const FULL: Report = {
  title: `Digits ${EVIL}`,
  subtitle: EVIL,
  created: new Date(Date.UTC(2026, 0, 2, 3, 4)),
  highlights: [{ label: EVIL, value: EVIL }],
  history: { loss: [0.9, 0.5, 0.25], valLoss: [0.8, 0.3, 0.4], [EVIL]: [1, 2, 3] },
  confusion: [
    [9, 1],
    [0, 10],
  ],
  classNames: [EVIL, "dog"],
  countedOn: EVIL,
  mistakes: [{ pixels: new Uint8Array(4), shape: [2, 2], label: 0, prediction: EVIL, probability: 0.75 }],
  regression: { actual: [1, 2], predicted: [1.5, 2], name: EVIL },
  modelSummary: EVIL,
  facts: { [EVIL]: EVIL, seed: 42 },
};

/** Names of the elements in the order they open; fails unless every element is closed where it must be. */
function elements(html: string): string[] {
  const VOID = new Set(["meta", "img"]);
  const names: string[] = [];
  const open: string[] = [];
  const body = html.replace("<!doctype html>", "").replace(/<style>[^<]*<\/style>/, "");
  const tag = /<(\/?)([a-z][a-z0-9]*)((?: [a-z0-9-]+(?:="[^"<>]*")?)*)(\/?)>/gi;
  expect(body.replace(tag, "")).not.toMatch(/[<>]/);
  for (const [, closing, name = "", , selfClosing] of body.matchAll(tag)) {
    if (closing) {
      expect(open.pop()).toBe(name);
      continue;
    }
    names.push(name);
    if (!selfClosing && !VOID.has(name)) open.push(name);
  }
  expect(open).toEqual([]);
  return names;
}

describe("renderReport", () => {
  const html = renderReport(FULL);

  test("is well-formed, with one heading, and every part is there", () => {
    const names = elements(html);
    expect(names.filter((name) => name === "h1")).toHaveLength(1);
    expect(names.filter((name) => name === "svg")).toHaveLength(3); // loss, the evil metric, the regression
    expect(names.filter((name) => name === "table")).toHaveLength(3);
    expect([...html.matchAll(/<h2 [^>]*>([^<]*)/g)].map((match) => match[1])).toEqual([
      "Learning curves",
      "What it recognizes",
      "Predicted against true",
      "The worst mistakes",
      "The model",
      "How it was made",
    ]);
  });

  test("escapes everything a user can name", () => {
    expect(html).not.toContain("<script");
    expect(html).toContain(`<h1>Digits ${ESCAPED}</h1>`);
    expect(html.split("alert(&quot;x&quot;)").length - 1).toBeGreaterThanOrEqual(14);
  });

  test("needs no network and no script: the browser is told so, and there is no address in it", () => {
    expect(html).toContain(`content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;; img-src data:"`);
    expect(html).not.toMatch(/https?:|url\(|@import|<link|<script| on[a-z]+=/);
    for (const [, source] of html.matchAll(/src="([^"]*)"/g)) expect(source).toMatch(/^data:image\/png;base64,/);
  });

  test("every table has a caption and scoped headers, every picture and curve an alternative in words", () => {
    for (const [table] of html.matchAll(/<table[\s\S]*?<\/table>/g)) {
      expect(table).toMatch(/<caption>[^<]+/);
      for (const [, attributes] of table.matchAll(/<th( [^>]*|)>/g)) expect(attributes).toMatch(/scope="(row|col)"/);
    }
    for (const [svg] of html.matchAll(/<svg[^>]*>/g)) expect(svg).toMatch(/role="img" aria-label="[^"]{10,}"/);
    expect(html).toContain(`alt="Picture of class ${ESCAPED}, taken for ${ESCAPED}"`);
    expect(html).toContain(
      `aria-label="Curves of loss over 3 epochs. training: from 0.9000 to 0.2500; validation: from 0.8000 to 0.4000."`,
    );
  });

  test("shows the counts, the scores of each class and the best epoch of the validation", () => {
    expect(html).toContain("95.00 % right");
    expect(html).toContain("best 0.3000 at epoch 2");
    expect(html).toMatch(/<th scope="row">dog<\/th><td>90\.9 %<\/td><td>100\.0 %<\/td>/);
    expect(html).toContain("2 January 2026, 03:04 UTC");
  });

  test("a chart of many samples draws some, says how many, and has room for these alone", () => {
    const actual = Array.from({ length: 10_000 }, (_, i) => (i === 1 ? 1e6 : i % 100));
    const page = renderReport({ title: "t", regression: { actual, predicted: actual.map((y) => y + 1) } });
    expect(page).toContain("2,000 of 10,000 are drawn");
    expect(page.match(/<circle/g)).toHaveLength(2000);
    const places = [...page.matchAll(/cx="([\d.]+)"/g)].map(([, x]) => Number(x));
    expect(Math.max(...places) - Math.min(...places)).toBeGreaterThan(300); // of 408
  });

  test("counts have groups of digits, and a history's columns are named in words", () => {
    const table = {
      caption: "c",
      columns: ["a", "b"],
      rows: [
        ["x", 40_000],
        ["y", 0.05],
        ["z", "2009"],
      ],
    };
    const page = renderReport({ title: "t", history: FULL.history ?? {}, sections: [{ title: "s", tables: [table] }] });
    expect(page.match(/<td>[^<]*<\/td>/g)?.slice(-3)).toEqual(["<td>40,000</td>", "<td>0.05</td>", "<td>2009</td>"]);
    expect(page).toContain('<th scope="col">validation loss</th>');
  });

  test("a title alone is a report", () => {
    expect(elements(renderReport({ title: "Nothing yet" })).filter((name) => name === "section")).toEqual([]);
  });

  test("any history gives well-formed curves with finite places", () => {
    const values = fc.array(fc.double({ min: -1e30, max: 1e30 }), { minLength: 1, maxLength: 900 });
    fc.assert(
      fc.property(values, values, (loss, valLoss) => {
        const page = renderReport({ title: "t", history: { loss, valLoss, accuracy: loss.map(() => 0.5) } });
        elements(page);
        for (const [, points = ""] of page.matchAll(/points="([^"]*)"/g)) {
          expect(points.split(/[ ,]/).every((number) => number === "" || Number.isFinite(Number(number)))).toBe(true);
          expect(points.split(" ").length).toBeLessThanOrEqual(400);
        }
        expect(page).not.toMatch(/(?:x|y|cx|cy|x1|y1|x2|y2)="(?:NaN|-?Infinity)"/);
      }),
      { numRuns: 60 },
    );
  });
});

test("figures and cells are written as readers expect them", () => {
  expect([0.20166, -2.7e-7, -12.345].map((value) => formatMetric("r2", value))).toEqual(["0.2017", "0.0000", "-12.35"]);
  expect(formatMetric("valR2", 0.5)).toBe("0.5000");
  expect([metricTitle("valMeanAbsoluteError"), metricTitle("f1"), scoreTitle("f1"), scoreTitle("auc")]).toEqual([
    "validation mean absolute error",
    "F1",
    "macro F1",
    "ROC AUC",
  ]);
  const cells = [0.22, Math.fround(2.3), 9.5, 2009, 1e20, -0.1 - 0.2, 1234567.25, null];
  expect(cells.map(formatCell)).toEqual([
    "0.22",
    "2.3",
    "9.5",
    "2009",
    "100000000000000000000",
    "-0.3",
    "1234567",
    "-",
  ]);
  const times = ["2001-02-15T00:00:00Z", "2001-02-15T17:30:00Z", "2001-02-15T17:30:09Z"].map((time) => new Date(time));
  expect(times.map(formatCell)).toEqual(["2001-02-15", "2001-02-15 17:30", "2001-02-15 17:30:09"]);
});

test("writeReport writes the file, and its folder", async () => {
  const folder = mkdtempSync(join(tmpdir(), "descent-report-"));
  const path = join(folder, "deep", "report.html");
  await writeReport(path, FULL);
  expect(readFileSync(path, "utf8")).toBe(renderReport(FULL));
  rmSync(folder, { recursive: true });
});

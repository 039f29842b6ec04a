import { type BlockedPlan, type RowOrder, strideOf, type Target } from "../../../codegen/index.ts";
import { type ContractionKernel, coefficientOf } from "../../../passes/index.ts";
import { indexText } from "../render/index-text.ts";
import type { LayoutText } from "./layout.ts";
import { packLanes, packRows, type Support, segmentType } from "./microkernel.ts";
import { packLanePairs, packRowPairs, pairFunctions } from "./pairs.ts";
import { decodeRow, orderTable, POINTERS, padded, rowPointers, segmentPointers, validityTables } from "./rows.ts";
import { decode, elementText, linearText, loopName } from "./text.ts";

const RANGE = "const long s0, const long s1, const long k0, const long kn";

/**
 * The functions through which register tiles meet the operands. All handle segments s0 .. s1 of the depth, and in each kn steps of the
 * run from k0 on; those of A return the number of entries they listed.
 */
export class OperandWriter {
  readonly functions: string[] = [];
  /** C of where the operands begin. */
  readonly a: string;
  readonly b: string;
  /** Whether steps of the depth that no row of a panel meets are left out. */
  private readonly skips: boolean;

  constructor(
    private readonly kernel: ContractionKernel,
    private readonly plan: BlockedPlan,
    private readonly layout: LayoutText,
    private readonly target: Target,
    private readonly order: RowOrder | undefined,
    private readonly support: Support,
    names: { readonly a: string; readonly b: string },
  ) {
    this.a = names.a;
    this.b = names.b;
    const own = plan.packA === "direct" || (plan.packA === "chunk" && plan.rowsOuter);
    this.skips = plan.a.source === "rows" && own && kernel.a.guards.length > 0;
    segmentType(support);
    if (layout.pairs) pairFunctions(support, target);
    this.writeA();
    if (plan.packB !== "direct") this.functions.push(this.packB());
  }

  private writeA(): void {
    const { a, packA } = this.plan;
    const direct = packA === "direct";
    if (a.source === "rows") {
      this.support.set("vpointers", POINTERS);
      if (this.order) this.functions.push(orderTable(this.order));
      this.functions.push(...validityTables(this.kernel, this.plan).map(({ text }) => text));
      if (this.kernel.a.guards.length > 0) this.functions.push(`static const float @zeros[${this.layout.run}];`);
      this.functions.push(direct ? this.rowsDirect() : this.rowsPacked());
    } else if (a.source === "lanes") this.functions.push(direct ? this.lanesDirect() : this.lanesPacked());
    else this.functions.push(this.generalPacked());
  }

  private signature(name: string, parameters: string): string {
    return `static __attribute__((noinline)) long @${name}(char* const* q, const long batch, ${parameters}, ${RANGE}) {
@@declarations
${decode("batch", this.kernel.batch)}`;
  }

  private eachSegment(body: string): string {
    return `for (long s = s0; s < s1; s++) {
${decode("s", this.plan.depth.segments)}
${body}
}`;
  }

  /** Where a segment begins in B: its steps so far when packed, else its place (from step k0 of the run on). */
  private startInB(): string {
    const { packB, b, depth } = this.plan;
    return packB === "direct" ? linearText(b.linear, depth.segments) : `(s - s0) * ${this.layout.words}`;
  }

  /** Where segment s of a row of A begins, in floats from its base. */
  private startInA(): string {
    const { a, depth } = this.plan;
    return `${linearText(a.linear, depth.segments)} + k0`;
  }

  private readonly skip = (): string => (this.skips ? "if (!(any >> s & 1)) continue;" : "");

  private readonly any = (): string =>
    this.skips ? `int64_t any = 0; for (long i = 0; i < ${this.layout.height}; i++) any |= bits[i];` : "";

  /** Lists where each segment of a panel's rows is, and where it begins in B. */
  private rowsDirect(): string {
    const { plan, kernel, target } = this;
    const element = this.layout.pairs ? "uint16_t" : "float";
    return `${this.signature("rows", "const long first, const long h, const float** table, long* starts")}
${rowPointers(kernel, plan, target, this.order, this.a)}
${this.any()}
long count = 0;
${this.eachSegment(`${this.skip()}
starts[count++] = ${this.startInB()};
${segmentPointers(plan, target, this.startInA(), "table", element)}
table += ${this.layout.height};`)}
return count;
}`;
  }

  /** Packs a panel of rows, and lists where its segments begin. */
  private rowsPacked(): string {
    const { plan, kernel, target } = this;
    const { height, words, pairs } = this.layout;
    const pack = pairs ? packRowPairs(this.support, target, height) : packRows(this.support, target, height);
    return `${this.signature("panel", "const long first, const long h, float* to, depth_segment* list")}
${rowPointers(kernel, plan, target, this.order, this.a)}
${this.any()}
long count = 0;
${this.skips ? "" : `list[count++] = (depth_segment){to, 0, (s1 - s0) * ${words}};`}
${this.eachSegment(`${this.skip()}
${this.skips ? `list[count++] = (depth_segment){to, ${this.startInB()}, ${words}};` : ""}
const float* rows[${padded(height, target)}];
${segmentPointers(plan, target, this.startInA(), "rows")}
${pack}(rows, kn, to);
to += ${words} * ${height};`)}
return count;
}`;
  }

  /** Declares low and high: the steps of the run, from k0 to k0 + kn at most, at which all guards of A hold. */
  private existing(): string {
    const { run } = this.plan.depth;
    const cuts = this.plan.a.access.guards.map(({ expression, size }) => {
      const along = coefficientOf(expression, run.id);
      const rest = indexText({ ...expression, terms: expression.terms.filter(({ of }) => of !== run.id) }, loopName);
      if (along === 0) return `{ const long g = ${rest}; if (g < 0 || g >= ${size}) high = low; }`;
      // 0 <= g + along * k < size
      return `{ const long g = ${rest};
const long from = g >= 0 ? 0 : (-g + ${along - 1}) / ${along}, to = g >= ${size} ? 0 : (${size} - g + ${along - 1}) / ${along};
if (from > low) low = from;
if (to < high) high = to; }`;
    });
    return `long low = k0, high = k0 + kn;\n${cuts.join("\n")}`;
  }

  /** Lists the segments of the depth as they meet a group of rows that lie side by side: guards cut them to ranges. */
  private lanesDirect(): string {
    const { plan, kernel } = this;
    const { a, b, depth } = plan;
    const { run } = depth;
    const outer = kernel.rows.slice(0, -1);
    const place = linearText(a.linear, [...kernel.batch, ...outer, ...depth.segments, run]);
    const step = plan.packB === "direct" ? strideOf(b.linear, run) : 1;
    return `${this.signature("segments", "const long group, depth_segment* list")}
${decode("group", outer)}
long count = 0;
${this.eachSegment(`${this.existing()}
if (high <= low) continue;
const long ${loopName(run.id)} = low;
list[count++] = (depth_segment){${this.a} + ${a.linear.constant} + ${place}, ${this.startInB()} + (low - k0) * ${step}L, high - low};`)}
return count;
}`;
  }

  private lanesPacked(): string {
    const { plan, kernel, layout } = this;
    const { linear } = plan.a;
    const { height, words, pairs } = layout;
    const pack = pairs
      ? packLanePairs(this.support, this.target, height)
      : packLanes(this.support, this.target, height);
    const stride = strideOf(linear, plan.depth.run);
    const last = kernel.rows.at(-1)!;
    const at = (step: string) => `from[(${step}) * ${stride}L + j]`;
    const within = (step: string) => `(${step} >= low && ${step} < high ? ${at(step)} : 0)`;
    const segment = pairs
      ? `${this.existing()}
low -= k0, high -= k0;
if (n == ${height}) ${pack}(from, ${stride}L, low, high, kn, at);
else for (long k = 0; k < kn; k += 2) for (long j = 0; j < n; j++) at[k / 2 * ${height} + i + j] = pair_f(${within("k")}, ${within("k + 1")});`
      : `if (n == ${height}) ${pack}(from, ${stride}L, kn, at);
else for (long k = 0; k < kn; k++) for (long j = 0; j < n; j++) at[k * ${height} + i + j] = ${at("k")};`;
    return `${this.signature("panel", "const long first, const long h, float* to, depth_segment* list")}
list[0] = (depth_segment){to, 0, (s1 - s0) * ${words}};
for (long i = 0, n; i < h; i += n) {
/* n rows that lie side by side, up to the end of their loop. */
${decode("first + i", kernel.rows)}
n = ${last.size} - ${loopName(last.id)};
if (n > h - i) n = h - i;
const float* const row = ${this.a} + ${linear.constant} + ${linearText(linear, [...kernel.batch, ...kernel.rows])};
${this.eachSegment(`const float* const from = row + ${linearText(linear, plan.depth.segments)} + k0 * ${stride}L;
float* const at = to + (s - s0) * ${words} * ${height};
${segment}`)}
}
for (long i = h; i < ${height}; i++) for (long k = 0; k < (s1 - s0) * ${words}; k++) to[k * ${height} + i] = 0;
return 1;
}`;
  }

  private generalPacked(): string {
    const { height, words } = this.layout;
    return `${this.signature("panel", "const long first, const long h, float* to, depth_segment* list")}
list[0] = (depth_segment){to, 0, (s1 - s0) * ${words}};
for (long i = 0; i < ${height}; i++) {
${decodeRow("first + (i < h ? i : h - 1)", this.kernel.rows, this.order)}
float* at = to + i;
${this.eachSegment(this.eachWord(`*at = ${this.wordText(elementText(this.kernel.a, this.a))};\nat += ${height};`))}
}
return 1;
}`;
  }

  /** For each word of a segment, the step k that it begins with. */
  private eachWord(body: string): string {
    return `for (long k = k0; k < k0 + kn; k += ${this.layout.pairs ? 2 : 1}) {\n${body}\n}`;
  }

  /** C of the word at step k of an element by the index of the run. */
  private wordText(element: string): string {
    const run = loopName(this.plan.depth.run.id);
    if (!this.layout.pairs) return `({ const long ${run} = k; (void)${run}; ${element}; })`;
    const at = (step: string) => `({ const long ${run} = ${step}; (void)${run}; ${element}; })`;
    return `pair_f(${at("k")}, k + 1 < k0 + kn ? ${at("k + 1")} : 0)`;
  }

  /** to[k * width + j] = B at step k of the depth and column n0 + j, for one panel of columns. */
  private packB(): string {
    const { plan, kernel, target } = this;
    const { words, pairs } = this.layout;
    const { b, depth } = plan;
    const { linear } = b;
    const { run } = depth;
    const [column] = kernel.columns;
    const place = `${this.b} + ${linear.constant} + ${linearText(linear, [...kernel.batch, ...depth.segments])} + k0 * ${strideOf(linear, run)}L`;
    const ofPanel = (width: number, count: number): string => {
      const advance = `to += ${words} * ${width};`;
      if (b.source === "lanes") {
        const pack = pairs
          ? packLanePairs(this.support, target, width, count)
          : packLanes(this.support, target, width, count);
        const range = pairs ? "0, kn, kn" : "kn";
        return this.eachSegment(`${pack}(${place} + n0, ${strideOf(linear, run)}L, ${range}, to);\n${advance}`);
      }
      if (b.source === "rows") {
        const pack = pairs ? packRowPairs(this.support, target, width) : packRows(this.support, target, width);
        const stride = strideOf(linear, column);
        return this.eachSegment(`const float* const from = ${place} + n0 * ${stride}L;
const float* rows[${width}];
for (long j = 0; j < ${width}; j++) rows[j] = from + (j < ${count} ? j : ${count - 1}) * ${stride}L;
${pack}(rows, kn, to);
${advance}`);
      }
      return this.eachSegment(
        this.eachWord(`for (long j = 0; j < ${width}; j++) {
${column ? `const long ${loopName(column.id)} = n0 + (j < ${count} ? j : ${count - 1});` : ""}
*to++ = ${this.wordText(elementText(kernel.b, this.b))};
}`),
      );
    };
    const { width, count, lastWidth } = plan.columnPanels;
    const rest = plan.columns - (count - 1) * width;
    const panels =
      count === 1
        ? [ofPanel(lastWidth, rest)]
        : [ofPanel(width, width), ...(rest < width ? [ofPanel(lastWidth, rest)] : [])];
    const choice = panels.length === 1 ? panels[0] : `if (n == ${width}) {\n${panels[0]}\n} else {\n${panels[1]}\n}`;
    return `${this.signature("pack", "const long n0, const long n, float* to")}
${choice}
return 0;
}`;
  }
}

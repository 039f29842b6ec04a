import { Curve, type Point } from "./curve.ts";
import { make, say } from "./dom.ts";
import { extent, linearScale, logScale, niceStep, type Scale } from "./scale.ts";

const HEIGHT = 214;
const PLOT = { left: 46, right: 10, top: 8, bottom: 44 };
const SVG = "http://www.w3.org/2000/svg";

export interface ChartOptions {
  readonly title: string;
  readonly format: (value: number) => string;
  readonly tick: (value: number) => string;
  /** How the values lie on the axis; linear from 0 by default. */
  readonly axis?: "from zero" | "share" | "falling";
  /** Two curves, training and test digits, or only the first. */
  readonly test?: boolean;
}

/** Curves over epochs that grow while they are looked at. */
export class Chart {
  readonly train = new Curve();
  readonly test = new Curve();
  private readonly svg = document.createElementNS(SVG, "svg");
  private readonly latest: { train: HTMLElement; test: HTMLElement | undefined };
  private width = 0;
  private epochs = 1;

  constructor(
    parent: Element,
    private readonly options: ChartOptions,
    changed: () => void,
  ) {
    const figure = make(parent, "figure", "chart card");
    const caption = make(figure, "figcaption");
    make(caption, "b", "", options.title);
    this.latest = {
      train: legend(caption, "train", options.test ? "learning" : ""),
      test: options.test ? legend(caption, "test", "test digits") : undefined,
    };
    this.svg.setAttribute("role", "img");
    figure.append(this.svg);
    new ResizeObserver(([entry]) => {
      const width = Math.round(entry?.contentRect.width ?? 0);
      if (width === this.width) return;
      this.width = width;
      changed();
    }).observe(this.svg);
    this.describe();
  }

  clear(epochs: number): void {
    this.epochs = epochs;
    this.train.clear();
    this.test.clear();
    this.describe();
  }

  draw(): void {
    const [train, test] = [this.train.points, this.test.points];
    say(this.latest.train, latestOf(train, this.options.format));
    if (this.latest.test) say(this.latest.test, latestOf(test, this.options.format));
    if (this.width === 0) return;
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${HEIGHT}`);
    const scale = { x: this.epochScale(), y: this.valueScale([...train, ...test].map(({ y }) => y)) };
    const px = (x: number) => PLOT.left + scale.x.at(x) * (this.width - PLOT.left - PLOT.right);
    const inside = (share: number) => Math.min(1, Math.max(0, share));
    const py = (y: number) => HEIGHT - PLOT.bottom - inside(scale.y.at(y)) * (HEIGHT - PLOT.top - PLOT.bottom);
    const parts = scale.y.ticks.flatMap((tick) => [
      element("line", { class: "grid", x1: PLOT.left, x2: this.width - PLOT.right, y1: py(tick), y2: py(tick) }),
      element("text", { x: PLOT.left - 8, y: py(tick) + 4, "text-anchor": "end" }, this.options.tick(tick)),
    ]);
    for (const tick of scale.x.ticks) {
      const anchor = px(tick) > this.width - 24 ? "end" : "middle";
      const place = { x: px(tick), y: HEIGHT - PLOT.bottom + 18, "text-anchor": anchor };
      parts.push(element("text", place, tick.toLocaleString("en-US")));
    }
    const middle = (PLOT.left + this.width - PLOT.right) / 2;
    parts.push(element("text", { x: middle, y: HEIGHT - 6, "text-anchor": "middle" }, "epoch"));
    const line = (points: readonly Point[]) => points.map(({ x, y }) => `${round(px(x))},${round(py(y))}`).join(" ");
    parts.push(element("polyline", { class: "train", points: line(train) }));
    if (test.length > 1) parts.push(element("polyline", { class: "test", points: line(test) }));
    const dots = test.length <= 40 ? test : test.slice(-1);
    for (const { x, y } of dots) parts.push(element("circle", { class: "test", cx: px(x), cy: py(y), r: 3 }));
    this.svg.replaceChildren(...parts);
  }

  /** What the curve shows, in words; for those who do not see it. */
  describe(): void {
    const { title, format } = this.options;
    const spoken = (name: string, points: readonly Point[]) => {
      const [first, last] = [points[0], points.at(-1)];
      return first && last ? `${name} from ${format(first.y)} to ${format(last.y)}` : "";
    };
    const said = [spoken("learning", this.train.points), spoken("test digits", this.test.points)].filter(Boolean);
    this.svg.setAttribute("aria-label", `${title}: ${said.join("; ") || "nothing yet"}`);
  }

  private epochScale(): Scale {
    // Long trainings are shown as far as they are: the axis doubles.
    const reached = Math.max(this.train.last?.x ?? 0, this.test.last?.x ?? 0);
    let end = Math.min(this.epochs, 12);
    while (end < reached) end = Math.min(this.epochs, end * 2);
    const step = Math.max(1, niceStep(end, this.width < 300 ? 4 : 6));
    const ticks = Array.from({ length: Math.floor(end / step + 1e-9) + 1 }, (_, i) => i * step);
    return { at: (epoch) => epoch / end, ticks };
  }

  private valueScale(values: readonly number[]): Scale {
    const { axis } = this.options;
    if (values.length === 0) return axis === "share" ? linearScale([0, 1], 4, 0, 1) : linearScale([0, 1], 4, 0);
    const [min, max] = extent(values);
    if (axis === "share") return linearScale([usualLow(values), 1], 4, undefined, 1);
    if (axis === "falling" && min > 0 && max / min > 20) return logScale(values);
    return linearScale([0, max * 1.05], 4, 0);
  }
}

/** Below it lie the values of the beginning, which would press all later ones together. */
function usualLow(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.06)] ?? 0;
}

function legend(parent: Element, tone: string, name: string): HTMLElement {
  const span = make(parent, "span", `legend ${tone}`, name ? `${name} ` : "");
  return make(span, "strong");
}

function latestOf(points: readonly Point[], format: (value: number) => string): string {
  const last = points.at(-1);
  return last ? format(last.y) : "–";
}

function element(name: string, attributes: Readonly<Record<string, string | number>>, text = ""): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    made.setAttribute(key, String(typeof value === "number" ? round(value) : value));
  }
  made.textContent = text;
  return made;
}

const round = (value: number) => Math.round(value * 10) / 10;

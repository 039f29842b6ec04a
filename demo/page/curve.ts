export interface Point {
  readonly x: number;
  readonly y: number;
}

/** So many points at most are kept and drawn, however long a training is. */
const MOST = 480;

/** A curve that grows: when it has too many points, each two of the older ones become their mean. */
export class Curve {
  private kept: Point[] = [];
  /** Steps of the newest points: how many arrived points one kept point stands for. */
  private stride = 1;
  private pending: Point[] = [];

  get points(): readonly Point[] {
    return this.pending.length > 0 ? [...this.kept, meanOf(this.pending)] : this.kept;
  }

  get last(): Point | undefined {
    return this.points.at(-1);
  }

  add(x: number, y: number): void {
    if (!Number.isFinite(y)) return;
    this.pending.push({ x, y });
    if (this.pending.length < this.stride) return;
    this.kept.push(meanOf(this.pending));
    this.pending = [];
    if (this.kept.length < MOST) return;
    this.kept = Array.from({ length: MOST / 2 }, (_, i) => meanOf(this.kept.slice(2 * i, 2 * i + 2)));
    this.stride *= 2;
  }

  clear(): void {
    this.kept = [];
    this.pending = [];
    this.stride = 1;
  }
}

function meanOf(points: readonly Point[]): Point {
  const mean = (of: (point: Point) => number) => points.reduce((sum, point) => sum + of(point), 0) / points.length;
  return { x: mean((point) => point.x), y: mean((point) => point.y) };
}

import { SIDE } from "../digits.ts";
import { type Place, rasterize } from "./raster.ts";

/** What one press of an arrow key moves the pen by, as a share of the drawing area. */
const STEP = 1 / 24;
/** Width of a line as a share of the drawing area. */
const LINE = 0.075;

/** What happens on a {@link Drawing}. */
export interface DrawingEvents {
  /** There is another drawing, or none. */
  changed(): void;
  /** Something about the keyboard's pen, in words. */
  told(message: string): void;
}

/** The area to draw on, by pointer or by keyboard. */
export class Drawing {
  private strokes: Place[][] = [];
  /** A digit shown in place of a drawing: [784], 0 to 1. */
  private shown: Float32Array | undefined;
  private pointer: number | undefined;
  private pen = { x: 0.5, y: 0.25, down: false };
  private readonly pressed = new Set<string>();
  private keyboard = false;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly events: DrawingEvents,
  ) {
    canvas.tabIndex = 0;
    canvas.role = "application"; // a screen reader leaves it the arrow keys
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.drag(event));
    for (const end of ["pointerup", "pointercancel"] as const)
      canvas.addEventListener(end, (event) => this.lift(event));
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("keyup", ({ key }) => this.pressed.delete(key));
    canvas.addEventListener("focus", () => this.focus(canvas.matches(":focus-visible")));
    canvas.addEventListener("blur", () => this.focus(false));
    new ResizeObserver(() => this.draw()).observe(canvas);
    for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
      matchMedia(query).addEventListener("change", () => this.draw());
    }
  }

  /** What the network is asked about: [784], 0 paper to 1 ink; undefined when there is nothing. */
  get pixels(): Float32Array | undefined {
    return this.shown ?? rasterize(this.strokes);
  }

  get empty(): boolean {
    return this.shown === undefined && this.strokes.length === 0;
  }

  /** Shows a digit in place of what was drawn. */
  show(pixels: Float32Array): void {
    this.begin();
    this.shown = pixels;
    this.change();
  }

  clear(): void {
    this.begin();
    this.change();
  }

  undo(): void {
    if (this.shown) this.shown = undefined;
    else this.strokes.pop();
    this.pen.down = false;
    this.change();
  }

  private begin(): void {
    this.strokes = [];
    this.shown = undefined;
    this.pen.down = false;
  }

  private change(): void {
    this.draw();
    this.events.changed();
  }

  private press(event: PointerEvent): void {
    if (event.button !== 0 || this.pointer !== undefined) return;
    event.preventDefault();
    this.canvas.focus({ preventScroll: true });
    this.keyboard = false;
    this.pen.down = false;
    this.pointer = event.pointerId;
    try {
      this.canvas.setPointerCapture(event.pointerId);
    } catch {
      // A pointer that is gone already: its line ends where it began.
    }
    this.startStroke(this.placeOf(event));
  }

  private drag(event: PointerEvent): void {
    if (event.pointerId !== this.pointer) return;
    const between = event.getCoalescedEvents?.() ?? [];
    for (const each of between.length > 0 ? between : [event]) this.strokes.at(-1)?.push(this.placeOf(each));
    this.change();
  }

  private lift(event: PointerEvent): void {
    if (event.pointerId === this.pointer) this.pointer = undefined;
  }

  private placeOf({ clientX, clientY }: PointerEvent): Place {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    return { x: (clientX - left) / width, y: (clientY - top) / height };
  }

  private startStroke(place: Place): void {
    if (this.shown) this.begin();
    this.strokes.push([place]);
    this.change();
  }

  private focus(visible: boolean): void {
    this.keyboard = visible;
    this.pressed.clear();
    if (!visible) this.pen.down = false;
    this.draw();
  }

  private key(event: KeyboardEvent): void {
    const { key, ctrlKey, metaKey, altKey } = event;
    const undo = key === "Backspace" || (key === "z" && (ctrlKey || metaKey));
    if (!undo && (ctrlKey || metaKey || altKey)) return;
    if (undo) this.undo();
    else if (key === "Delete") this.clear();
    else if (key === " ") this.togglePen(event.repeat);
    else if (key.startsWith("Arrow")) this.move(key);
    else return;
    this.keyboard = true;
    event.preventDefault();
    this.draw();
  }

  private togglePen(repeated: boolean): void {
    if (repeated) return;
    this.pen.down = !this.pen.down;
    this.events.told(this.pen.down ? "Pen down" : "Pen up");
    const { x, y } = this.pen;
    if (!this.pen.down) return;
    this.startStroke({ x, y });
    this.pen.down = true;
  }

  /** Arrows pressed together move the pen aslant. */
  private move(key: string): void {
    this.pressed.add(key);
    const along = (less: string, more: string) => Number(this.pressed.has(more)) - Number(this.pressed.has(less));
    const inside = (value: number) => Math.min(0.96, Math.max(0.04, value));
    this.pen.x = inside(this.pen.x + along("ArrowLeft", "ArrowRight") * STEP);
    this.pen.y = inside(this.pen.y + along("ArrowUp", "ArrowDown") * STEP);
    if (!this.pen.down) return;
    this.strokes.at(-1)?.push({ x: this.pen.x, y: this.pen.y });
    this.events.changed();
  }

  private draw(): void {
    const { canvas } = this;
    const context = canvas.getContext("2d");
    const size = Math.round(canvas.clientWidth * devicePixelRatio);
    if (!context || size === 0) return;
    if (canvas.width !== size || canvas.height !== size) canvas.width = canvas.height = size;
    const style = getComputedStyle(canvas);
    const ink = style.color;
    context.clearRect(0, 0, size, size);
    if (this.shown) drawPixels(context, this.shown, size, ink);
    context.strokeStyle = context.fillStyle = ink;
    context.lineWidth = LINE * size;
    context.lineCap = context.lineJoin = "round";
    for (const stroke of this.strokes) {
      context.beginPath();
      for (const { x, y } of stroke) context.lineTo(x * size, y * size);
      if (stroke.length === 1) context.lineTo((stroke[0]?.x ?? 0) * size, (stroke[0]?.y ?? 0) * size + 0.01);
      context.stroke();
    }
    if (this.keyboard) this.drawPen(context, size, style.getPropertyValue("--train"));
  }

  private drawPen(context: CanvasRenderingContext2D, size: number, tone: string): void {
    context.beginPath();
    context.arc(this.pen.x * size, this.pen.y * size, (LINE / 2 + 0.012) * size, 0, 2 * Math.PI);
    context.lineWidth = 0.012 * size;
    context.strokeStyle = context.fillStyle = tone;
    context.stroke();
    if (this.pen.down) context.fill();
  }
}

/** A digit of 28 x 28 pixels as large squares. */
function drawPixels(context: CanvasRenderingContext2D, pixels: Float32Array, size: number, ink: string): void {
  const side = size / SIDE;
  context.fillStyle = ink;
  pixels.forEach((value, i) => {
    if (value === 0) return;
    context.globalAlpha = value;
    const [x, y] = [Math.floor((i % SIDE) * side), Math.floor(Math.floor(i / SIDE) * side)];
    context.fillRect(x, y, Math.ceil(side), Math.ceil(side));
  });
  context.globalAlpha = 1;
}

import { SIDE } from "../digits.ts";
import { make, say } from "./dom.ts";
import { percent } from "./format.ts";
import { showInk } from "./ink.ts";
import { isRight, type Reading, type TestImages } from "./results.ts";

interface Tile {
  readonly item: HTMLLIElement;
  readonly button: HTMLButtonElement;
  readonly canvas: HTMLCanvasElement;
  readonly caption: HTMLElement;
  readonly share: HTMLElement;
  image: number | undefined;
  reading: Reading | undefined;
}

/** Test images in a row, each a button. Tiles stay and change what they show, so that the focus stays where it is. */
export class Tiles {
  private readonly tiles: Tile[] = [];

  constructor(
    private readonly list: HTMLElement,
    private readonly images: TestImages,
    private readonly chosen: (reading: Reading) => void,
  ) {}

  /** True while someone points at one or stands on one: then it had better stay. */
  get busy(): boolean {
    return this.list.matches(":hover, :focus-within");
  }

  show(readings: readonly Reading[]): void {
    readings.forEach((reading, i) => {
      this.tiles[i] ??= this.make();
      this.fill(this.tiles[i], reading);
    });
    this.tiles.forEach(({ item }, i) => {
      item.hidden = i >= readings.length;
    });
  }

  private make(): Tile {
    const item = make(this.list, "li");
    const button = make(item, "button", "tile");
    button.type = "button";
    const canvas = make(button, "canvas");
    canvas.width = canvas.height = SIDE;
    const text = make(button, "span", "text");
    const tile: Tile = {
      item,
      button,
      canvas,
      caption: make(text, "b"),
      share: make(text, "small"),
      image: undefined,
      reading: undefined,
    };
    button.addEventListener("click", () => tile.reading && this.chosen(tile.reading));
    return tile;
  }

  private fill(tile: Tile, reading: Reading): void {
    const { image, label, prediction, probability } = reading;
    if (tile.image !== image) showInk(tile.canvas, this.images.pixels(image), 255);
    tile.image = image;
    tile.reading = reading;
    const right = isRight(reading);
    tile.button.classList.toggle("right", right);
    tile.button.classList.toggle("wrong", !right);
    say(tile.caption, right ? String(label) : `${prediction}, is ${label}`);
    say(tile.share, percent(probability, 0));
    const verdict = right ? `${label}, read rightly` : `${label}, read as ${prediction}`;
    tile.button.setAttribute("aria-label", `${verdict}, ${percent(probability, 0)} sure`);
  }
}

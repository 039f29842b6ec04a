import type { Settings } from "../messages.ts";
import { find } from "./dom.ts";

const MOST_EPOCHS = 100_000;

/** What the page's form says; the address may say it too: ?epochs=2&images=500&batch=64&seed=3&engine=reference. */
export class SettingsForm {
  private readonly epochs = find("epochs", "input");
  private readonly images = find("images", "select");
  private readonly batch = find("batch", "select");
  private readonly address = new URLSearchParams(location.search);

  constructor() {
    const epochs = this.address.get("epochs");
    if (epochs) this.epochs.value = epochs;
    choose(this.images, this.address.get("images"));
    choose(this.batch, this.address.get("batch"));
    for (const input of [this.epochs, this.images, this.batch]) {
      input.form?.addEventListener("submit", (event) => event.preventDefault());
    }
  }

  read(): Settings {
    const epochs = Math.min(MOST_EPOCHS, Math.max(1, Math.round(Number(this.epochs.value)) || 1));
    this.epochs.value = String(epochs);
    return {
      epochs,
      images: Number(this.images.value),
      batchSize: Number(this.batch.value),
      seed: Number(this.address.get("seed")) || 1,
      engine: (this.address.get("engine") ?? undefined) as Settings["engine"], // the library refuses what is none
    };
  }

  /** ?trainer=page trains on the page's own thread. */
  get inPage(): boolean {
    return this.address.get("trainer") === "page";
  }
}

/** Chooses a value of a list, which gets it where it lacks it. */
function choose(select: HTMLSelectElement, value: string | null): void {
  if (!(Number(value) > 0)) return;
  if (![...select.options].some((option) => option.value === value)) select.add(new Option(String(Number(value))), 0);
  select.value = String(Number(value));
}

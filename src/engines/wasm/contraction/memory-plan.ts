/** Hands out memory in floats, in whole cache lines. */
export class MemoryPlan {
  #floats = 0;

  /** Bytes taken so far. */
  get bytes(): number {
    return this.#floats * 4;
  }

  /** Where `floats` floats are, in bytes from the start. */
  take(floats: number): number {
    const at = this.#floats;
    this.#floats += Math.ceil(Math.max(floats, 1) / 16) * 16;
    return at * 4;
  }
}

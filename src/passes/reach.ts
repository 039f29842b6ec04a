const BITS = 32;

/**
 * What depends on what, directly or not, in a graph that grows and has no circles: a row of bits for each member says which others it
 * depends on. Asking looks at one bit; members are numbered from 0 in the order they come.
 */
export class Reach {
  private readonly rows: Uint32Array[] = [];

  add(): number {
    const number = this.rows.length;
    const row = new Uint32Array(Math.floor(number / BITS) + 1);
    row[Math.floor(number / BITS)] = 1 << (number % BITS);
    this.rows.push(row);
    return number;
  }

  /** Whether `from` is `to` or depends on it. */
  has(from: number, to: number): boolean {
    const word = this.rows[from]![Math.floor(to / BITS)] ?? 0;
    return (word & (1 << (to % BITS))) !== 0;
  }

  /** From now on `from` depends on `to`; so does what depends on `from`. */
  link(from: number, to: number): void {
    if (this.has(from, to)) return;
    for (let each = 0; each < this.rows.length; each++) if (this.has(each, from)) this.join(each, this.rows[to]!);
  }

  private join(number: number, other: Uint32Array): void {
    let row = this.rows[number]!;
    if (row.length < other.length) {
      const longer = new Uint32Array(other.length);
      longer.set(row);
      this.rows[number] = longer;
      row = longer;
    }
    for (let word = 0; word < other.length; word++) row[word]! |= other[word]!;
  }
}

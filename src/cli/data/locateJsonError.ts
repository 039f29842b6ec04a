/** Where and why a text is not JSON. */
export interface JsonFault {
  /** 1-based. */
  line: number;
  /** 1-based. */
  column: number;
  what: string;
}

const LITERALS = ["true", "false", "null"];
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON refuses them in strings
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const BLANKS = /[ \t\n\r]*/y;

/**
 * The first place where a text stops being JSON; undefined when it is JSON. JSON.parse knows the place only in some
 * versions of Node and for some mistakes, so its refusals are looked up here.
 */
export function locateJsonError(text: string): JsonFault | undefined {
  const scanner = new Scanner(text);
  try {
    scanner.document();
    return undefined;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const before = text.slice(0, error.at).split("\n");
    return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, what: error.what };
  }
}

class Fault extends Error {
  constructor(
    readonly at: number,
    readonly what: string,
  ) {
    super(what);
  }
}

class Scanner {
  private at = 0;

  constructor(private readonly text: string) {}

  document(): void {
    this.value();
    this.skip(BLANKS);
    if (this.at < this.text.length) this.fail(`${this.found()} after the end`);
  }

  private value(): void {
    this.skip(BLANKS);
    const start = this.text[this.at];
    if (start === "{") this.list("}", () => this.member());
    else if (start === "[") this.list("]", () => this.value());
    else if (start === '"') this.string();
    else if (!this.skip(NUMBER) && !this.literal()) this.fail(`${this.found()} where a value is expected`);
  }

  /** Items separated by commas up to `close`. */
  private list(close: string, item: () => void): void {
    this.at++;
    this.skip(BLANKS);
    if (this.take(close)) return;
    do {
      this.skip(BLANKS);
      if (this.text[this.at] === close) this.fail("a comma before the closing bracket");
      item();
      this.skip(BLANKS);
    } while (this.take(","));
    if (!this.take(close)) this.fail(`${this.found()} where "," or "${close}" is expected`);
  }

  private member(): void {
    if (this.text[this.at] !== '"') this.fail(`${this.found()} where a name in double quotes is expected`);
    this.string();
    this.skip(BLANKS);
    if (!this.take(":")) this.fail(`${this.found()} where ":" is expected`);
    this.value();
  }

  private string(): void {
    if (!this.skip(STRING)) this.fail("a text that does not end, or holds a line break or a wrong escape");
  }

  private literal(): boolean {
    const word = LITERALS.find((literal) => this.text.startsWith(literal, this.at));
    this.at += word?.length ?? 0;
    return word !== undefined;
  }

  private take(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    const length = pattern.exec(this.text)?.[0].length;
    this.at += length ?? 0;
    return length !== undefined;
  }

  private found(): string {
    const character = this.text[this.at];
    return character === undefined ? "the text ends" : JSON.stringify(character);
  }

  private fail(what: string): never {
    throw new Fault(this.at, what);
  }
}

import type { Expression } from "../passes/index.ts";
import type { Width } from "./assembler.ts";

/** A region of code: values computed in it are reused by everything written later in it or inside of it. */
export class Region<V, S> {
  private readonly known = new Map<Expression, Map<Width, V>>();

  constructor(
    readonly block: S[],
    private readonly outer?: Region<V, S>,
  ) {}

  find(part: Expression, width: Width): V | undefined {
    return this.known.get(part)?.get(width) ?? this.outer?.find(part, width);
  }

  remember(part: Expression, width: Width, value: V): void {
    const widths = this.known.get(part) ?? new Map<Width, V>();
    this.known.set(part, widths.set(width, value));
  }
}

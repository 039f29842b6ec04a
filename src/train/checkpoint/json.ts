/** JSON that keeps every number: NaN, infinities and -0 as { "number": "NaN" }; all others come back bit for bit by themselves. */
export function stringify(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === "number" && (!Number.isFinite(each) || Object.is(each, -0))
      ? { number: Object.is(each, -0) ? "-0" : String(each) }
      : each,
  );
}

/** @throws SyntaxError for what is no JSON. */
export function parse(text: string): unknown {
  return JSON.parse(text, (_, each: unknown) => {
    const words = typeof each === "object" && each !== null ? (each as { number?: unknown }).number : undefined;
    return typeof words === "string" ? Number(words) : each;
  });
}

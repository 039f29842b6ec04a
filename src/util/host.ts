/** True in Node and in what calls itself so (Bun, Deno); false in browsers, with or without a stand-in for `process`. */
export function hasNode(): boolean {
  return typeof globalThis.process?.versions?.node === "string";
}

/** A variable of the environment; undefined when it is not set or empty, and where there is no environment. */
export function environment(name: string): string | undefined {
  return globalThis.process?.env?.[name] || undefined;
}

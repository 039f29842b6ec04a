// Runs in Node's loader thread (see importModule.ts): how a config's imports are found.

interface Found {
  url: string;
  format?: string | null;
  shortCircuit?: boolean;
}

interface Context {
  conditions: string[];
  parentURL?: string;
}

let doors: Readonly<Record<string, string>> = {};

export function initialize(data: { doors: Readonly<Record<string, string>> }): void {
  doors = data.doors;
}

/**
 * `import "descent"` gives the very program that runs the config: the same classes, one engine, and no installation
 * beside the config needed. TypeScript outside of node_modules is always a module, whatever package.json says.
 */
export async function resolve(
  specifier: string,
  context: Context,
  next: (specifier: string, context: Context) => Promise<Found>,
): Promise<Found> {
  const door = doors[specifier];
  if (door !== undefined) return { url: door, format: "module", shortCircuit: true };
  const found = await next(specifier, context);
  const isSource = found.url.startsWith("file:") && /\.ts(\?|$)/.test(found.url);
  return isSource && !found.url.includes("/node_modules/") ? { ...found, format: "module" } : found;
}

/** Node's modules that engines for every host use where the host is Node. */
interface NodeModules {
  readonly "node:fs": typeof import("node:fs");
  readonly "node:os": typeof import("node:os");
  readonly "node:v8": typeof import("node:v8");
  readonly "node:worker_threads": typeof import("node:worker_threads");
}

/**
 * One of Node's own modules; to be called only where `hasNode()`. Bundlers for browsers stumble over an import that names
 * one in plain words, even where it is never reached.
 */
export async function nodeModule<Name extends keyof NodeModules>(name: Name): Promise<NodeModules[Name]> {
  const builtin: NodeModules[Name] | undefined = globalThis.process.getBuiltinModule?.(name);
  return builtin ?? ((await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as NodeModules[Name]);
}

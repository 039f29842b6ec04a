/** See node-bundle.mjs. */
export function bundleForNode(what: {
  readonly modules: string;
  readonly extension: ".js" | ".ts";
  readonly outdir: string;
  readonly code: string | undefined;
}): Promise<void>;

/** What scripts/bundle.mjs puts in the place of this name: see {@link bundled}. */
declare const DESCENT_BUNDLE: string | undefined;

/** A hash of the modules that were made this one file for Node (dist/node); undefined where every module is a file of its own. */
export const bundled: string | undefined = typeof DESCENT_BUNDLE === "string" ? DESCENT_BUNDLE : undefined;

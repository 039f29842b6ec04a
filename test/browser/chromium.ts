import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

/** Quiet: nothing is fetched, updated or asked. */
const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** The browser's program: $CHROMIUM, else one on the PATH; or why there is none. */
export function findChromium(): { readonly program: string } | { readonly reason: string } {
  const wanted = process.env.CHROMIUM;
  if (wanted)
    return existsSync(wanted) ? { program: wanted } : { reason: `CHROMIUM names ${wanted}, which is missing` };
  const folders = ["/usr/bin", ...(process.env.PATH ?? "").split(delimiter)];
  const program = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
  return program ? { program } : { reason: "install chromium, or name a browser's program in CHROMIUM" };
}

/** Starts a browser without a window, with a profile of its own. */
export function launchChromium(program: string, flags: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: program,
    headless: true,
    chromiumSandbox: false, // there is none in a container
    args: [...FLAGS, ...flags],
  });
}

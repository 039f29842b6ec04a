import type { Browser, BrowserContext, Page } from "playwright-core";
import { findChromium, launchChromium } from "./chromium.ts";
import { startServer } from "./server.ts";

export interface HostOptions {
  /** Scripts by path, of `bundle`. */
  readonly scripts: ReadonlyMap<string, Uint8Array>;
  /** Which of them the page starts. */
  readonly start: string;
  /** Sent with everything, such as ISOLATED. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The browser, which stays open; or one of its own. */
  readonly browser?: Browser;
  /** Done to the page before its script runs. */
  readonly prepare?: (page: Page) => Promise<void>;
}

/** A page with what it keeps, apart from other pages. */
export interface Host {
  readonly page: Page;
  /** What the page and its console said that is no good. */
  readonly complaints: readonly string[];
  /** Rejects when the page is lost. */
  readonly lost: Promise<never>;
  close(): Promise<void>;
}

const found = findChromium();

/** Why no test of this folder can run, or undefined. */
export const missing: string | undefined = "reason" in found ? `needs chromium: ${found.reason}` : undefined;

/** Starts a browser with flags. */
export function openBrowser(flags: readonly string[] = []): Promise<Browser> {
  if ("reason" in found) throw new Error(found.reason);
  return launchChromium(found.program, flags);
}

/** Starts a server, and a browser if none is given, and opens the page that runs a script. */
export async function openHost({ scripts, start, headers = {}, browser: given, prepare }: HostOptions): Promise<Host> {
  const html = `<!doctype html><meta charset="utf-8"><title>Descent</title><link rel="icon" href="data:,"><script type="module" src="${start}"></script>`;
  const server = await startServer({
    files: new Map<string, string | Uint8Array>([["/index.html", html], ...scripts]),
    headers,
  });
  let context: BrowserContext | undefined;
  let own: Browser | undefined;
  const close = async () => {
    await context?.close();
    await own?.close();
    server.close();
  };
  try {
    if (given === undefined) own = await openBrowser();
    const browser = given ?? (own as Browser);
    context = await browser.newContext();
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.stack ?? error.message));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    const lost = new Promise<never>((_, reject) => {
      page.on("crash", () => reject(new Error("the page crashed")));
      browser.on("disconnected", () => reject(new Error("the browser was closed")));
    });
    lost.catch(() => undefined); // of interest only to those who wait
    await prepare?.(page);
    await page.goto(`${server.url}/index.html`);
    return { page, complaints, lost, close };
  } catch (error) {
    await close();
    throw error;
  }
}

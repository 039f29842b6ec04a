import type { Browser, Page } from "playwright-core";
import { findChromium, launchChromium } from "./chromium.ts";
import { startServer } from "./server.ts";

export interface HostOptions {
  /** Scripts by path, of `bundle`. */
  readonly scripts: ReadonlyMap<string, Uint8Array>;
  /** Which of them the page starts. */
  readonly start: string;
  /** Sent with everything, such as ISOLATED. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the browser. */
  readonly flags?: readonly string[];
  /** Done to the page before its script runs. */
  readonly prepare?: (page: Page) => Promise<void>;
}

/** A page in a browser of its own. */
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

/** Starts a server and a browser, and opens the page that runs a script. */
export async function openHost({ scripts, start, headers = {}, flags = [], prepare }: HostOptions): Promise<Host> {
  if ("reason" in found) throw new Error(found.reason);
  const html = `<!doctype html><meta charset="utf-8"><title>Descent</title><link rel="icon" href="data:,"><script type="module" src="${start}"></script>`;
  const server = await startServer({
    files: new Map<string, string | Uint8Array>([["/index.html", html], ...scripts]),
    headers,
  });
  let browser: Browser | undefined;
  const close = async () => {
    await browser?.close();
    server.close();
  };
  try {
    browser = await launchChromium(found.program, flags);
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.stack ?? error.message));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    const lost = new Promise<never>((_, reject) => {
      page.on("crash", () => reject(new Error("the page crashed")));
      browser?.on("disconnected", () => reject(new Error("the browser was closed")));
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

/**
 * Builds the page and serves it on this machine:
 *
 *     npm run demo                  the port is 4173 or the next free one
 *     npm run demo -- 8080          that port
 *     npm run demo -- --plain      as a host that cannot send headers
 */
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { buildDemo, defaultFolder } from "./build.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".bin": "application/octet-stream",
};

/** What makes a page cross-origin isolated, so that it may share memory between threads. */
export const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

export interface ServeOptions {
  readonly folder?: string;
  /** 0 takes any free port. */
  readonly port?: number;
  /** Sent with everything; default {@link ISOLATED}. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The path under which the folder lies, such as "/descent/demo". Default "". */
  readonly base?: string;
}

/** Serves a folder of static files to this machine only. */
export async function serveDemo(options: ServeOptions = {}): Promise<{ url: string; close(): Promise<void> }> {
  const { folder = defaultFolder, port = 0, headers = ISOLATED, base = "" } = options;
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const wanted = pathname.startsWith(`${base}/`) ? decodeURIComponent(pathname.slice(base.length)) : undefined;
    const path = normalize(join(folder, wanted?.endsWith("/") ? `${wanted}index.html` : (wanted ?? "missing")));
    const content = path.startsWith(folder + sep) && wanted ? await readFile(path).catch(() => undefined) : undefined;
    if (!content) return void response.writeHead(404, headers).end();
    const type = TYPES[extname(path)] ?? "application/octet-stream";
    response.writeHead(200, { ...headers, "Content-Type": type, "Content-Length": content.length }).end(content);
  });
  await listen(server, port);
  const url = `http://localhost:${(server.address() as AddressInfo).port}${base}/`;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url, close };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "localhost", resolve);
  });
}

async function main(args: readonly string[]): Promise<void> {
  const asked = args.map(Number).find((port) => port > 0);
  const headers = args.includes("--plain") ? {} : ISOLATED;
  await buildDemo();
  const inUse = (error: NodeJS.ErrnoException) => {
    if (asked !== undefined || error.code !== "EADDRINUSE") throw error;
    return serveDemo({ headers });
  };
  const { url } = await serveDemo({ port: asked ?? 4173, headers }).catch(inUse);
  console.log(`The digits, learned in a page: ${url}  (Ctrl-C ends)`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));

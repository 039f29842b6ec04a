import { readdir, readFile, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
};

export interface ServerOptions {
  /** Contents by path, such as "/main.js"; other paths are files of the repository, and folders: a list of names. */
  readonly files: ReadonlyMap<string, string | Uint8Array>;
  /** Sent with everything. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What makes a page cross-origin isolated, so that it may share memory with its workers. */
export const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

async function read(path: string): Promise<string | Uint8Array> {
  return (await stat(path)).isDirectory() ? JSON.stringify(await readdir(path)) : readFile(path);
}

/** A static file server on a free port of this machine. */
export async function startServer({ files, headers = {} }: ServerOptions): Promise<{ url: string; close(): void }> {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    try {
      const content = files.get(pathname) ?? (await read(join(root, pathname)));
      response.writeHead(200, { ...headers, "Content-Type": TYPES[extname(pathname)] ?? "application/octet-stream" });
      response.end(content);
    } catch {
      response.writeHead(404, headers).end();
    }
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a server without a port");
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://localhost:${address.port}`, close };
}

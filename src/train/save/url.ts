import { fail } from "../../util/index.ts";
import type { ModelSource } from "./place.ts";

/**
 * A model folder on a server.
 *
 * @param address of the folder or of its model.json; in a browser also relative to the page.
 */
export function urlSource(address: string): ModelSource {
  const folder = folderOf(address);
  return {
    name: folder.href,
    async open(file) {
      const url = new URL(folder);
      url.pathname += file;
      const path = url.href;
      // "no-cache" asks the server whether a cached file still holds: a retrained model has the same addresses.
      const response = await fetch(url, { cache: "no-cache" }).catch((error: unknown) => String(error));
      if (typeof response === "string") return { path, missing: `${response}; ${whenUnreachable}` };
      const { ok, status, statusText, headers } = response;
      if (!ok) return { path, missing: `the server answered ${`${status} ${statusText}`.trim()}` };
      if (headers.get("content-type")?.startsWith("text/html")) {
        return { path, missing: "the server answered with a web page in place of the file" };
      }
      return { path, size: undefined, read: (most) => readBody(response, most, path) };
    },
  };
}

const whenUnreachable = "the server cannot be reached, or does not allow this page to read from it (CORS)";

/** "https://host/model", ".../model/" and ".../model/model.json" are the same folder. */
function folderOf(address: string): URL {
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  const url = URL.canParse(address, base) ? new URL(address, base) : undefined;
  if (!url) fail(`loadModel got "${address}"`, "the URL of a saved model's folder");
  url.pathname = url.pathname.replace(/\/(model\.json)?$/, "").concat("/");
  url.hash = "";
  return url;
}

/** The body, or as much of it as shows that it is longer than `most` bytes. */
async function readBody(response: Response, most: number, path: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    const reader = response.body?.getReader();
    for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
      parts.push(next.value);
      length += next.value.length;
      if (length > most) {
        await reader?.cancel();
        break;
      }
    }
  } catch (error) {
    fail(`${path} broke off after ${length} bytes: ${String(error)}`, "the whole file", "try again");
  }
  const body = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    body.set(part, at);
    at += part.length;
  }
  return body;
}

import { fail } from "../../util/index.ts";
import { blobParts, blobSource } from "./blobs.ts";
import type { ModelSource, ModelTarget } from "./place.ts";

const database = "descent";
const store = "models";

/** A model in the store: one record, so that its files change together or not at all. */
interface Saved {
  readonly name: string;
  readonly files: Readonly<Record<string, Blob>>;
}

/** A record of the browser's database; the page's origin owns it. */
export function databaseTarget(place: string, name: string): ModelTarget {
  return {
    async write(files) {
      const saved: Saved = {
        name,
        files: Object.fromEntries(files.map((file) => [file.name, new Blob(blobParts(file.data))])),
      };
      await inStore("readwrite", (models) => models.put(saved)).catch((error: unknown) => {
        fail(
          `the model could not be saved to ${place}: ${reason(error)}`,
          "room in this browser's storage for this site",
          'free some, or save to "downloads://NAME"; what was saved there before is unchanged',
        );
      });
    },
  };
}

/** Reads the record at once: a save that comes between does not mix two versions. */
export async function databaseSource(place: string, name: string): Promise<ModelSource> {
  const saved = await inStore<Saved | undefined>("readonly", (models) => models.get(name)).catch((error: unknown) => {
    fail(`${place} cannot be read: ${reason(error)}`, "a browser that keeps data for this site");
  });
  return blobSource(place, new Map(Object.entries(saved?.files ?? {})));
}

/** Runs one request in a transaction of its own; settles when the transaction does. */
async function inStore<T>(mode: IDBTransactionMode, ask: (models: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  if (!globalThis.indexedDB) throw new Error("there is no IndexedDB here");
  const open = indexedDB.open(database, 1);
  open.onupgradeneeded = () => open.result.createObjectStore(store, { keyPath: "name" });
  const opened = await new Promise<IDBDatabase>((resolve, reject) => {
    open.onsuccess = () => resolve(open.result);
    open.onerror = () => reject(open.error);
  });
  opened.onversionchange = () => opened.close(); // a page of a newer version must not wait for this one
  try {
    const transaction = opened.transaction(store, mode, { durability: "strict" });
    const request = ask(transaction.objectStore(store));
    return await new Promise<T>((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error ?? request.error);
    });
  } finally {
    opened.close();
  }
}

function reason(error: unknown): string {
  const { name, message } = (error ?? {}) as { name?: string; message?: string };
  const words: Record<string, string> = {
    QuotaExceededError: "the browser's storage is full",
    InvalidStateError: "the browser keeps no data for this page (a private window?)",
    SecurityError: "the browser keeps no data for this page",
    VersionError: "a newer version of Descent has written there",
  };
  return (name && words[name]) || message || String(error);
}

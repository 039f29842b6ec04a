import type { ModelSource } from "./place.ts";

/** A model whose files are blobs by name: out of a database, an archive or a file dialog. */
export function blobSource(name: string, files: ReadonlyMap<string, Blob>): ModelSource {
  return {
    name,
    async open(file) {
      const path = `${name}/${file}`;
      const blob = files.get(file);
      if (!blob) return { path, missing: "there is no such file" };
      return { path, size: blob.size, read: async () => new Uint8Array(await blob.arrayBuffer()) };
    },
  };
}

/** Everything that a part of a model consists of, as a blob takes it. */
export function blobParts(data: string | Uint8Array | readonly Uint8Array[]): BlobPart[] {
  return (typeof data === "string" || data instanceof Uint8Array ? [data] : [...data]) as BlobPart[];
}

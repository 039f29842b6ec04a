/** A model's file, to be written. */
export interface ModelPart {
  readonly name: string;
  readonly data: string | Uint8Array | readonly Uint8Array[];
}

/** A place that keeps models: a folder, a record of IndexedDB, a download. */
export interface ModelTarget {
  /** Writes the files, the last of which is the main one, and removes those of `gone`: all of it or nothing. */
  write(files: readonly ModelPart[], gone: readonly string[]): Promise<void>;
}

/** The files of one saved model. */
export interface ModelSource {
  /** In errors: "saved", "indexeddb://digits". */
  readonly name: string;
  open(file: string): Promise<OpenFile | Missing>;
}

/** A file before it is read. */
export interface OpenFile {
  /** In errors: "saved/model.json". */
  readonly path: string;
  /** Bytes; undefined when only reading tells. */
  readonly size: number | undefined;
  /** All bytes, or more than `most` of them when there are more. */
  read(most: number): Promise<Uint8Array>;
}

/** Why a file cannot be read, in words. */
export interface Missing {
  readonly path: string;
  readonly missing: string;
}

/** Where `save` puts a model: a folder (Node), "indexeddb://NAME" or "downloads://NAME" (browsers). */
export type SaveTarget = string | URL;

/**
 * Where `loadModel` finds a model: a folder or file: URL (Node), "indexeddb://NAME" (browsers), the http(s) URL of a folder
 * (in a browser also relative to the page), or the file or files that a user picked.
 */
export type LoadSource = string | URL | Blob | ArrayLike<Blob>;

/** A worker's side that its owner listens to. */
export interface WorkerEvents {
  message(data: WorkerMessage): void;
  /** It ended, by itself or by somebody else, and will never answer. */
  lost(why: string): void;
}

/** What workers say (see worker-source.ts). */
export type WorkerMessage =
  | { readonly kind: "ready"; readonly shared: boolean; readonly locked: boolean }
  | { readonly kind: "done"; readonly run?: number; readonly buffer?: ArrayBuffer }
  | { readonly kind: "failed"; readonly message: string };

/** A worker of any host. */
export interface WorkerLink {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  /** Whether the process stays alive for it; without meaning in browsers. */
  keepAlive(wanted: boolean): void;
  /** Ends it; nothing is heard of it any more. */
  terminate(): void;
}

/** Starts a worker. */
export type Spawn = (events: WorkerEvents) => WorkerLink;

/** How workers are started here. */
export interface Workers {
  readonly spawn: Spawn;
  /** Whether they can be given shared memory. */
  readonly shared: boolean;
}

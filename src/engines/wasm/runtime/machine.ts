import { fail } from "../../../util/index.ts";
import { MOST_PAGES, OwnedSpace, PAGE_BYTES, pagesBefore } from "./owned-space.ts";
import { lost } from "./pool.ts";
import { now, type RunFunction, runFunction } from "./turns.ts";
import type { Spawn, WorkerLink, WorkerMessage } from "./worker-link.ts";

/** Code, and what must lie in memory before it first runs. */
export interface MachineCode {
  /** Its number: any that no other code has. */
  readonly id: number;
  readonly module: WebAssembly.Module;
  readonly constants: readonly (readonly [address: number, bytes: Uint8Array])[];
}

/** Memory of one binding: a contiguous block that begins with the table of addresses. */
export interface Block {
  readonly address: number;
  readonly bytes: number;
  /** Where what a run reads ends, and where what it writes begins; counted from the block's address. */
  readonly reads: number;
  readonly writes: number;
  /** Puts into a copy of the block what a run reads. */
  fill(block: Uint8Array): void;
  /** Takes from a copy of the block what a run wrote. */
  drain(block: Uint8Array): void;
}

/** A memory of its own and somebody who computes in it; arrays are copied in and out with every run. */
export interface Machine {
  /** Addresses of its memory. */
  readonly space: OwnedSpace;
  /** Runs code on a block. One run at a time. */
  run(code: MachineCode, block: Block): Promise<void> | undefined;
  /** Forgets code. */
  drop(id: number): void;
}

function pagesOf(space: OwnedSpace): number {
  return pagesBefore(space.end);
}

/** Computes on the calling thread. */
export class LocalMachine implements Machine {
  readonly space = new OwnedSpace(MOST_PAGES);
  private readonly memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES });
  private readonly codes = new Map<number, RunFunction>();

  /** Makes the code ready: a browser's main thread may not do that while it waits. */
  async prepare({ id, module, constants }: MachineCode): Promise<void> {
    this.grow();
    for (const [address, bytes] of constants) new Uint8Array(this.memory.buffer).set(bytes, address);
    this.codes.set(id, runFunction(await WebAssembly.instantiate(module, { env: { memory: this.memory, now } })));
  }

  run({ id }: MachineCode, block: Block): undefined {
    this.grow();
    const { address, bytes } = block;
    const memory = new Uint8Array(this.memory.buffer, address, bytes);
    block.fill(memory);
    this.codes.get(id)!(address, 0, 1, 0);
    block.drain(memory);
  }

  drop(id: number): void {
    this.codes.delete(id);
  }

  private grow(): void {
    const missing = pagesOf(this.space) - this.memory.buffer.byteLength / PAGE_BYTES;
    if (missing <= 0) return;
    try {
      this.memory.grow(missing);
    } catch {
      const megabytes = (pagesOf(this.space) * PAGE_BYTES) / 1e6;
      fail(`programs take ${megabytes.toFixed(0)} MB, more than this machine gives`, undefined, "use smaller batches");
    }
  }
}

/** What a lost run leaves where only results come back. */
const UNTOUCHED = "State is as it was before. Fix: run again.";

/** Computes in a worker that shares nothing with the calling thread. */
export class RemoteMachine implements Machine {
  readonly space = new OwnedSpace(MOST_PAGES);
  private worker: { readonly link: WorkerLink; readonly codes: Set<number>; dropped: number[] } | undefined;
  private current: { resolve: (block: Uint8Array) => void; reject: (error: Error) => void } | undefined;
  /** What travelled with the last run of each block, to travel again. */
  private readonly travellers = new WeakMap<Block, ArrayBuffer>();

  constructor(private readonly spawn: Spawn) {}

  async run(code: MachineCode, block: Block): Promise<void> {
    const buffer = this.travellers.get(block) ?? new ArrayBuffer(block.bytes);
    this.travellers.delete(block);
    block.fill(new Uint8Array(buffer));
    const result = await this.send(code, block, buffer);
    block.drain(result);
    this.travellers.set(block, result.buffer as ArrayBuffer);
  }

  drop(id: number): void {
    if (this.worker?.codes.delete(id)) this.worker.dropped.push(id);
  }

  /** Ends the worker; a run that is under way is lost. The next run starts a new one. */
  close(): void {
    this.lose("it was closed");
  }

  private send(code: MachineCode, { address, reads, writes }: Block, buffer: ArrayBuffer): Promise<Uint8Array> {
    const { id, module, constants } = code;
    return new Promise((resolve, reject) => {
      this.current = { resolve, reject };
      try {
        const worker = this.start();
        const pages = pagesOf(this.space);
        worker.link.keepAlive(true);
        if (!worker.codes.has(id)) {
          worker.link.post({ kind: "place", id, module, dropped: worker.dropped, pages, writes: constants });
          worker.codes.add(id);
          worker.dropped = [];
        }
        worker.link.post({ kind: "run", id, pages, address, buffer, reads, writes }, [buffer]);
      } catch (error) {
        this.lose((error as Error).message);
      }
    });
  }

  private start() {
    if (this.worker) return this.worker;
    const link = this.spawn({ message: (data) => this.hear(data), lost: (why) => this.lose(why) });
    this.worker = { link, codes: new Set(), dropped: [] };
    link.post({ kind: "open", most: MOST_PAGES, origin: performance.timeOrigin });
    return this.worker;
  }

  private hear(data: WorkerMessage): void {
    if (data.kind === "failed") this.lose(data.message);
    else if (data.kind === "done" && data.buffer) this.end()?.resolve(new Uint8Array(data.buffer));
  }

  private end() {
    const { current } = this;
    this.current = undefined;
    this.worker?.link.keepAlive(false);
    return current;
  }

  private lose(why: string): void {
    const current = this.end();
    this.worker?.link.terminate();
    this.worker = undefined;
    current?.reject(lost(why, UNTOUCHED));
  }
}

import type { VectorPeaks } from "../machine/vector-peak.ts";
import type { Answer, Hello, Request } from "./requests.ts";

/** A contestant that runs somewhere: in a process or a page of its own. */
export interface Channel {
  readonly hello: Hello;
  ask(request: Request): Promise<Answer>;
  /** Ends it, whatever it is doing. */
  stop(): Promise<void>;
}

/** Where contestants run: Node and Python, or pages of Chromium. */
export interface Host {
  readonly name: string;
  open(name: string, threads: number): Promise<Channel>;
  /** What 128-bit vectors do here in WebAssembly. */
  vectorPeaks(threads: number): Promise<VectorPeaks>;
  close(): Promise<void>;
}

/** A contestant as the benchmark sees it: one that dies or takes too long is started anew for the next task. */
export interface Rival {
  readonly hello: Hello;
  ask(request: Request): Promise<Answer>;
  stop(): Promise<void>;
}

/** Seconds for the first steps, with all compiling that they need, and for a block. */
export interface Limits {
  readonly begin: number;
  readonly block: number;
}

/** @throws why it can't be started. */
export async function startRival(open: () => Promise<Channel>, limits: Limits): Promise<Rival> {
  let channel: Channel | undefined = await open();
  const { hello } = channel;
  const close = async () => {
    await channel?.stop();
    channel = undefined;
  };
  return {
    hello,
    async ask(request) {
      try {
        if (request.ask === "begin") channel ??= await open();
        if (!channel) return { error: "it was stopped" };
        const seconds = request.ask === "begin" ? limits.begin : limits.block;
        let timer: NodeJS.Timeout | undefined;
        const late = new Promise<Answer>((resolve) => {
          const what = request.ask === "begin" ? "first steps" : "a block";
          timer = setTimeout(() => resolve({ error: `given up: ${what} took more than ${seconds} s` }), seconds * 1000);
        });
        const answer = await Promise.race([channel.ask(request), late]);
        clearTimeout(timer);
        if (answer.error !== undefined) await close(); // what it left behind is of no use to the next task
        return answer;
      } catch (error) {
        await close();
        return { error: error instanceof Error ? error.message : String(error) };
      }
    },
    stop: close,
  };
}

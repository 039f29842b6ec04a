import type { Block, Contestant, Task, Work } from "../suite/task.ts";

/** What a contestant's process or page is asked; one at a time. */
export type Request =
  | { readonly ask: "begin"; readonly task: Task }
  | { readonly ask: "block"; readonly ms: number }
  | { readonly ask: "end" };

export interface Hello {
  readonly name: string;
  readonly version: string;
  readonly threads: number;
  readonly note: string;
}

export interface Answer {
  /** Of "begin". */
  readonly first?: readonly number[];
  readonly remark?: string;
  /** Of "block". */
  readonly block?: Block;
  /** Of "end": the loss at last. */
  readonly loss?: number;
  /** Instead of everything else: why not, in the library's words. */
  readonly error?: string;
}

export function helloOf({ name, version, threads, note }: Contestant): Hello {
  return { name, version, threads, note };
}

/** The other side: does what is asked and answers. */
export function answering(contestant: Contestant): (request: Request) => Promise<Answer> {
  let work: Work | undefined;
  const answer = async (request: Request): Promise<Answer> => {
    if (request.ask === "begin") {
      work = await contestant.begin(request.task);
      return { first: [...work.first], ...(work.remark !== undefined && { remark: work.remark }) };
    }
    if (!work) throw new Error("nothing was begun");
    if (request.ask === "block") return { block: await work.block(request.ms) };
    const loss = await work.loss();
    await work.end();
    work = undefined;
    return { loss };
  };
  return async (request) => {
    try {
      return await answer(request);
    } catch (error) {
      return { error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
    }
  };
}

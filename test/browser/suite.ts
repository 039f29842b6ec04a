import { bundle } from "./bundle.ts";
import { type Host, openHost } from "./host.ts";
import type { TestReport } from "./reports.ts";
import { ISOLATED } from "./server.ts";

/** A page that says nothing for so long hangs: longer than any test in it may take. */
const SILENCE = 180_000;

/** Test files that run in a page. */
export interface PageSuite {
  /** Known once the page has loaded them. */
  readonly tests: readonly TestReport[];
  /** What became of a test, once it has ended. */
  result(id: string): Promise<TestReport>;
  close(): Promise<void>;
}

/** Opens a page that loads and runs the test files of page/main.ts, under a stand-in for `process` with an environment. */
export async function openSuite(environment: Readonly<Record<string, string>>): Promise<PageSuite> {
  const scripts = await bundle("page/main.ts");
  const reports = new Map<string, TestReport>();
  const waiting = new Map<string, (report: TestReport) => void>();
  let collected = () => {};
  let host: Host | undefined;
  const silent = new Watch(SILENCE);

  const report = (news: readonly TestReport[]) => {
    silent.restart();
    for (const each of news) {
      reports.set(each.id, each);
      if (each.state !== "run") waiting.get(each.id)?.(each);
    }
    collected();
  };
  const first = new Promise<void>((resolve) => {
    collected = resolve;
  });
  host = await openHost({
    scripts,
    start: "/main.js",
    headers: ISOLATED,
    prepare: async (page) => {
      await page.exposeFunction("report", report);
      await page.addInitScript(`globalThis.process = { env: ${JSON.stringify(environment)} };`);
    },
  });
  const { lost, complaints } = host;
  const inTime = <T>(work: Promise<T>): Promise<T> =>
    Promise.race([work, lost, silent.over]).catch((error: Error) => {
      throw new Error([error.message, ...complaints].join("\n"));
    });
  try {
    await inTime(first);
  } catch (error) {
    await host.close();
    throw error;
  }
  const running = host;
  return {
    tests: [...reports.values()],
    result: (id) =>
      inTime(
        new Promise((resolve) => {
          const known = reports.get(id);
          if (known && known.state !== "run") resolve(known);
          else waiting.set(id, resolve);
        }),
      ),
    close: async () => {
      silent.stop();
      await running.close();
    },
  };
}

/** Rejects `over` when it is not restarted in time. */
class Watch {
  readonly over: Promise<never>;
  #reject: (error: Error) => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  readonly #time: number;

  constructor(time: number) {
    this.#time = time;
    this.over = new Promise<never>((_, reject) => {
      this.#reject = reject;
    });
    this.over.catch(() => undefined); // of interest only to those who wait
    this.restart();
  }

  restart(): void {
    this.stop();
    this.#timer = setTimeout(() => this.#reject(new Error(`the page hangs: silent for ${this.#time} ms`)), this.#time);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

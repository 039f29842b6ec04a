// The page that `npm run bench -- --chromium` opens for each contestant, asked from outside through `contest`.
import { measureVectorPeak } from "../machine/vector-peak.ts";
import { startJax } from "../peers/jax.ts";
import { startTfjs } from "../peers/tfjs.ts";
import type { Contestant } from "../suite/task.ts";
import { startDescent } from "./descent.ts";
import { type Answer, answering, type Hello, helloOf, type Request } from "./requests.ts";

declare const VERSIONS: { descent: string; jax: string };

let answer: ((request: Request) => Promise<Answer>) | undefined;

function starting(name: string, threads: number): Promise<Contestant> {
  switch (name) {
    case "descent-wasm":
      return startDescent(VERSIONS.descent, threads);
    case "tfjs-wasm":
      return startTfjs("wasm", threads, new URL("./", location.href).href);
    case "tfjs":
      return startTfjs("cpu", threads);
    case "jax-js":
      return startJax(VERSIONS.jax, "Web Workers");
    default:
      throw new Error(`no contestant ${name} in a page`);
  }
}

const contest = {
  async start(name: string, threads: number): Promise<Hello> {
    const contestant = await starting(name, threads);
    answer = answering(contestant);
    return helloOf(contestant);
  },
  ask: (request: Request): Promise<Answer> => answer?.(request) ?? Promise.resolve({ error: "nobody was started" }),
  peak: measureVectorPeak,
};

Object.assign(globalThis, { contest });

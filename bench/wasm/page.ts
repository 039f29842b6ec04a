// The page that `npm run bench:wasm -- --chromium` opens: all contestants, asked from outside through `contest`.
import { startJax } from "../peers/jax.ts";
import { startTfjs } from "../peers/tfjs.ts";
import { startDescent } from "./descent.ts";
import { measureVectorPeak } from "./peak.ts";
import { type Answer, answering, type ContestantName, type Hello, helloOf, type Request } from "./requests.ts";
import type { Contestant } from "./task.ts";

declare const VERSIONS: { descent: string; jax: string };

const answers = new Map<ContestantName, (request: Request) => Promise<Answer>>();

function starting(name: ContestantName, threads: number): Promise<Contestant> {
  if (name === "descent") return startDescent(VERSIONS.descent, threads);
  if (name === "tfjs") return startTfjs(threads, new URL("./", location.href).href);
  return startJax(VERSIONS.jax, "Web Workers");
}

const contest = {
  async start(name: ContestantName, threads: number): Promise<Hello> {
    const contestant = await starting(name, threads);
    answers.set(name, answering(contestant));
    return helloOf(contestant);
  },
  ask(name: ContestantName, request: Request): Promise<Answer> {
    const answer = answers.get(name);
    return answer ? answer(request) : Promise.resolve({ error: `${name} was not started` });
  },
  peak: measureVectorPeak,
};

Object.assign(globalThis, { contest });

// One contestant in a process of its own: `child.ts descent|tfjs|jax THREADS`, asked through the channel that fork opens.
import { readFileSync } from "node:fs";
import { answering, helloOf, type Request } from "./requests.ts";
import type { Contestant } from "./task.ts";
import { provideWorkers } from "./web-workers.ts";

const [, , name, threadsText] = process.argv;
const threads = Number(threadsText);

function versionOf(packageFile: string): string {
  return JSON.parse(readFileSync(new URL(packageFile, import.meta.url), "utf8")).version;
}

async function start(): Promise<Contestant> {
  switch (name) {
    case "descent": {
      const { startDescent } = await import("./descent.ts");
      return startDescent(versionOf("../../package.json"), threads);
    }
    case "tfjs": {
      const { startTfjs } = await import("../peers/tfjs.ts");
      return startTfjs(threads);
    }
    case "jax": {
      provideWorkers(threads);
      const { startJax } = await import("../peers/jax.ts");
      return startJax(versionOf("../peers/node_modules/@jax-js/jax/package.json"), "given Web Workers over Node's");
    }
    default:
      throw new Error(`no contestant ${name}`);
  }
}

try {
  const contestant = await start();
  const answer = answering(contestant);
  process.on("message", async (request: Request) => process.send?.(await answer(request)));
  process.send?.(helloOf(contestant));
} catch (error) {
  process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  process.exitCode = 1;
}

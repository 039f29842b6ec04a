// A contestant in a process of Node's own: `child.ts NAME THREADS`, asked through the channel that fork opens.
import { readFileSync } from "node:fs";
import type { Contestant } from "../suite/task.ts";
import { answering, helloOf, type Request } from "./requests.ts";
import { provideWorkers } from "./web-workers.ts";

const [, , name, threadsText] = process.argv;
const threads = Number(threadsText);

function versionOf(packageFile: string): string {
  return JSON.parse(readFileSync(new URL(packageFile, import.meta.url), "utf8")).version;
}

async function start(): Promise<Contestant> {
  switch (name) {
    case "descent":
    case "descent-bfloat16":
    case "descent-wasm": {
      const { startDescent } = await import("./descent.ts");
      return startDescent(versionOf("../../package.json"), threads, name.endsWith("bfloat16") ? "bfloat16" : "float32");
    }
    case "tfjs-wasm":
    case "tfjs": {
      const { startTfjs } = await import("../peers/tfjs.ts");
      return startTfjs(name === "tfjs" ? "cpu" : "wasm", threads);
    }
    case "jax-js": {
      provideWorkers(threads);
      const { startJax } = await import("../peers/jax.ts");
      return startJax(versionOf("../peers/node_modules/@jax-js/jax/package.json"), "given Web Workers over Node's");
    }
    case "brain.js": {
      const { startBrain } = await import("../peers/brain.ts");
      return startBrain(versionOf("../peers/node_modules/brain.js/package.json"));
    }
    case "onnxruntime": {
      const { startOnnx } = await import("../peers/onnx.ts");
      return startOnnx(versionOf("../peers/node_modules/onnxruntime-node/package.json"), threads);
    }
    default:
      throw new Error(`no contestant ${name}`);
  }
}

try {
  const contestant = await start();
  const answer = answering(contestant);
  process.on("message", async (request: Request) => process.send?.(await answer(request)));
  process.on("disconnect", () => process.exit()); // whoever asked is gone
  process.send?.(helloOf(contestant));
} catch (error) {
  process.send?.({ error: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
}

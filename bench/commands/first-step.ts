// One start of a training in a process of its own: `first-step.ts CASE`. Prints, in milliseconds since this process began, when the library was
// there, when `fit` was called and when its first step was done.
import { setTimeout as sleep } from "node:timers/promises";
import type { Callback } from "descent";

const { caseNamed, compiled } = await import("../suite/cases.ts");
const { firstWeights, samplesOf } = await import("../suite/numbers.ts");
const { trainingTask } = await import("../suite/tasks.ts");
const { tensor } = await import("descent");
const imported = performance.now();

const suite = caseNamed(process.argv[2] ?? "mlp-mnist");
const task = trainingTask(suite);
const network = compiled(suite);
network.setWeights(firstWeights(task));
const data = samplesOf(task);
const [x, y] = [tensor(data.x).reshape([task.batch, ...task.inputShape]), tensor(data.y)];
await sleep(0);

const called = performance.now();
let stepped = 0;
const watch: Callback = {
  onStepEnd() {
    stepped ||= performance.now();
  },
};
const { engine } = await network.fit(x, y, { batchSize: task.batch, callbacks: [watch], verbose: 0 });
console.log(JSON.stringify({ imported, called, stepped, engine }));

/**
 * What a worker runs, in Node and in browsers; a text, so that no bundler and no server has to find a file.
 *
 * In a pool ("join"), workers share the memory and meet at words of it. A worker sleeps until its signal changes, reads there what
 * to run, and the last one to finish tells the main thread. A sleeping worker reads no messages: only when it is to run a program
 * whose code it does not have, it goes back to its event loop, where the code must be on the way. Words: program, table, workers,
 * barrier's address, workers still running; then, at \`signal\`, one word per worker.
 *
 * In a browser, nobody is told when a worker ends. So it holds a lock as long as it lives, for which its owner waits ("hello").
 *
 * Alone ("run"), a worker has memory of its own; what a run reads comes with the message, what it wrote goes back.
 */
export const WORKER_SOURCE = `"use strict";
const isNode = typeof process === "object" && !!process.versions && !!process.versions.node;
const port = isNode ? require("node:worker_threads").parentPort : self;
const programs = new Map();
let memory, words, job, signal, index, spins, waiting, seen = 0, shift = 0;
// The clock that profiled programs read, in the time of the main thread.
const now = () => performance.now() + shift;
const setClock = (origin) => (shift = performance.timeOrigin - origin);
const load = (id, module) => programs.set(id, new WebAssembly.Instance(module, { env: { memory, now } }).exports.run);
function work() {
  for (;;) {
    let now = seen;
    for (let i = 0; i < spins && now === seen; i++) now = Atomics.load(words, signal);
    while (now === seen) {
      Atomics.wait(words, signal, seen);
      now = Atomics.load(words, signal);
    }
    const run = programs.get(words[job]);
    if (!run) return;
    seen = now;
    run(words[job + 1], index, words[job + 2], words[job + 3]);
    if (Atomics.sub(words, job + 4, 1) === 1) port.postMessage({ kind: "done", run: words[job + 5] });
  }
}
const answers = {
  hello({ lock, memory }) {
    const shared = memory !== undefined;
    if (!lock) return port.postMessage({ kind: "ready", shared, locked: false });
    waiting = [];
    const go = (locked) => {
      port.postMessage({ kind: "ready", shared, locked });
      const messages = waiting;
      waiting = undefined;
      messages.forEach(receive);
    };
    navigator.locks.request(lock, () => {
      go(true);
      return new Promise(() => {});
    }).catch(() => waiting && go(false));
  },
  join(message) {
    ({ memory, job, signal, index, spins } = message);
    setClock(message.origin);
    words = new Int32Array(memory.buffer);
    work();
  },
  code({ id, module, dropped }) {
    for (const old of dropped) programs.delete(old);
    load(id, module);
    work();
  },
  open({ most, origin }) {
    setClock(origin);
    memory = new WebAssembly.Memory({ initial: 1, maximum: most });
  },
  place({ id, module, dropped, pages, writes }) {
    for (const old of dropped) programs.delete(old);
    grow(pages);
    for (const [address, bytes] of writes) new Uint8Array(memory.buffer).set(bytes, address);
    load(id, module);
  },
  run({ id, pages, address, buffer, reads, writes }) {
    grow(pages);
    const given = new Uint8Array(buffer);
    new Uint8Array(memory.buffer).set(given.subarray(0, reads), address);
    programs.get(id)(address, 0, 1, 0);
    given.set(new Uint8Array(memory.buffer, address + writes, given.length - writes), writes);
    port.postMessage({ kind: "done", buffer }, [buffer]);
  },
};
function grow(pages) {
  const missing = pages - memory.buffer.byteLength / 65536;
  if (missing > 0) memory.grow(missing);
}
function receive(message) {
  if (waiting) return void waiting.push(message);
  try {
    answers[message.kind](message);
  } catch (error) {
    port.postMessage({ kind: "failed", message: String(error) });
  }
}
if (isNode) port.on("message", receive);
else {
  port.onmessage = (event) => receive(event.data);
  port.onmessageerror = () => port.postMessage({ kind: "failed", message: "a message could not be read" });
}
`;

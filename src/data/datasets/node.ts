// What datasets need of Node, loaded when it is used. node.browser.ts stands for it in bundles for browsers.

export { diskStore } from "./disk.ts";
export { WorkerMap } from "./workers.ts";

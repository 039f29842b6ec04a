/**
 * The training, on a thread of its own: whatever the engine does, compiling included, the page answers at once. The
 * engine has its own workers below this one.
 */
import type { ToTraining } from "../messages.ts";
import { Session } from "./session.ts";

const session = new Session((message) => postMessage(message));
addEventListener("message", ({ data }: MessageEvent<ToTraining>) => void session.handle(data));

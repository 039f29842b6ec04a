import { onInterrupt } from "../../train/index.ts";

/**
 * Does work that leaves nothing behind that would be worth keeping: at the first Ctrl-C, or SIGTERM, it is given up.
 *
 * @returns undefined when it was; it is then still under way, until the process ends.
 */
export async function unlessInterrupted<T>(work: () => Promise<T>): Promise<T | undefined> {
  let remove = (): void => undefined;
  const interrupted = new Promise<undefined>((resolve) => {
    remove = onInterrupt(() => resolve(undefined));
  });
  try {
    return await Promise.race([work(), interrupted]);
  } finally {
    remove();
  }
}

const RELOADED = "descent-isolated";
/** Milliseconds that the page waits for its service worker. */
const LONGEST_WAIT = 3000;

/**
 * Makes the page cross-origin isolated where its host sends no headers for that, by a service worker that adds them: the page is
 * then loaded once more. Where there are none, or it does not help, training runs without shared memory, on one thread.
 *
 * @returns true when the page is about to be loaded again.
 */
export async function isolate(): Promise<boolean> {
  if (globalThis.crossOriginIsolated) {
    sessionStorage.removeItem(RELOADED);
    return false;
  }
  if (!globalThis.isSecureContext || !navigator.serviceWorker || sessionStorage.getItem(RELOADED)) return false;
  try {
    await navigator.serviceWorker.register("service-worker.js");
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, LONGEST_WAIT, undefined));
    if (!(await Promise.race([navigator.serviceWorker.ready, late]))) return false;
    sessionStorage.setItem(RELOADED, "once");
    location.reload();
    return true;
  } catch {
    return false; // a private window, a browser that forbids it
  }
}

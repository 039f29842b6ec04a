const RELOADED = "descent-isolated";

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
    await navigator.serviceWorker.ready;
    sessionStorage.setItem(RELOADED, "once");
    location.reload();
    return true;
  } catch {
    return false; // a private window, a browser that forbids it
  }
}

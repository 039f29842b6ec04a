/** examples/direct.ts in a page: nothing was started from a command line. */
export function startedDirectly(_url: string): boolean {
  return false;
}

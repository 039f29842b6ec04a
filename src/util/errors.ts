/** An error a user can act on: what happened, what was expected, how to fix it. */
export class DescentError extends Error {
  override readonly name = "DescentError";
}

/**
 * Throws a {@link DescentError} whose message reads "what happened. Expected ... . Fix: ...".
 *
 * @example
 * fail("dense_2 received shape [3]", "a matrix [batch, features]", "put a flatten() layer before it"); // throws
 */
export function fail(what: string, expected?: string, fix?: string): never {
  let message = stop(what);
  if (expected) message += ` Expected ${stop(expected)}`;
  if (fix) message += ` Fix: ${stop(fix)}`;
  throw new DescentError(message);
}

function stop(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}

/** A condition that only a bug inside Descent can break. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`Descent bug: ${message}`);
}

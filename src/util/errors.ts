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

/** What `work` gives; what it refuses is told with the name of who refuses it, such as a layer's path. */
export function inName<T>(name: () => string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof DescentError) || error.message.startsWith(name())) throw error;
    throw new DescentError(`${name()} ${error.message}`);
  }
}

function stop(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}

/** A value as it appears in a message: short, on one line. */
export function show(value: unknown): string {
  if (typeof value === "function") return value.name ? `the function ${value.name}` : "a function";
  if (typeof value === "number" || value === undefined) return String(value);
  if (typeof value === "bigint") return `${value}n`;
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** A condition that only a bug inside Descent can break. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`Descent bug: ${message}`);
}

/** A stranger's text as it may stand in a message: what would break the line or move a terminal's cursor, as escapes. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

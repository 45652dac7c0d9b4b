/** Thrown when the program itself is wrong, never because of what a client sent. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** States an invariant. @throws AssertionError with `message` when `condition` is false. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Closes a switch over a union: the compiler objects to a missed case, and so does the running program. */
export function unreachable(value: never): never {
  throw new AssertionError(`unexpected value ${JSON.stringify(value)}`);
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

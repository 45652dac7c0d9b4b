import { ApiError } from '@keelson/client';

/** True when a creation was refused because its namespace is going: there is nothing to try again. */
export function isNamespaceTerminating(thrown: unknown): boolean {
  if (!(thrown instanceof ApiError)) return false;
  return thrown.details?.causes?.some((cause) => cause.reason === 'NamespaceTerminating') ?? false;
}

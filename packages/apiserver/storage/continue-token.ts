import { badRequest } from '../request/status-error.ts';

/** Where the next page of a list begins. */
export interface ContinueToken {
  /** The revision that all pages are read at; -1: the latest, for a client that accepts an inconsistent list. */
  readonly revision: number;
  /** The first key of the page. */
  readonly start: string;
}

/** Writes a token for the page that begins at `start`, a key below `prefix`. */
export function encodeContinue(token: ContinueToken, prefix: string): string {
  const text = JSON.stringify({ v: 'meta.k8s.io/v1', rv: token.revision, start: token.start.slice(prefix.length) });
  return Buffer.from(text).toString('base64url');
}

/** Reads a token that a client sent. @throws StatusError 400 */
export function decodeContinue(text: string, prefix: string): ContinueToken {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    throw badRequest('continue key is not valid: it is no token of this server');
  }
  const { v, rv, start } = (parsed ?? {}) as { v?: unknown; rv?: unknown; start?: unknown };
  if (v !== 'meta.k8s.io/v1')
    throw badRequest(`continue key is not valid: server does not recognize this encoded version "${String(v)}"`);
  if (!Number.isSafeInteger(rv) || (rv as number) === 0 || (rv as number) < -1)
    throw badRequest('continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  if (typeof start !== 'string' || start === '')
    throw badRequest('continue key is not valid: encoded start key empty (version meta.k8s.io/v1)');
  return { revision: rv as number, start: prefix + start };
}

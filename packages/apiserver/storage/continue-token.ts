import { DecodeError, parseJson } from '@keelson/model';
import { badRequest, type StatusError } from '../request/status-error.ts';

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
  const { v, rv, start } = fieldsOf(text);
  if (v !== 'meta.k8s.io/v1')
    throw invalidToken(`continue key is not valid: server does not recognize this encoded version ${v ?? ''}`);
  if (rv === undefined || rv === 0)
    throw invalidToken('continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  if (start === undefined || start === '')
    throw invalidToken('continue key is not valid: encoded start key empty (version meta.k8s.io/v1)');
  // Nothing but what is below the prefix may be named.
  if (start.split('/').some((part) => part === '.' || part === '..') || start.includes('//') || start.endsWith('/'))
    throw invalidToken(`continue key is not valid: ${start}`);
  return { revision: Math.max(rv, -1), start: prefix + start.replace(/^\//, '') };
}

export function invalidToken(why: string): StatusError {
  return badRequest(`invalid continue token: ${why}`);
}

function fieldsOf(text: string): { v?: string; rv?: number; start?: string } {
  const odd = /[^A-Za-z0-9_-]/.exec(text)?.index ?? (text.length % 4 === 1 ? text.length - 1 : undefined);
  if (odd !== undefined) throw invalidToken(`continue key is not valid: illegal base64 data at input byte ${odd}`);
  let parsed: unknown;
  try {
    parsed = parseJson(Buffer.from(text, 'base64url'));
  } catch (error) {
    if (error instanceof DecodeError) throw invalidToken(`continue key is not valid: ${error.message}`);
    throw error;
  }
  const { v, rv, start } = (parsed ?? {}) as { v?: unknown; rv?: unknown; start?: unknown };
  return {
    ...(typeof v === 'string' ? { v } : {}),
    ...(Number.isSafeInteger(rv) ? { rv: rv as number } : {}),
    ...(typeof start === 'string' ? { start } : {}),
  };
}

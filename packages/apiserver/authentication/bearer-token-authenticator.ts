import type { HttpRequest } from '@keelson/base';
import type { AuthenticationResult, Authenticator, TokenAuthenticator } from './contract.ts';

const protocolPrefix = 'base64url.bearer.authorization.k8s.io.';
/** Longer ones are refused unread; the listener bounds headers too, but a transport of another kind might not. */
const longestToken = 64 * 1024;

/**
 * Reads the token of `Authorization: Bearer …`, or of a WebSocket's sub-protocols, where a browser has to put it, and
 * asks the token authenticator. A token that nobody knows is refused: it does not fall through to anonymous.
 */
export class BearerTokenAuthenticator implements Authenticator {
  readonly #tokens: TokenAuthenticator;

  constructor(tokens: TokenAuthenticator) {
    this.#tokens = tokens;
  }

  async authenticate(request: HttpRequest): Promise<AuthenticationResult> {
    const token = bearerToken(request.headers['authorization']) ?? protocolToken(request);
    if (token === undefined) return { outcome: 'none' };
    if (token.length > longestToken) return { outcome: 'refused', reason: 'invalid bearer token' };
    const result = await this.#tokens.authenticateToken(token);
    return result.outcome === 'none' ? { outcome: 'refused', reason: 'invalid bearer token' } : result;
  }
}

function bearerToken(header: string | undefined): string | undefined {
  const parts = (header ?? '').trim().split(' ');
  if (parts.length < 2 || parts[0]!.toLowerCase() !== 'bearer') return undefined;
  return parts[1] === '' ? undefined : parts[1];
}

function protocolToken(request: HttpRequest): string | undefined {
  if (request.headers['upgrade']?.toLowerCase() !== 'websocket') return undefined;
  for (const protocol of (request.headers['sec-websocket-protocol'] ?? '').split(',')) {
    const trimmed = protocol.trim();
    if (!trimmed.startsWith(protocolPrefix)) continue;
    const token = Buffer.from(trimmed.slice(protocolPrefix.length), 'base64url').toString('utf8');
    if (token !== '') return token;
  }
  return undefined;
}

import type { HttpPeer, HttpResponse } from '@keelson/base';

/** One request to the registry: as `HttpRequest`, but its body may be larger than the memory. */
export interface RegistryRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body's pieces in turn; ends at once when there is none. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Aborts when the client has gone away. */
  readonly signal: AbortSignal;
  readonly peer: HttpPeer;
}

/** Answers one request. Never rejects: what goes wrong is a response with the specification's error codes. */
export type RegistryHandler = (request: RegistryRequest) => Promise<HttpResponse>;

/** What a request wants. `load` puts a whole archive under the names that it carries. */
export interface Access {
  readonly action: 'pull' | 'push' | 'delete' | 'catalog' | 'load';
  /** `docker.io/library/nginx`; empty for catalog and load. */
  readonly repository: string;
}

/**
 * Decides about a request. `denied` answers 403 DENIED; `unknown` answers 401 UNAUTHORIZED with the given
 * WWW-Authenticate header.
 */
export type Authorize = (access: Access, request: RegistryRequest) => Decision | Promise<Decision>;
export type Decision = { readonly allow: true } | { readonly allow: false; readonly challenge?: string };

/** Anyone may pull, nobody may change anything: what a registry for nodes needs. */
export const readOnly: Authorize = ({ action }) => ({ allow: action === 'pull' || action === 'catalog' });

/** Anyone may do anything: for a registry that only its owner reaches. */
export const allowAll: Authorize = () => ({ allow: true });

/**
 * One HTTP exchange, free of any transport: an API server answers it, a client asks it, and whether there is a socket
 * between the two is nobody's business but the composition root's.
 */
export interface HttpRequest {
  readonly method: string;
  /** Path and query as sent: `/api/v1/pods?limit=500`. */
  readonly target: string;
  /** Names in lower case; a header sent several times is joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** The whole body; empty when there is none. The listener has bounded it before. */
  readonly body: Uint8Array;
  /** Aborts when the client has gone away. */
  readonly signal: AbortSignal;
  /** What the connection says of the client. */
  readonly peer: HttpPeer;
}

export interface HttpPeer {
  /** `127.0.0.1`, `::1`; empty for a call inside the process. */
  readonly address: string;
  /** The DER of the verified client certificate, leaf first; empty when there was none. */
  readonly certificates: readonly Uint8Array[];
  /** Who a caller inside the process is: it has no certificate to show. Never set by a listener. */
  readonly inProcess?: { readonly name: string; readonly groups: readonly string[] };
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: HttpBody;
}

/** Bytes that are there, pieces of them to be sent in turn, or a stream (watch, logs) that ends when the signal aborts. */
export type HttpBody = Uint8Array | readonly Uint8Array[] | AsyncIterable<Uint8Array>;

/** Answers one exchange. Never rejects: what goes wrong is a response. */
export type HttpHandler = (request: HttpRequest) => Promise<HttpResponse>;

/** True for a body that comes over time. */
export function isStream(body: HttpBody): body is AsyncIterable<Uint8Array> {
  return typeof (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator] === 'function';
}

/** The whole of `body` as one piece. A stream is read to its end. */
export async function collectBody(body: HttpBody): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body;
  if (!isStream(body)) return Buffer.concat(body);
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}

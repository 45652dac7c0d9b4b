import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** One request of HTTP/1.1. */
export interface OutgoingRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** Sends one request on `connection` and resolves with the answer once its header is there. The connection ends with it. */
export function requestOver(
  connection: Duplex,
  { method, path, headers, body }: OutgoingRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const length = body !== undefined && body.length > 0 ? { 'content-length': String(body.length) } : {};
    const outgoing = httpRequest({
      createConnection: () => connection,
      path,
      method,
      headers: { ...headers, ...length, connection: 'close' },
      setHost: false,
      signal,
    });
    outgoing.once('response', resolve);
    outgoing.once('upgrade', (_, socket) => {
      socket.destroy();
      reject(new Error('the connection was upgraded though nobody asked for that'));
    });
    outgoing.on('error', (error) => {
      connection.destroy();
      reject(error);
    });
    outgoing.end(body);
  });
}

import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import type { HttpRequest, HttpResponse } from '@keelson/base';

/** A way to an HTTP server on a Unix socket. */
export interface SocketTransport {
  send(request: HttpRequest): Promise<HttpResponse>;
  close(): void;
}

/** HTTP/1.1 over a Unix socket, with a bearer token on each request when there is one. Answers stream. */
export function socketTransport(path: string, token?: string): SocketTransport {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  return {
    close: () => agent.destroy(),
    send: (request) =>
      new Promise<HttpResponse>((resolve, reject) => {
        const headers: Record<string, string> = { ...request.headers, host: 'localhost' };
        if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
        if (request.body.length > 0) headers['content-length'] = String(request.body.length);
        const { method, target, signal } = request;
        const outgoing = httpRequest({ socketPath: path, agent, method, path: target, headers, signal });
        outgoing.once('error', reject);
        outgoing.once('response', (incoming) => resolve(responseOf(incoming)));
        outgoing.end(request.body);
      }),
  };
}

function responseOf(incoming: IncomingMessage): HttpResponse {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return { status: incoming.statusCode ?? 0, headers, body: incoming };
}

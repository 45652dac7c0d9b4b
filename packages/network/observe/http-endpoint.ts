import { createServer, type Server } from 'node:http';

/** What an HTTP endpoint of an add-on answers. */
export interface PlainAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A small HTTP server: probes and metrics of an add-on. It reads no bodies. */
export interface HttpEndpoint {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens at `host:port`. `answer` gets the path and returns undefined for what is not there. @throws Error when it cannot listen */
export async function httpEndpoint(
  at: { readonly host: string; readonly port: number },
  answer: (path: string) => PlainAnswer | undefined,
): Promise<HttpEndpoint> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000, maxHeaderSize: 16_384 });
  server.maxConnections = 256;
  server.on('request', (request, response) => {
    request.resume();
    const path = (request.url ?? '/').split('?')[0]!;
    const found = request.method === 'GET' || request.method === 'HEAD' ? answer(path) : undefined;
    const { status, body, headers } = found ?? { status: 404, body: '404 page not found\n' };
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers });
    response.end(request.method === 'HEAD' ? undefined : body);
  });
  await listening(server, at);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : at.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listening(server: Server, at: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(at.port, at.host, () => {
      server.removeListener('error', reject);
      server.on('error', () => {});
      resolve();
    });
  });
}

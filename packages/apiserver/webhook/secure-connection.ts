import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import { identityProblem } from './call-failure.ts';

export interface SecureConnectionOptions {
  /** PEM certificates that the server's chain must end in; absent: those of the system. */
  readonly authorities?: string;
  /** What is shown to the server, as PEM. */
  readonly client?: { readonly certificate: string; readonly key: string };
  /** The name that the server's certificate must have. */
  readonly serverName: string;
  /** The server's certificate is not checked. */
  readonly insecure?: boolean;
  readonly signal: AbortSignal;
}

/** TLS for HTTP/1.1 over `plain`, past its handshake. Rejects with what failed, and `plain` is closed then. */
export function secureConnection(plain: Duplex, options: SecureConnectionOptions): Promise<Duplex> {
  const { authorities, client, serverName, insecure, signal } = options;
  return new Promise((resolve, reject) => {
    const socket = connect({
      socket: plain,
      ...(authorities === undefined ? {} : { ca: authorities }),
      ...(client === undefined ? {} : { cert: client.certificate, key: client.key }),
      ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: insecure !== true,
      checkServerIdentity: (_, certificate) => identityProblem(serverName, certificate),
    });
    const abort = () => socket.destroy(new Error('net/http: TLS handshake timeout'));
    const failed = (error: Error) => {
      signal.removeEventListener('abort', abort);
      plain.destroy();
      reject(error);
    };
    socket.once('error', failed);
    socket.once('secureConnect', () => {
      signal.removeEventListener('abort', abort);
      socket.off('error', failed);
      resolve(socket);
    });
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ApiObject } from '@keelson/model';
import { requestOver } from '../proxy/request-over.ts';

/** Reaches kubelets. The composition knows where they are and which certificate the server shows them. */
export interface NodeConnector {
  /**
   * A new connection to the HTTP API of the kubelet of `node`, past its TLS handshake, for one request. Rejects with an
   * Error whose message says what failed (`dial tcp 10.0.0.1:10250: connect: connection refused`).
   */
  dial(node: Readonly<ApiObject>, signal: AbortSignal): Promise<Duplex>;
}

/** Sends a GET for `path` and resolves with the answer once its header is there. The connection ends with the answer. */
export function getFromNode(connection: Duplex, path: string, signal: AbortSignal): Promise<IncomingMessage> {
  return requestOver(connection, { method: 'GET', path, headers: { host: 'kubelet' } }, signal);
}

import { rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { NodeConnector } from '@keelson/apiserver';
import type { ApiObject } from '@keelson/model';

/** Simulated nodes have addresses that lead nowhere: their kubelets answer on a socket in the region's run directory. */
function socketOf(runDirectory: string, instanceId: string): string {
  return join(runDirectory, `${instanceId}.sock`);
}

/** Lets API servers reach a simulated kubelet; only the region's owner can open the socket. Returns what ends it. */
export function exposeKubelet(
  runDirectory: string,
  instanceId: string,
  serve: (connection: Duplex) => void,
): () => void {
  const path = socketOf(runDirectory, instanceId);
  rmSync(path, { force: true });
  const server = createServer(serve);
  server.on('error', () => server.close());
  server.listen(path);
  return () => {
    server.close();
    rmSync(path, { force: true });
  };
}

function instanceIdOf(node: Readonly<ApiObject>): string {
  return /\/(i-[0-9a-f]+)$/.exec(node['spec']?.providerID ?? '')?.[1] ?? '';
}

/** Reaches the kubelets of a region's nodes. Rejects with what a dialer would say. */
export function nodeConnector(runDirectory: string): NodeConnector {
  return {
    dial: (node, signal) =>
      new Promise<Duplex>((resolve, reject) => {
        const path = socketOf(runDirectory, instanceIdOf(node));
        const socket = connect({ path, signal });
        socket.once('connect', () => resolve(socket));
        socket.once('error', (error: NodeJS.ErrnoException) => {
          const why =
            error.code === 'ENOENT' || error.code === 'ECONNREFUSED' ? 'connect: connection refused' : error.message;
          reject(new Error(`dial unix ${path}: ${why}`));
        });
      }),
  };
}

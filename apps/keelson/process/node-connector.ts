import { rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { NodeConnector } from '@keelson/apiserver';
import type { KeyPair } from '@keelson/cluster';
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

function kubeletAddress(node: Readonly<ApiObject>): { host: string; port: number } {
  const addresses: { type: string; address: string }[] = node['status']?.addresses ?? [];
  const host = addresses.find((one) => one.type === 'InternalIP')?.address ?? '';
  return { host, port: node['status']?.daemonEndpoints?.kubeletEndpoint?.Port || 10_250 };
}

/**
 * Reaches kubelets at their nodes' addresses, showing the API server's certificate. Whose certificate a kubelet shows is
 * not checked, as with kube-apiserver unless it is told an authority for them: the address is the VPC's, which nobody
 * else can have.
 */
export function networkNodeConnector(client: KeyPair): NodeConnector {
  return {
    dial: (node, signal) =>
      new Promise<Duplex>((resolve, reject) => {
        const { host, port } = kubeletAddress(node);
        const options = { host, port, key: client.key, cert: client.certificate, rejectUnauthorized: false };
        const socket = connectTls({ ...options, ALPNProtocols: ['http/1.1'] });
        const give = (why: string) => {
          socket.destroy();
          reject(new Error(`dial tcp ${host}:${port}: ${why}`));
        };
        signal.addEventListener('abort', () => give('operation was canceled'), { once: true });
        socket.setTimeout(10_000, () => give('i/o timeout'));
        socket.once('error', (error: NodeJS.ErrnoException) =>
          give(error.code === 'ECONNREFUSED' ? 'connect: connection refused' : error.message),
        );
        socket.once('secureConnect', () => {
          socket.setTimeout(0);
          resolve(socket);
        });
      }),
  };
}

import { connect, createServer, type Server } from 'node:net';

/** Where containerd finds the region's registry from inside an instance. */
export const registryRelayPort = 5_000;
const mostConnections = 512;

/** Has the region's registry, which listens on a socket, answer on the instance's loopback address. */
export function relayRegistry(socketPath: string): Promise<Server> {
  const server = createServer((incoming) => {
    const outgoing = connect({ path: socketPath });
    const end = () => {
      incoming.destroy();
      outgoing.destroy();
    };
    incoming.on('error', end).on('close', end);
    outgoing.on('error', end).on('close', end);
    incoming.pipe(outgoing);
    outgoing.pipe(incoming);
  });
  server.maxConnections = mostConnections;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(registryRelayPort, '127.0.0.1', () => resolve(server));
  });
}

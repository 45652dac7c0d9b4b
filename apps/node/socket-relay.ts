import { connect, createServer, type Server } from 'node:net';

/** Where containerd finds the region's registry from inside an instance. */
export const registryRelayPort = 5_000;
/** Where the region's front door answers inside an instance, on its loopback address. */
export const frontDoorRelayPort = 4_566;
const mostConnections = 512;

/** Has what listens on a socket of the region answer on the instance's loopback address. */
export function relaySocket(port: number, socketPath: string): Promise<Server> {
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
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

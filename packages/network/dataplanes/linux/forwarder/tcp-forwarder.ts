import { connect, createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import type { Clock } from '@keelson/base';
import type { ForwarderTarget } from './forwarder-configuration.ts';
import type { TargetGroup } from './target-group.ts';

export interface TcpForwarderOptions {
  readonly clock: Clock;
  readonly group: TargetGroup;
  /** Where connections to targets come from; any address when undefined. */
  readonly sourceAddress: string | undefined;
}

const maximumConnections = 4096;
const dialTimeout = 3000;
const maximumTries = 3;
/** A Network Load Balancer forgets a TCP flow after 350 seconds of silence. */
const idleTimeout = 350_000;

/** One listening port whose connections go to the targets of a group. */
export class TcpForwarder {
  readonly #options: TcpForwarderOptions;
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();

  constructor(options: TcpForwarderOptions) {
    this.#options = options;
  }

  /** Listens at one more place. @throws the system's error when the place is taken */
  listen(at: ListenOptions | { readonly fd: number }): Promise<void> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => void this.#forward(socket));
    server.maxConnections = maximumConnections;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(at, () => {
        this.#servers.push(server);
        resolve();
      });
    });
  }

  /** Takes no more connections, and ends those that there are. */
  close(): void {
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #forward(client: Socket): Promise<void> {
    this.#sockets.add(client);
    client.on('error', () => client.destroy());
    client.once('close', () => this.#sockets.delete(client));
    for (const target of this.#options.group.candidates().slice(0, maximumTries)) {
      const upstream = await this.#dial(target);
      if (client.destroyed) {
        upstream?.destroy();
        return;
      }
      if (upstream === undefined) continue;
      this.#join(client, upstream);
      return;
    }
    client.resetAndDestroy();
  }

  #dial({ address, port }: ForwarderTarget): Promise<Socket | undefined> {
    const { clock, sourceAddress } = this.#options;
    return new Promise((resolve) => {
      const from = sourceAddress === undefined ? {} : { localAddress: sourceAddress };
      const socket = connect({ host: address, port, allowHalfOpen: true, ...from });
      const timer = clock.setTimer(dialTimeout, () => socket.destroy());
      socket.once('connect', () => {
        timer.cancel();
        resolve(socket);
      });
      socket.on('error', () => socket.destroy());
      socket.once('close', () => {
        timer.cancel();
        resolve(undefined);
      });
    });
  }

  #join(client: Socket, upstream: Socket): void {
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      socket.setNoDelay(true);
      socket.setTimeout(idleTimeout, () => {
        socket.resetAndDestroy();
        other.resetAndDestroy();
      });
      socket.once('close', (failed) => {
        if (failed || !socket.readableEnded) other.destroy();
      });
    }
    client.pipe(upstream);
    upstream.pipe(client);
  }
}

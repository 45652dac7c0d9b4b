import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { type Log, messageOf } from '@keelson/base';
import type { Allocation } from './address-ledger.ts';
import type { AddressManager } from './address-manager.ts';
import { type CniCall, CniError, cniCodes, readCniCall } from './cni-call.ts';
import { checkPod, connectPod, disconnectPod, linkMac, type PodLinkSettings } from './pod-link.ts';

export interface CniServerOptions {
  readonly socketPath: string;
  readonly addresses: AddressManager;
  readonly links: () => PodLinkSettings;
  readonly log: Log;
}

const longestRequest = 256 * 1024;
const mostCalls = 256;
const patience = 10_000;

/** Answers the CNI plugin on a Unix socket that only root can open. */
export class CniServer {
  readonly #options: CniServerOptions;
  readonly #server: Server;
  readonly #open = new Set<Socket>();

  private constructor(options: CniServerOptions) {
    this.#options = options;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#serve(socket));
    this.#server.maxConnections = mostCalls;
  }

  /** @throws Error when the socket cannot be made */
  static async listen(options: CniServerOptions): Promise<CniServer> {
    const server = new CniServer(options);
    // A daemon that was killed has left its socket; nobody else uses this path.
    rmSync(options.socketPath, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject);
      server.#server.listen(options.socketPath, resolve);
    });
    chmodSync(options.socketPath, 0o600);
    return server;
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: Socket): void {
    let text = '';
    this.#open.add(socket);
    socket.setEncoding('utf8');
    socket.setTimeout(60_000, () => socket.destroy());
    socket.on('close', () => this.#open.delete(socket));
    socket.on('error', () => {});
    socket.on('data', (piece: string) => {
      text += piece;
      if (text.length > longestRequest) socket.destroy();
    });
    socket.on('end', async () => {
      const answer = await this.answer(text);
      if (!socket.destroyed) socket.end(answer);
    });
  }

  /** The answer to one request of the plugin. Never rejects. */
  async answer(text: string): Promise<string> {
    try {
      const call = readCniCall(text);
      return (await this.#do(call)).map((line) => `${line}\n`).join('');
    } catch (error) {
      const code = error instanceof CniError ? error.code : cniCodes.internal;
      this.#options.log.warn('a CNI call was refused', { code, error: messageOf(error) });
      return `error ${JSON.stringify({ cniVersion: '1.0.0', code, msg: messageOf(error) })}\n`;
    }
  }

  async #do(call: CniCall): Promise<string[]> {
    const { addresses, links, log } = this.#options;
    if (call.command === 'ADD') {
      const { containerId, interfaceName, podNamespace, podName } = call;
      const allocation = await addresses.claim({ containerId, interfaceName, podNamespace, podName }, patience);
      if (allocation === undefined)
        throw new CniError(cniCodes.internal, 'add cmd: failed to assign an IP address to container');
      log.info('a pod got an address', { pod: `${podNamespace}/${podName}`, address: allocation.address });
      const { host, pod } = connectPod(allocation, call.netns, links());
      const undo = disconnectPod(allocation, links()).host;
      return [
        ...lines('undo', undo),
        ...lines('host', host),
        ...lines('pod', pod),
        `result ${resultOf(call, allocation)}`,
      ];
    }
    const allocation = addresses.find(call.containerId, call.interfaceName);
    if (call.command === 'CHECK') {
      if (allocation === undefined)
        throw new CniError(cniCodes.unknownContainer, 'check cmd: the container has no address');
      const { host, pod } = checkPod(allocation);
      return [...lines('host', host), ...lines('pod', pod), 'result '];
    }
    // A DEL for what is not there has nothing to do, and says so (CNI specification, section 2).
    if (allocation === undefined) return ['result '];
    addresses.release(allocation);
    log.info('a pod gave its address back', {
      pod: `${allocation.podNamespace}/${allocation.podName}`,
      address: allocation.address,
    });
    return [...lines('undo', disconnectPod(allocation, links()).host), 'result '];
  }
}

function lines(kind: string, commands: readonly string[]): string[] {
  return commands.map((command) => `${kind} ${command}`);
}

function resultOf(call: CniCall, { address, hostLink }: Allocation): string {
  const old = call.cniVersion.startsWith('0.');
  return JSON.stringify({
    cniVersion: call.cniVersion,
    interfaces: [
      { name: hostLink, mac: linkMac(hostLink, 'host') },
      { name: call.interfaceName, mac: linkMac(hostLink, 'pod'), sandbox: call.netns },
    ],
    ips: [{ ...(old && { version: '4' }), address: `${address}/32`, interface: 1 }],
    dns: {},
  });
}

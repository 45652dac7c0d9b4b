import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { messageOf, type World } from '@keelson/base';
import { decodeMessage } from '../../../dns/decode-message.ts';
import { encodeMessage } from '../../../dns/encode-message.ts';
import { Forwarder } from '../../../dns/forwarder.ts';
import type { DnsMessage } from '../../../dns/message.ts';
import { TcpFrames } from '../../../dns/tcp-frames.ts';
import { configurationFile, digestOf, replaceText, stateFile } from '../process-folder.ts';
import type { OutsideConfiguration } from './resolver-configuration.ts';

const mostConnections = 1000;
/** All servers together have less than a client's first patience, so that it hears that none answers. */
const timeout = 1500;
const deadline = 4000;
const dnsPort = 53;

/**
 * Asks the host's resolvers for those of VPCs, which have no way out of their namespaces. It runs in the host's network
 * and listens on a socket of the file system, for DNS messages framed as over TCP.
 */
export class OutsideProcess {
  readonly #world: World;
  readonly #folder: string;
  #server: Server | undefined;
  #socket = '';
  #resolvConf = '';
  #known: { readonly text: string; readonly forwarder: Forwarder } | undefined;

  constructor(world: World, folder: string) {
    this.#world = world;
    this.#folder = folder;
  }

  async load(): Promise<void> {
    const text = readFileSync(join(this.#folder, configurationFile), 'utf8');
    const { socket, resolvConf }: OutsideConfiguration = JSON.parse(text);
    this.#resolvConf = resolvConf;
    if (socket !== this.#socket) {
      this.#server?.close();
      this.#server = await this.#listen(socket);
      this.#socket = socket;
    }
    replaceText(this.#folder, stateFile, JSON.stringify({ configuration: digestOf(text) }));
  }

  async stop(): Promise<void> {
    this.#server?.close();
  }

  #listen(path: string): Promise<Server> {
    rmSync(path, { force: true });
    return new Promise((resolve, reject) => {
      const server = createServer({ allowHalfOpen: true }, (socket) => this.#connection(socket));
      server.maxConnections = mostConnections;
      server.once('error', reject);
      server.listen(path, () => {
        chmodSync(path, 0o600);
        resolve(server);
      });
    });
  }

  /** One question for each connection. */
  #connection(socket: Socket): void {
    const frames = new TcpFrames();
    let asked = false;
    socket.on('error', () => {});
    socket.setTimeout(2 * deadline, () => socket.destroy());
    socket.on('data', async (piece) => {
      const [bytes] = frames.add(piece);
      if (bytes === undefined || asked) return;
      asked = true;
      try {
        socket.end(TcpFrames.frame(encodeMessage(await this.#ask(decodeMessage(bytes)))));
      } catch (error) {
        this.#world.log.warn('a question was not passed on', { error: messageOf(error) });
        socket.destroy();
      }
    });
  }

  async #ask(query: DnsMessage): Promise<DnsMessage> {
    const forwarder = this.#forwarder();
    const answer = await forwarder.ask(query, false);
    return answer.truncated ? forwarder.ask(query, true) : answer;
  }

  /** The machine may have joined another network since the last question. */
  #forwarder(): Forwarder {
    const text = readFileSync(this.#resolvConf, 'utf8');
    if (this.#known?.text !== text) {
      const servers = [...text.matchAll(/^\s*nameserver\s+([0-9a-fA-F.:]+)\s*$/gm)].map(([, address]) => address!);
      const to = servers.length > 0 ? servers : ['127.0.0.1'];
      const forwarder = new Forwarder({
        world: this.#world,
        settings: { from: '', to, except: [], policy: 'sequential', forceTcp: false, maxConcurrent: 0 },
        resolvers: to.map((address) => ({ address, port: dnsPort })),
        timeout,
        deadline,
      });
      this.#known = { text, forwarder };
    }
    return this.#known!.forwarder;
  }
}

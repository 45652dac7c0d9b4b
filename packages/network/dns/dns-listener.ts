import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { createServer, type Server, type Socket as TcpSocket } from 'node:net';
import { type Log, messageOf } from '@keelson/base';
import { DnsFormatError, decodeMessage } from './decode-message.ts';
import { encodeMessage } from './encode-message.ts';
import { type DnsMessage, ednsUdpLimit, plainUdpLimit, responseCodes } from './message.ts';
import { TcpFrames } from './tcp-frames.ts';

/** Answers one query that was well formed. Never rejects. */
export type AnswerQuery = (query: DnsMessage, tcp: boolean) => Promise<DnsMessage>;

export interface DnsListenerOptions {
  readonly host: string;
  /** 0 takes a free one, the same for UDP and TCP. */
  readonly port: number;
  readonly answer: AnswerQuery;
  readonly log: Log;
}

const mostUnderWay = 5000;
const mostConnections = 512;
const mostOnOneConnection = 64;
const idleMilliseconds = 10_000;

/** A DNS server's sockets: UDP and TCP at one address (RFC 1035, 6891, 7766). */
export class DnsListener {
  readonly #options: DnsListenerOptions;
  readonly #udp: Socket;
  readonly #tcp: Server;
  readonly #connections = new Set<TcpSocket>();
  #underWay = 0;
  #closed = false;

  private constructor(options: DnsListenerOptions) {
    this.#options = options;
    this.#udp = createSocket({ type: 'udp4', recvBufferSize: 2 ** 20 });
    this.#tcp = createServer({ allowHalfOpen: true }, (socket) => this.#connection(socket));
    this.#tcp.maxConnections = mostConnections;
  }

  /** @throws Error when the address is taken or not this machine's */
  static async listen(options: DnsListenerOptions): Promise<DnsListener> {
    const listener = new DnsListener(options);
    await listener.#listen();
    return listener;
  }

  get port(): number {
    return this.#udp.address().port;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const connection of this.#connections) connection.destroy();
    await Promise.all([
      new Promise<void>((resolve) => this.#udp.close(() => resolve())),
      new Promise<void>((resolve) => this.#tcp.close(() => resolve())),
    ]);
  }

  async #listen(): Promise<void> {
    const { host, port, log } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#udp.once('error', reject);
      this.#udp.bind({ address: host, port }, resolve);
    });
    try {
      await new Promise<void>((resolve, reject) => {
        this.#tcp.once('error', reject);
        this.#tcp.listen(this.port, host, resolve);
      });
    } catch (error) {
      this.#udp.close();
      throw error;
    }
    this.#udp.removeAllListeners('error');
    this.#tcp.removeAllListeners('error');
    for (const socket of [this.#udp, this.#tcp])
      socket.on('error', (error) => log.warn('a DNS socket failed', { error: messageOf(error) }));
    this.#udp.on('message', (bytes, from) => void this.#datagram(bytes, from));
  }

  async #datagram(bytes: Uint8Array, from: RemoteInfo): Promise<void> {
    if (from.port === 0) return;
    const reply = await this.#reply(bytes, false);
    // A client that went away is told nothing; there is nobody to tell of it either.
    if (reply !== undefined && !this.#closed) this.#udp.send(reply, from.port, from.address, () => {});
  }

  #connection(socket: TcpSocket): void {
    const frames = new TcpFrames();
    let waiting = 0;
    let asked = false;
    this.#connections.add(socket);
    socket.setTimeout(idleMilliseconds, () => socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => this.#connections.delete(socket));
    // A client may say that it has no more to ask, and still wants its answers.
    socket.on('end', () => {
      asked = true;
      if (waiting === 0) socket.end();
    });
    socket.on('data', async (piece) => {
      for (const bytes of frames.add(piece)) {
        if (waiting >= mostOnOneConnection) return socket.destroy();
        waiting++;
        const reply = await this.#reply(bytes, true);
        waiting--;
        if (socket.destroyed) return;
        // Bytes that are no query are not answered; over TCP there is no way to go on after them.
        if (reply === undefined) return socket.destroy();
        socket.write(TcpFrames.frame(reply));
      }
      if (asked && waiting === 0) socket.end();
    });
  }

  /** The answer's bytes; undefined for what deserves none: an answer (RFC 5452), or what has no header. */
  async #reply(bytes: Uint8Array, tcp: boolean): Promise<Uint8Array | undefined> {
    if (bytes.length < 12 || (bytes[2]! & 0x80) !== 0) return undefined;
    let query: DnsMessage;
    try {
      query = decodeMessage(bytes);
    } catch (error) {
      if (error instanceof DnsFormatError) return formatError(bytes);
      throw error;
    }
    if (this.#underWay >= mostUnderWay) return undefined;
    this.#underWay++;
    try {
      const answer = await this.#options.answer(query, tcp);
      return encodeMessage(answer, tcp ? 65_535 : udpLimit(query));
    } catch (error) {
      this.#options.log.error('an answer could not be written', { error });
      return undefined;
    } finally {
      this.#underWay--;
    }
  }
}

function udpLimit({ edns }: DnsMessage): number {
  return edns === undefined ? plainUdpLimit : Math.max(plainUdpLimit, Math.min(edns.udpSize, ednsUdpLimit));
}

/** A header alone, with the id and opcode of a query that could not be read. */
function formatError(bytes: Uint8Array): Uint8Array {
  const header = Buffer.alloc(12);
  header.set(bytes.subarray(0, 2));
  header[2] = 0x80 | (bytes[2]! & 0x79);
  header[3] = responseCodes.FORMERR;
  return header;
}

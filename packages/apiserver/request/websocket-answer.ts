import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { HttpRequest } from '@keelson/base';
import { badRequest } from './status-error.ts';

/** What the key of a handshake is joined with (RFC 6455, 1.3). */
const handshakeId = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const opcodes = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
/** The most that a control frame carries (RFC 6455, 5.5). */
const controlLimit = 125;

/** One sub-protocol, and how a message is sent in it. */
export interface AnswerProtocol {
  readonly name: string;
  readonly frame: 'text' | 'binary';
  /** What becomes of a piece of the answer; undefined: it is sent as it is. */
  readonly encode?: (piece: Uint8Array) => Uint8Array;
}

export function wantsWebSocket({ headers }: HttpRequest): boolean {
  return headers['upgrade']?.toLowerCase() === 'websocket';
}

/** The sub-protocols that the client offers; browsers send their bearer token among them. */
export function offeredProtocols({ headers }: HttpRequest): string[] {
  const names = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  return names.filter((name) => name !== '' && !name.startsWith('base64url.bearer.authorization.k8s.io.'));
}

/**
 * Answers a request over a WebSocket instead of with a body: each piece is a message, for clients in browsers. What the
 * client sends is not looked at. Resolves when all is sent or the client has gone.
 * @throws StatusError 400 before anything is sent
 */
export async function answerOverWebSocket(
  request: HttpRequest,
  { socket, head }: { readonly socket: Duplex; readonly head: Uint8Array },
  protocols: readonly AnswerProtocol[],
  pieces: AsyncIterable<Uint8Array>,
): Promise<void> {
  const key = request.headers['sec-websocket-key'];
  if (key === undefined) throw badRequest('Sec-WebSocket-Key header is missing or blank');
  const offered = offeredProtocols(request);
  const protocol = protocols.find(({ name }) => offered.includes(name)) ?? protocols[0]!;
  const accept = createHash('sha1').update(`${key}${handshakeId}`).digest('base64');
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
  lines.push(`Sec-WebSocket-Accept: ${accept}`);
  if (protocol.name !== '' && offered.includes(protocol.name)) lines.push(`Sec-WebSocket-Protocol: ${protocol.name}`);
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const incoming = new IncomingFrames(socket);
  incoming.take(Buffer.from(head));
  socket.on('data', (piece: Buffer) => incoming.take(piece));
  try {
    for await (const piece of pieces) {
      if (socket.destroyed || !socket.writable) break;
      const sent = socket.write(frame(opcodes[protocol.frame], protocol.encode?.(piece) ?? piece));
      if (!sent) await drained(socket);
    }
  } finally {
    // 1000: there is no more.
    if (socket.writable) socket.end(frame(opcodes.close, Buffer.from([0x03, 0xe8])));
  }
}

function drained(socket: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.once('drain', done);
    socket.once('close', done);
  });
}

/** A whole message of a server, which does not mask. */
function frame(opcode: number, content: Uint8Array): Buffer {
  const { length } = content;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  head[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, content]);
}

/** Reads what a client sends only as far as it has to be answered: pings, and its goodbye. */
class IncomingFrames {
  readonly #socket: Duplex;
  #waiting: Buffer = Buffer.alloc(0);
  /** Bytes of a message that are passed over. */
  #skip = 0;

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  take(piece: Buffer): void {
    const passed = Math.min(this.#skip, piece.length);
    this.#skip -= passed;
    this.#waiting = Buffer.concat([this.#waiting, piece.subarray(passed)]);
    while (this.#next());
  }

  /** Takes one frame off what waits; false when it is not whole yet. */
  #next(): boolean {
    const buffer = this.#waiting;
    if (buffer.length < 2) return false;
    const opcode = buffer[0]! & 0x0f;
    const short = buffer[1]! & 0x7f;
    const size = short < 126 ? 2 : short === 126 ? 4 : 10;
    const head = size + (buffer[1]! & 0x80 ? 4 : 0);
    if (buffer.length < head) return false;
    const length = short < 126 ? short : short === 126 ? buffer.readUInt16BE(2) : Number(buffer.readBigUInt64BE(2));
    if (opcode < opcodes.close) {
      const there = Math.min(length, buffer.length - head);
      this.#skip = length - there;
      this.#waiting = buffer.subarray(head + there);
      return this.#waiting.length > 0;
    }
    if (length > controlLimit) {
      this.#socket.destroy();
      return false;
    }
    if (buffer.length < head + length) return false;
    const content = Buffer.from(buffer.subarray(head, head + length));
    if (head > size) for (let at = 0; at < length; at++) content[at]! ^= buffer[size + (at & 3)]!;
    this.#waiting = buffer.subarray(head + length);
    this.#answer(opcode, content);
    return this.#waiting.length > 0;
  }

  #answer(opcode: number, content: Buffer): void {
    if (opcode === opcodes.ping && this.#socket.writable) this.#socket.write(frame(opcodes.pong, content));
    if (opcode === opcodes.close)
      this.#socket.end(frame(opcodes.close, content.subarray(0, 2)), () => this.#socket.destroy());
  }
}

import { Duplex } from 'node:stream';
import { HeaderCompressor, HeaderDecompressor, type SpdyHeaders } from './spdy-headers.ts';

const type = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goAway: 7, headers: 8 } as const;
const controlBit = 0x80000000;
const version = 3;
const finFlag = 1;
const cancel = 5;
const refusedStream = 3;

/** Limits of one connection. */
const mostStreams = 1024;
const largestControlFrame = 256 * 1024;
const largestDataFrame = 16 * 1024 * 1024;
const dataChunk = 32 * 1024;
/** What a stream may hold of data that nobody has read yet before the connection reads no more, in bytes. */
const readAhead = 256 * 1024;

/** One stream of a SPDY connection: ending it closes our half, the peer's end ends reading. */
export class SpdyStream extends Duplex {
  readonly id: number;
  readonly headers: SpdyHeaders;
  readonly #connection: SpdyConnection;

  constructor(connection: SpdyConnection, id: number, headers: SpdyHeaders) {
    // A reader asks for more well below the limit: it asks once only until more comes.
    super({ readableHighWaterMark: readAhead / 2, allowHalfOpen: true });
    this.#connection = connection;
    this.id = id;
    this.headers = headers;
    // Whoever uses the stream hears of its end by `end` and `close`; an error nobody asked for must not end the process.
    this.on('error', () => {});
  }

  /** Used by the connection: the peer sends nothing more and takes nothing more. What was received can still be read. */
  cut(): void {
    if (this.readableEnded) this.destroy();
    else {
      this.once('end', () => this.destroy());
      this.push(null);
    }
  }

  override _read(): void {
    this.#connection.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#connection.sendData(this.id, chunk, false, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#connection.sendData(this.id, Buffer.alloc(0), true, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#connection.forget(this.id, !(this.readableEnded && this.writableFinished));
    done(error);
  }
}

export interface SpdyConnectionOptions {
  readonly role: 'client' | 'server';
  /** A stream that the peer opened. */
  onStream?(stream: SpdyStream): void;
}

/**
 * SPDY/3.1 over a connection that was upgraded to it: streams with headers, data both ways, half-closes, resets. Flow
 * control windows are neither kept nor awaited, as the Go implementation on the other side does not know them; the
 * connection below pushes back for all streams together.
 */
export class SpdyConnection {
  readonly #socket: Duplex;
  readonly #options: SpdyConnectionOptions;
  readonly #compressor = new HeaderCompressor();
  readonly #decompressor = new HeaderDecompressor();
  readonly #streams = new Map<number, SpdyStream>();
  #nextId: number;
  #pending: Buffer = Buffer.alloc(0);
  #pumping = false;
  #closed = false;
  #socketClosed = false;
  #resolveEnded: () => void = () => {};
  #opening: Promise<unknown> = Promise.resolve();
  readonly #ended: Promise<void>;

  /** `head` is what was read of the socket beyond the upgrade. */
  constructor(socket: Duplex, head: Buffer, options: SpdyConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#nextId = options.role === 'client' ? 1 : 2;
    this.#ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    socket.once('close', () => {
      this.#socketClosed = true;
      void this.#pump();
    });
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.end());
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    if (head.length > 0) this.#take(head);
  }

  /** Resolves when the connection is over. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Opens a stream; what is written to it before the peer answers is sent at once. */
  async open(headers: SpdyHeaders): Promise<SpdyStream> {
    const opening = this.#opening.then(async () => {
      const id = this.#nextId;
      this.#nextId += 2;
      const stream = new SpdyStream(this, id, headers);
      this.#streams.set(id, stream);
      const block = await this.#compressor.compress(headers);
      const ids = Buffer.alloc(10);
      ids.writeUInt32BE(id, 0);
      this.#sendControl(type.synStream, 0, Buffer.concat([ids, block]));
      return stream;
    });
    this.#opening = opening.catch(() => {});
    return opening;
  }

  /** Ends the connection when what was written has been sent. */
  close(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Used by streams: a reader wants more. */
  resume(): void {
    // A stream asks before it hands out what it has: only then is there room.
    queueMicrotask(() => {
      if (this.#socket.isPaused()) this.#socket.resume();
      void this.#pump();
    });
  }

  /** Used by streams. */
  sendData(id: number, data: Buffer, fin: boolean, done: (error?: Error | null) => void): void {
    if (this.#closed || this.#socketClosed) {
      done(new Error('the connection is closed'));
      return;
    }
    let at = 0;
    do {
      const piece = data.subarray(at, at + dataChunk);
      at += piece.length;
      const last = at >= data.length;
      const head = Buffer.alloc(8);
      head.writeUInt32BE(id, 0);
      head.writeUInt32BE((fin && last ? finFlag << 24 : 0) + piece.length, 4);
      this.#socket.write(head);
      if (!last) this.#socket.write(piece);
      else this.#socket.write(piece, done);
    } while (at < data.length);
  }

  /** Used by streams: this one is over. */
  forget(id: number, reset: boolean): void {
    if (!this.#streams.delete(id) || !reset || this.#closed) return;
    const body = Buffer.alloc(8);
    body.writeUInt32BE(id, 0);
    body.writeUInt32BE(cancel, 4);
    this.#sendControl(type.rstStream, 0, body);
  }

  #sendControl(frame: number, flags: number, body: Buffer): void {
    if (this.#closed || this.#socketClosed) return;
    const head = Buffer.alloc(8);
    head.writeUInt32BE((controlBit | (version << 16) | frame) >>> 0, 0);
    head.writeUInt32BE(((flags << 24) | body.length) >>> 0, 4);
    this.#socket.write(Buffer.concat([head, body]));
  }

  #take(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    void this.#pump();
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (!this.#closed && this.#pending.length >= 8) {
        if ([...this.#streams.values()].some((stream) => stream.readableLength >= readAhead)) {
          this.#socket.pause();
          return;
        }
        const first = this.#pending.readUInt32BE(0);
        const second = this.#pending.readUInt32BE(4);
        const length = second & 0xffffff;
        const isControl = first >= controlBit;
        if (length > (isControl ? largestControlFrame : largestDataFrame)) throw new Error('a SPDY frame is too large');
        if (this.#pending.length < 8 + length) return;
        const body = this.#pending.subarray(8, 8 + length);
        this.#pending = this.#pending.subarray(8 + length);
        const flags = second >>> 24;
        if (isControl) await this.#control(first & 0xffff, flags, body);
        else this.#data(first, flags, body);
      }
    } catch {
      this.#pending = Buffer.alloc(0);
      this.#socket.destroy();
    } finally {
      this.#pumping = false;
      if (this.#socketClosed && !this.#hasFrame()) this.#end();
    }
  }

  #hasFrame(): boolean {
    return this.#pending.length >= 8 && this.#pending.length >= 8 + (this.#pending.readUInt32BE(4) & 0xffffff);
  }

  #data(id: number, flags: number, body: Buffer): void {
    const stream = this.#streams.get(id);
    if (stream === undefined || stream.readableEnded || stream.destroyed) return;
    if (body.length > 0) stream.push(Buffer.from(body));
    if (flags & finFlag) stream.push(null);
  }

  async #control(frame: number, flags: number, body: Buffer): Promise<void> {
    if (frame === type.synStream) await this.#opened(flags, body);
    else if (frame === type.synReply || frame === type.headers) {
      // Their contents do not matter here, but the compression goes on over all header blocks.
      await this.#decompressor.decompress(body.subarray(4));
      if (flags & finFlag) this.#streams.get(body.readUInt32BE(0))?.push(null);
    } else if (frame === type.rstStream) {
      const id = body.readUInt32BE(0);
      const stream = this.#streams.get(id);
      this.#streams.delete(id);
      stream?.cut();
    } else if (frame === type.ping) this.#sendControl(type.ping, 0, Buffer.from(body));
  }

  async #opened(flags: number, body: Buffer): Promise<void> {
    const id = body.readUInt32BE(0);
    const headers = await this.#decompressor.decompress(body.subarray(10));
    if (this.#options.onStream === undefined || this.#streams.size >= mostStreams || this.#streams.has(id)) {
      const refusal = Buffer.alloc(8);
      refusal.writeUInt32BE(id, 0);
      refusal.writeUInt32BE(refusedStream, 4);
      this.#sendControl(type.rstStream, 0, refusal);
      return;
    }
    const stream = new SpdyStream(this, id, headers);
    this.#streams.set(id, stream);
    const ids = Buffer.alloc(4);
    ids.writeUInt32BE(id);
    this.#sendControl(type.synReply, 0, Buffer.concat([ids, await this.#compressor.compress({})]));
    if (flags & finFlag) stream.push(null);
    this.#options.onStream(stream);
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#compressor.close();
    this.#decompressor.close();
    for (const stream of [...this.#streams.values()]) stream.cut();
    this.#streams.clear();
    this.#resolveEnded();
  }
}

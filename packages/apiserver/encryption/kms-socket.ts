import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2';
import { connect } from 'node:net';

/** Bytes of an answer. */
const answerLimit = 1 << 20;

/** Calls methods of a gRPC service on a Unix socket, one message each way. The connection is kept. */
export class GrpcSocket {
  readonly #path: string;
  readonly #timeout: number;
  #session: ClientHttp2Session | undefined;

  /** @param timeout milliseconds for one call */
  constructor(path: string, timeout: number) {
    this.#path = path;
    this.#timeout = timeout;
  }

  /** Rejects with an Error that says what went wrong: in the plug-in's own words when it refused. */
  call(method: string, message: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const stream = this.#connected().request({
        ':method': 'POST',
        ':path': method,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      const pieces: Buffer[] = [];
      let size = 0;
      let status: string | undefined;
      let text = '';
      const read = (headers: Record<string, unknown>) => {
        if (headers['grpc-status'] === undefined) return;
        status = String(headers['grpc-status']);
        text = unescaped(String(headers['grpc-message'] ?? ''));
      };
      stream.on('response', read);
      stream.on('trailers', read);
      stream.on('data', (piece: Buffer) => {
        size += piece.length;
        if (size > answerLimit) stream.close(constants.NGHTTP2_CANCEL);
        else pieces.push(piece);
      });
      stream.setTimeout(this.#timeout, () => stream.destroy(new Error('context deadline exceeded')));
      stream.on('error', reject);
      stream.on('close', () => {
        const answer = Buffer.concat(pieces);
        if (status === '0' && answer.length >= 5) resolve(answer.subarray(5, 5 + answer.readUInt32BE(1)));
        else
          reject(
            new Error(status === undefined ? 'the connection ended' : `rpc error: code = ${status} desc = ${text}`),
          );
      });
      const head = Buffer.alloc(5);
      head.writeUInt32BE(message.length, 1);
      stream.end(Buffer.concat([head, message]));
    });
  }

  close(): void {
    this.#session?.destroy();
  }

  #connected(): ClientHttp2Session {
    if (this.#session !== undefined && !this.#session.destroyed && !this.#session.closed) return this.#session;
    const session = connectHttp2('http://localhost', { createConnection: () => connect(this.#path) });
    // Whoever calls is told by its stream.
    session.on('error', () => session.destroy());
    session.unref();
    this.#session = session;
    return session;
  }
}

/** A status' text is percent-encoded; one that is not so is taken as it is. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib';

/** Header names and values that SPDY/3 (draft-mbelshe-httpbis-spdy-00, section 2.6.10.1) gives zlib to begin with. */
const words =
  'options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow ' +
  'authorization cache-control connection content-base content-encoding content-language content-length ' +
  'content-location content-md5 content-range content-type date etag expect expires from host if-match ' +
  'if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma ' +
  'proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade ' +
  'user-agent vary via warning www-authenticate method get status';
const moreWords = ['200 OK', 'version', 'HTTP/1.1', 'url', 'public', 'set-cookie', 'keep-alive', 'origin'];
const tail =
  '100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505' +
  '203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized' +
  '403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable' +
  'Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT' +
  'chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,' +
  'publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.';

/** The dictionary that both sides of a SPDY/3 connection compress headers with. */
export const spdyDictionary: Buffer = Buffer.concat([
  ...[...words.split(' '), ...moreWords].map((word) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(word.length);
    return Buffer.concat([length, Buffer.from(word, 'latin1')]);
  }),
  Buffer.from(tail, 'latin1'),
]);

export type SpdyHeaders = Readonly<Record<string, string>>;

/** A header block may not grow beyond this, in bytes. */
const largestBlock = 256 * 1024;

/** Compresses the header blocks of one direction of a connection; they have to be written in the order of the calls. */
export class HeaderCompressor {
  readonly #deflate: Deflate = createDeflate({ dictionary: spdyDictionary });

  compress(headers: SpdyHeaders): Promise<Buffer> {
    const parts: Buffer[] = [uint32(Object.keys(headers).length)];
    for (const [name, value] of Object.entries(headers))
      for (const text of [name.toLowerCase(), value]) {
        const bytes = Buffer.from(text, 'utf8');
        parts.push(uint32(bytes.length), bytes);
      }
    return throughZlib(this.#deflate, Buffer.concat(parts));
  }

  close(): void {
    this.#deflate.close();
  }
}

/** Reads the header blocks of one direction of a connection; they have to be given in the order in which they came. */
export class HeaderDecompressor {
  readonly #inflate: Inflate = createInflate({ dictionary: spdyDictionary, finishFlush: constants.Z_SYNC_FLUSH });

  /** Names in lower case; of a header with several values the first. Rejects when the block is malformed. */
  async decompress(block: Buffer): Promise<SpdyHeaders> {
    const bytes = await throughZlib(this.#inflate, block);
    const headers: Record<string, string> = Object.create(null);
    let at = 0;
    const next = (): number => {
      const value = bytes.readUInt32BE(at);
      at += 4;
      return value;
    };
    const text = (): string => {
      const length = next();
      if (at + length > bytes.length) throw new RangeError('a SPDY header reaches beyond its block');
      at += length;
      return bytes.toString('utf8', at - length, at);
    };
    for (let left = next(); left > 0; left--) {
      const name = text().toLowerCase();
      headers[name] = text().split('\0')[0]!;
    }
    return headers;
  }

  close(): void {
    this.#inflate.close();
  }
}

function throughZlib(stream: Deflate | Inflate, input: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let size = 0;
    const onData = (piece: Buffer) => {
      size += piece.length;
      if (size > largestBlock) done(new RangeError('a SPDY header block is too large'));
      else pieces.push(piece);
    };
    const done = (error?: Error | null) => {
      stream.off('data', onData);
      stream.off('error', done);
      if (error) reject(error);
      else resolve(Buffer.concat(pieces));
    };
    stream.on('data', onData);
    stream.once('error', done);
    stream.write(input);
    stream.flush(constants.Z_SYNC_FLUSH, () => done());
  });
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

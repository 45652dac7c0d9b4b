import { request } from 'node:https';
import { messageOf } from '@keelson/base';

/** Bytes of a discovery document or a key set. */
const sizeLimit = 1 << 20;
/** Milliseconds for one. */
const patience = 30_000;

/**
 * GETs a JSON document. Rejects with an Error that says why there is none.
 * @param authority PEM that the server's certificate must chain to; absent: the system's
 */
export type FetchDocument = (url: string, authority: string | undefined) => Promise<unknown>;

/** Fetches over TLS with Node's own client. */
export const fetchDocument: FetchDocument = (url, authority) =>
  new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(new Error(`Get ${JSON.stringify(url)}: ${messageOf(error)}`));
    const outgoing = request(url, {
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(patience),
      agent: false,
      ...(authority === undefined ? {} : { ca: authority }),
    });
    outgoing.on('error', fail);
    outgoing.once('response', (incoming) => {
      const pieces: Buffer[] = [];
      let size = 0;
      incoming.on('data', (piece: Buffer) => {
        size += piece.length;
        if (size > sizeLimit) outgoing.destroy(new Error(`the response is larger than ${sizeLimit} bytes`));
        else pieces.push(piece);
      });
      incoming.once('error', fail);
      incoming.once('end', () => {
        const text = Buffer.concat(pieces).toString('utf8');
        if (incoming.statusCode !== 200) {
          reject(new Error(`${incoming.statusCode} ${incoming.statusMessage}: ${text.slice(0, 200)}`));
          return;
        }
        try {
          resolve(JSON.parse(text));
        } catch (error) {
          fail(error);
        }
      });
    });
    outgoing.end();
  });

import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Clock, messageOf } from '@keelson/base';
import type { SpdyStream } from './spdy-connection.ts';

/** The sub-protocol of port-forwarding over SPDY, and over SPDY in a WebSocket. */
export const portForwardProtocol = 'portforward.k8s.io';
export const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io';

interface Pair {
  error: SpdyStream | undefined;
  data: SpdyStream | undefined;
}

const pairingTime = 30_000;
const mostPairs = 512;

/**
 * Serves the streams of a port-forward connection: they come in pairs, `data` and `error`, that share a `requestID`, and
 * each pair is one connection to `port`. What goes wrong is written to the error stream in upstream's words.
 */
export function portForwarder(
  dial: (port: number) => Promise<Duplex>,
  about: { readonly pod: string; readonly uid: string },
  clock: Clock,
): (stream: SpdyStream) => void {
  const pairs = new Map<string, Pair>();
  return (stream) => {
    const { streamtype, requestid = '', port = '' } = stream.headers;
    if ((streamtype !== 'error' && streamtype !== 'data') || !/^\d{1,5}$/.test(port) || pairs.size >= mostPairs) {
      stream.destroy();
      return;
    }
    // Clients before 1.8 send no request id: their streams of one port belong together.
    const key = requestid || `port-${port}`;
    let pair = pairs.get(key);
    if (pair === undefined) {
      pairs.set(key, (pair = { error: undefined, data: undefined }));
      const waiting = pair;
      clock.setTimer(pairingTime, () => {
        if (pairs.get(key) !== waiting) return;
        pairs.delete(key);
        waiting.error?.end(`timed out waiting for streams`);
        waiting.data?.destroy();
      });
    }
    pair[streamtype] = stream;
    if (pair.error === undefined || pair.data === undefined) return;
    pairs.delete(key);
    void forward(dial, Number(port), pair.data, pair.error, about);
  };
}

async function forward(
  dial: (port: number) => Promise<Duplex>,
  port: number,
  data: SpdyStream,
  error: SpdyStream,
  { pod, uid }: { readonly pod: string; readonly uid: string },
): Promise<void> {
  try {
    const connection = await dial(port);
    const both = [pipeline(data, connection), pipeline(connection, data)];
    await Promise.all(both);
  } catch (thrown) {
    if (!error.destroyed && !data.destroyed)
      error.write(`error forwarding port ${port} to pod ${pod}, uid : ${uid}: ${messageOf(thrown)}`);
  } finally {
    error.end();
    if (!data.writableEnded) data.end();
  }
}

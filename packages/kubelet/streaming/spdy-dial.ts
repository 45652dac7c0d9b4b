import { request } from 'node:http';
import { SpdyConnection } from './spdy-connection.ts';

/**
 * Upgrades a POST to `url` to SPDY/3.1, offering the sub-protocols in `protocols`.
 * Rejects with what the server said when it does not switch.
 */
export function dialSpdy(url: string, protocols: readonly string[]): Promise<SpdyConnection> {
  return new Promise((resolve, reject) => {
    const asking = request(url, {
      method: 'POST',
      headers: {
        Connection: 'Upgrade',
        Upgrade: 'SPDY/3.1',
        'X-Stream-Protocol-Version': [...protocols],
        'Content-Length': 0,
      },
    });
    asking.once('error', reject);
    asking.once('upgrade', (_response, socket, head) => resolve(new SpdyConnection(socket, head, { role: 'client' })));
    asking.once('response', (response) => {
      response.resume();
      reject(new Error(`the server answered ${response.statusCode} instead of switching to SPDY/3.1`));
    });
    asking.end();
  });
}

import { collectBody, type HttpRequest, type HttpResponse } from '@keelson/base';
import type { SocketTransport } from './socket-transport.ts';

const nobody = { address: '', certificates: [] };

/** Sends JSON (or nothing) and reads JSON. @throws Error with the server's text when it does not answer 200 */
export async function exchangeJson(
  transport: SocketTransport,
  method: string,
  target: string,
  body?: unknown,
): Promise<any> {
  const request: HttpRequest = {
    method,
    target,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    body: body === undefined ? new Uint8Array(0) : Buffer.from(JSON.stringify(body)),
    signal: AbortSignal.timeout(30_000),
    peer: nobody,
  };
  const response = await transport.send(request);
  const text = Buffer.from(await collectBody(response.body)).toString('utf8');
  if (response.status !== 200) throw new Error(text.trim() || `the region answered with ${response.status}`);
  return JSON.parse(text);
}

export function jsonAnswer(status: number, value: unknown): HttpResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: Buffer.from(`${JSON.stringify(value)}\n`) };
}

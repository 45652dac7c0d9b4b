import {
  type Clock,
  type HttpHandler,
  type HttpPeer,
  type HttpRequest,
  type HttpResponse,
  isStream,
  sleep,
} from '@keelson/base';
import { errorOf, parseJson, readBody, retryAfter } from './response.ts';

/** Sends one request. An HttpHandler is one; over a network it may also reject, when the server cannot be reached. */
export type Send = HttpHandler;

export interface ExchangeOptions {
  readonly send: Send;
  readonly clock: Clock;
  /** What the request says of the caller when no connection does: who it is inside the process. */
  readonly peer: HttpPeer;
  readonly userAgent: string;
  /** Ends every request that is under way when it aborts. */
  readonly signal: AbortSignal;
  /** How long an answer that is no watch may be, in bytes. */
  readonly answerLimit: number;
  /** How often a request that the server told to come back (Retry-After) is sent in all. */
  readonly tries: number;
}

/** The longest that a Retry-After is obeyed, in milliseconds. */
const longestRetryAfter = 60_000;

/** Requests and answers of JSON over a Send, with the retries that the server asks for. */
export class Exchange {
  readonly options: ExchangeOptions;

  constructor(options: ExchangeOptions) {
    this.options = options;
  }

  /** The answer's JSON; undefined when the answer is empty. Rejects with ApiError for a code of 400 or more. */
  async json(method: string, target: string, body?: unknown, contentType = 'application/json'): Promise<any> {
    const response = await this.respond(method, target, { body, contentType, signal: this.options.signal });
    const bytes = await readBody(response.body, this.options.answerLimit);
    return bytes.length === 0 ? undefined : parseJson(bytes);
  }

  /** The answer once its code is below 400. */
  async respond(
    method: string,
    target: string,
    options: { readonly body?: unknown; readonly contentType?: string; readonly signal: AbortSignal },
  ): Promise<HttpResponse> {
    const request = this.#request(method, target, options);
    for (let turn = 1; ; turn++) {
      const response = await this.options.send(request);
      if (response.status < 400) return response;
      const wait = retryAfter(response.headers);
      const retryable = response.status === 429 || response.status >= 500;
      if (wait === undefined || !retryable || turn >= this.options.tries || options.signal.aborted) {
        throw errorOf(response.status, await readBody(response.body, this.options.answerLimit));
      }
      if (isStream(response.body)) await readBody(response.body, this.options.answerLimit);
      await sleep(this.options.clock, Math.min(wait, longestRetryAfter), options.signal);
    }
  }

  #request(
    method: string,
    target: string,
    options: { readonly body?: unknown; readonly contentType?: string; readonly signal: AbortSignal },
  ): HttpRequest {
    const headers: Record<string, string> = { accept: 'application/json', 'user-agent': this.options.userAgent };
    let body: Uint8Array = new Uint8Array(0);
    if (options.body !== undefined) {
      body = Buffer.from(JSON.stringify(options.body));
      headers['content-type'] = options.contentType ?? 'application/json';
      headers['content-length'] = String(body.length);
    }
    return { method, target, headers, body, signal: options.signal, peer: this.options.peer };
  }
}

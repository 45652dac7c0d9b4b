import { request as httpRequest } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { type AwsCredentials, signRequest } from '@keelson/aws-protocol';
import type { RegionUnderTest } from './region-under-test.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body as JSON; undefined where it is none. */
  readonly json: any;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Sends bytes and collects the answer. @throws Error when the connection fails */
export function exchange(
  send: typeof httpRequest,
  url: string,
  options: object,
  body: string | Uint8Array = '',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = send(url, options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode, headers } = response;
        resolve({ status: statusCode!, headers, text, json: jsonOf(text) });
        outgoing.destroy();
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

export interface SigningOptions {
  readonly service?: string;
  readonly region?: string;
  readonly credentials?: AwsCredentials;
  /** Milliseconds by which the signer's clock is ahead. */
  readonly ahead?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** What happens to the signed headers before they are sent. */
  readonly change?: (headers: Record<string, string>) => Record<string, string>;
}

/** Requests to the front door of a region, with signatures that can be as wrong as one likes. */
export class FrontDoor {
  readonly #url: string;
  readonly #host: string;
  readonly credentials: AwsCredentials;

  constructor(region: RegionUnderTest) {
    this.#host = `127.0.0.1:${region.port}`;
    this.#url = `http://${this.#host}`;
    this.credentials = {
      accessKeyId: region.env['AWS_ACCESS_KEY_ID']!,
      secretAccessKey: region.env['AWS_SECRET_ACCESS_KEY']!,
    };
  }

  send(method: string, target: string, body: string | Uint8Array = '', options: SigningOptions = {}): Promise<Answer> {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const { service = 'eks', region = 'ap-northeast-2', credentials = this.credentials, ahead = 0 } = options;
    const headers: Record<string, string> = { host: this.#host, 'content-length': String(bytes.length) };
    if (bytes.length > 0) headers['content-type'] = 'application/json';
    const signed = signRequest(
      { method, target, headers: { ...headers, ...options.headers }, body: bytes },
      { credentials, region, service, now: Date.now() + ahead },
    ) as Record<string, string>;
    const sent = options.change ? options.change({ ...signed }) : signed;
    return exchange(httpRequest, `${this.#url}${target}`, { method, headers: sent }, bytes);
  }

  eks(method: string, target: string, body?: unknown): Promise<Answer> {
    return this.send(method, target, body === undefined ? '' : JSON.stringify(body));
  }
}

/** Requests to a cluster's API server with a token of its administrator. */
export class ClusterApi {
  readonly url: string;
  readonly agent: Agent;
  #token = '';
  readonly #region: RegionUnderTest;
  readonly #cluster: string;

  private constructor(region: RegionUnderTest, cluster: string, url: string, authority: string) {
    this.#region = region;
    this.#cluster = cluster;
    this.url = url;
    this.agent = new Agent({ ca: authority, keepAlive: false });
  }

  static async of(region: RegionUnderTest, cluster: string): Promise<ClusterApi> {
    const { json } = await new FrontDoor(region).eks('GET', `/clusters/${cluster}`);
    const authority = Buffer.from(json.cluster.certificateAuthority.data, 'base64').toString();
    const api = new ClusterApi(region, cluster, json.cluster.endpoint, authority);
    await api.renew();
    return api;
  }

  async renew(): Promise<void> {
    this.#token = JSON.parse((await this.#region.keelson('token', this.#cluster)).stdout).status.token;
  }

  headers(more: Record<string, string> = {}): Record<string, string> {
    return { authorization: `Bearer ${this.#token}`, ...more };
  }

  send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const sent = { ...this.headers(), ...type, 'content-length': String(Buffer.byteLength(text)), ...headers };
    return exchange(httpsRequest, `${this.url}${path}`, { method, headers: sent, agent: this.agent }, text);
  }
}

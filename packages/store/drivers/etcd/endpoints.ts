import { type ChannelCredentials, Client, type ClientDuplexStream, credentials, Metadata } from '@grpc/grpc-js';
import type { Clock } from '@keelson/base';
import { StoreError } from '../../store.ts';
import { isEndpointLost } from './etcd-failure.ts';
import { type Methods, methodDefinition, type WatchMessage, type WatchResponse } from './rpc.ts';

/** PEM: what the servers' certificates are checked with, and this client's own certificate and key. */
export interface EtcdTls {
  readonly authority?: Uint8Array;
  readonly certificate?: Uint8Array;
  readonly key?: Uint8Array;
}

/** An answer of more bytes than this is refused: a page of the largest values fits. */
const largestMessage = 512 * 1024 * 1024;
const channelOptions = {
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 5_000,
  'grpc.max_receive_message_length': largestMessage,
  'grpc.enable_http_proxy': 0,
};

/** The members of an etcd cluster. Everything goes to one of them until it is lost, then to the next. */
export class Endpoints {
  readonly #clients: readonly Client[];
  readonly #clock: Clock;
  readonly #timeout: number;
  #current = 0;

  /** `urls`: `http://host:port` or `https://host:port`; `timeout`: of one call, in milliseconds. */
  constructor(urls: readonly string[], tls: EtcdTls | undefined, clock: Clock, timeout: number) {
    if (urls.length === 0) throw new StoreError('unavailable', 'no etcd endpoint was given');
    this.#clients = urls.map((url) => clientFor(url, tls));
    this.#clock = clock;
    this.#timeout = timeout;
  }

  /** One call at one member. Rejects with gRPC's error; after losing the member, the next call goes to another. */
  async call<M extends keyof Methods>(name: M, request: Methods[M][0]): Promise<Methods[M][1]> {
    const { path, requestSerialize, responseDeserialize } = methodDefinition(name);
    const index = this.#current;
    try {
      return await new Promise<Methods[M][1]>((resolve, reject) => {
        const call = this.#clients[index]!.makeUnaryRequest<Methods[M][0], Methods[M][1]>(
          path,
          requestSerialize,
          responseDeserialize,
          request,
          new Metadata(),
          {},
          (error, response) => {
            timer.cancel();
            if (error) reject(error);
            else resolve(response!);
          },
        );
        const timer = this.#clock.setTimer(this.#timeout, () => call.cancel());
      });
    } catch (error) {
      if (isEndpointLost(error)) this.#lost(index);
      throw error;
    }
  }

  /** A call that changes nothing: tried once more at each member when one is lost. */
  async read<M extends keyof Methods>(name: M, request: Methods[M][0]): Promise<Methods[M][1]> {
    for (let attempt = this.#clients.length; ; attempt--) {
      try {
        return await this.call(name, request);
      } catch (error) {
        if (attempt === 0 || !isEndpointLost(error)) throw error;
      }
    }
  }

  /** A stream at the current member; `lost` says that it failed, so that the next one goes to another. */
  watch(): { readonly stream: ClientDuplexStream<WatchMessage, WatchResponse>; lost(): void } {
    const index = this.#current;
    const { path, requestSerialize, responseDeserialize } = methodDefinition('Watch/Watch');
    const metadata = new Metadata();
    // A member that lost its leader ends the stream instead of keeping it silent.
    metadata.set('hasleader', 'true');
    const stream = this.#clients[index]!.makeBidiStreamRequest<WatchMessage, WatchResponse>(
      path,
      requestSerialize,
      responseDeserialize,
      metadata,
    );
    return { stream, lost: () => this.#lost(index) };
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }

  #lost(index: number): void {
    if (index === this.#current) this.#current = (index + 1) % this.#clients.length;
  }
}

function clientFor(url: string, tls: EtcdTls | undefined): Client {
  const { protocol, host } = new URL(url);
  return new Client(host, credentialsFor(protocol, url, tls), channelOptions);
}

function credentialsFor(protocol: string, url: string, tls: EtcdTls = {}): ChannelCredentials {
  if (protocol === 'http:') return credentials.createInsecure();
  if (protocol !== 'https:')
    throw new StoreError('unavailable', `the etcd endpoint ${url} must be http:// or https://`);
  const pem = (bytes: Uint8Array | undefined) => (bytes === undefined ? null : Buffer.from(bytes));
  return credentials.createSsl(pem(tls.authority), pem(tls.key), pem(tls.certificate));
}

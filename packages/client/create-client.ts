import { setMaxListeners } from 'node:events';
import type { Clock, HttpPeer } from '@keelson/base';
import type { ApiObject } from '@keelson/model';
import type { Client, DiscoveredResource, ResourceClient, ResourceRef, TransactionOperation } from './client.ts';
import { discover } from './discovery.ts';
import { Exchange, type Send } from './exchange.ts';
import { HttpResourceClient } from './resource-client.ts';

export interface ClientOptions {
  /** The server: its handler itself in this process, or a transport's `send`. */
  readonly send: Send;
  readonly clock: Clock;
  /** Who calls, when `send` is the handler of this process. Transports have their own credentials and ignore it. */
  readonly peer?: HttpPeer;
  /** The first part names the field manager of what is written: `kube-controller-manager/v1.36`. */
  readonly userAgent: string;
  /** Ends everything under way when it aborts; without it requests end by themselves only. */
  readonly signal?: AbortSignal;
  /** How long an answer that is no watch may be, in bytes. */
  readonly answerLimit?: number;
}

/** A caller inside the process: `identity('system:kube-scheduler', [])`. The server adds system:authenticated itself. */
export function inProcessPeer(name: string, groups: readonly string[] = []): HttpPeer {
  return { address: '', certificates: [], inProcess: { name, groups } };
}

/** A client of one API server. It holds no connection itself and needs no closing. */
export function createClient(options: ClientOptions): Client {
  const signal = options.signal ?? new AbortController().signal;
  // Every request under way listens to it; that there are many is no leak.
  setMaxListeners(0, signal);
  const exchange = new Exchange({
    send: options.send,
    clock: options.clock,
    peer: options.peer ?? { address: '', certificates: [] },
    userAgent: options.userAgent,
    signal,
    answerLimit: options.answerLimit ?? 256 * 1024 * 1024,
    tries: 10,
  });
  return new HttpClient(exchange);
}

class HttpClient implements Client {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  resource<T extends ApiObject>(ref: ResourceRef<T>): ResourceClient<T> {
    return new HttpResourceClient(ref, this.#exchange);
  }

  async transact(operations: readonly TransactionOperation[]): Promise<ApiObject[]> {
    const answer = await this.#exchange.json('POST', '/apis/meta.keelson.dev/v1/transactions', { operations });
    return answer.items;
  }

  discover(): Promise<DiscoveredResource[]> {
    return discover(this.#exchange);
  }
}

import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import type { World } from '@keelson/base';
import type { ObjectReader } from '../admission/contract.ts';
import { connectionFailure, hostAndPort } from '../webhook/call-failure.ts';
import type { ClusterDialer } from '../webhook/contract.ts';
import { secureConnection } from '../webhook/secure-connection.ts';
import { serviceEndpoint } from '../webhook/service-endpoint.ts';
import type { RemoteApi } from './remote-api.ts';

/** Connections that one backend is given at a time, besides those that last; more wait. */
const connectionLimit = 512;
const idleConnectionLimit = 16;
/** How long a connection may take to be made, in milliseconds. */
const dialPatience = 10_000;

/** What reaching Services needs of the server. */
export interface BackendTools {
  readonly world: World;
  readonly reader: ObjectReader;
  /** Absent: the cluster's network cannot be reached from here. */
  readonly dial?: ClusterDialer;
  /** What the server shows to backends, so that they believe whom it names. PEM. */
  readonly proxyCertificate: { readonly certificate: string; readonly key: string };
}

export interface BackendRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: Uint8Array;
  readonly signal: AbortSignal;
}

/** The connections to the Service that answers one API. */
export class Backend {
  readonly #tools: BackendTools;
  readonly #agents = new Map<boolean, Agent>();
  /** Its availability may change; how it is reached does not. */
  api: RemoteApi;

  constructor(tools: BackendTools, api: RemoteApi) {
    this.#tools = tools;
    this.api = api;
  }

  /**
   * Sends a request and resolves when the answer's header is there. Rejects with an Error whose message says why not.
   * @param unchecked the backend's certificate does not matter
   */
  send(request: BackendRequest, unchecked = false): Promise<IncomingMessage> {
    const { method, path, headers, body, signal } = request;
    return new Promise((resolve, reject) => {
      const outgoing = httpsRequest({ agent: this.#agent(unchecked), host: this.#host, path, method, headers, signal });
      outgoing.once('response', resolve);
      outgoing.on('error', (error) => reject(new Error(connectionFailure(error, this.#host, this.api.service.port))));
      // A request that waits for its connection does not tell by itself that it was ended.
      if (signal.aborted) reject(new Error('context canceled'));
      else signal.addEventListener('abort', () => reject(new Error('context canceled')), { once: true });
      outgoing.end(body);
    });
  }

  /** A connection past its TLS handshake, for a request that takes it over. Rejects with an Error that says why not. */
  async connect(unchecked = this.api.insecure, signal = new AbortController().signal): Promise<Duplex> {
    const { world, reader, dial, proxyCertificate } = this.#tools;
    const aborts = new AbortController();
    const stop = () => aborts.abort();
    const timer = world.clock.setTimer(dialPatience, stop);
    signal.addEventListener('abort', stop, { once: true });
    try {
      const endpoint = serviceEndpoint(reader, world.random, this.api.service);
      if (dial === undefined)
        throw new Error(`dial tcp ${hostAndPort(endpoint.host, endpoint.port)}: connect: no route to host`);
      const plain = await dial(endpoint, aborts.signal);
      const { authorities } = this.api;
      return await secureConnection(plain, {
        ...(authorities === undefined ? {} : { authorities }),
        client: proxyCertificate,
        serverName: this.#host,
        insecure: unchecked,
        signal: aborts.signal,
      });
    } finally {
      timer.cancel();
      signal.removeEventListener('abort', stop);
    }
  }

  /** Closes the connections that are kept. */
  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }

  get #host(): string {
    const { name, namespace } = this.api.service;
    return `${name}.${namespace}.svc`;
  }

  #agent(unchecked: boolean): Agent {
    let agent = this.#agents.get(unchecked);
    if (agent === undefined) {
      const settings = { keepAlive: true, maxSockets: connectionLimit, maxFreeSockets: idleConnectionLimit };
      agent = new Agent({ ...settings, timeout: 90_000 });
      agent.createConnection = (_options, callback) => {
        this.connect(unchecked || this.api.insecure).then(
          (socket) => callback?.(null, socket),
          (error) => callback?.(error, undefined as never),
        );
        return undefined;
      };
      this.#agents.set(unchecked, agent);
    }
    return agent;
  }
}

/** The whole body of an answer. Rejects beyond `limit` bytes. */
export async function bodyOf(incoming: IncomingMessage, limit: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of incoming) {
    size += piece.length;
    if (size > limit) {
      incoming.destroy();
      throw new Error(`the response is larger than ${limit} bytes`);
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

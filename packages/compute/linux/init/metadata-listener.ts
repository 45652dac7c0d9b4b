import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { networkInterfaces } from 'node:os';
import { type HttpRequest, messageOf, sleep, type World } from '@keelson/base';
import type { InstanceMetadata, RoleCredentials } from '../../imds/instance-metadata.ts';
import { MetadataService } from '../../imds/metadata-service.ts';
import type { InitConfiguration } from './init-configuration.ts';

const maximumBody = 1024;
const maximumConnections = 256;

/**
 * Serves instance metadata from the files that the outside keeps up to date, on the address of every EC2 instance. They
 * are read anew when they were changed, so nothing has to be told when the region process starts again.
 */
export class MetadataListener {
  readonly #world: World;
  readonly #configuration: InitConfiguration;
  readonly #service: MetadataService;

  constructor(world: World, configuration: InitConfiguration) {
    this.#world = world;
    this.#configuration = configuration;
    this.#service = new MetadataService({
      world,
      metadata: () => readJson<InstanceMetadata>(configuration.metadataFile),
      credentials: () => readJson<RoleCredentials>(configuration.credentialsFile),
    });
  }

  async start(): Promise<void> {
    const { clock, log } = this.#world;
    for (;;) {
      try {
        await this.#listen();
        return;
      } catch (error) {
        log.warn('instance metadata cannot listen yet', { error: messageOf(error) });
        await sleep(clock, 100);
      }
    }
  }

  #listen(): Promise<void> {
    const server = createServer({ keepAliveTimeout: 5000 }, (request, response) => {
      const pieces: Buffer[] = [];
      let size = 0;
      request.on('data', (piece: Buffer) => {
        size += piece.length;
        if (size > maximumBody) request.destroy();
        else pieces.push(piece);
      });
      request.on('end', async () => {
        const peer = { address: request.socket.remoteAddress ?? '', certificates: [] };
        const exchange: HttpRequest = {
          method: request.method ?? '',
          target: request.url ?? '',
          headers: joinedHeaders(request.headers),
          body: Buffer.concat(pieces),
          signal: new AbortController().signal,
          peer,
        };
        const answer = this.#service.answer(exchange, isOwnAddress(peer.address) ? 1 : 2);
        // Lost on the way, as a packet is whose hop limit is used up: the client hears nothing.
        if (answer === undefined) return;
        response.writeHead(answer.status, answer.headers).end(answer.body);
      });
      request.on('error', () => {});
    });
    server.maxConnections = maximumConnections;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(80, this.#configuration.metadataAddress, () => resolve());
    });
  }
}

function joinedHeaders(headers: NodeJS.Dict<string | string[]>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  );
}

/** A process of the instance's own namespace is one hop away; a pod's, with a namespace of its own, is two. */
function isOwnAddress(address: string): boolean {
  return Object.values(networkInterfaces()).some((entries) => entries?.some((entry) => entry.address === address));
}

function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

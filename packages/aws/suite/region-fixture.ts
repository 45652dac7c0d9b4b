import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadTable } from '@keelson/aws-protocol';
import { collectBody, type HttpHandler, type HttpRequest, SystemRandom, virtualWorld, type World } from '@keelson/base';
import type { Client } from '@keelson/client';
import { MemoryApi } from '@keelson/testkit/memory-api.ts';
import { createFrontDoor } from '../front-door/index.ts';
import {
  type BootstrapIdentity,
  bootstrapIdentities,
  createIam,
  type IdentityStore,
  identityStore,
} from '../iam/index.ts';
import { createSealer, type Sealer } from '../sealing.ts';
import type { AwsService, CredentialSource } from '../service.ts';
import { createSts } from '../sts/index.ts';

export const region = 'ap-northeast-2';
export const account = '000000000000';

export interface RegionFixture {
  readonly world: World;
  readonly client: Client;
  readonly sealer: Sealer;
  readonly credentials: CredentialSource;
  readonly handler: HttpHandler;
  readonly store: IdentityStore;
  readonly administrator: BootstrapIdentity;
}

/** A region over a map: front door, STS, IAM, what else is given, and an administrator's key. */
export async function regionFixture(
  world: World = virtualWorld('region'),
  services: readonly AwsService[] = [],
): Promise<RegionFixture> {
  const client = new MemoryApi(world);
  const sealer = createSealer(new SystemRandom().bytes(32), world.random);
  const store = identityStore(client);
  const administrator = await bootstrapIdentities({ store, sealer, world });
  const iam = createIam({ store, sealer, world, account, table: await loadTable('iam') });
  const sts = createSts({ world, sealer, roles: iam.roles, table: await loadTable('sts') });
  const { credentials, authorizer } = iam;
  const all = [iam.service, sts, ...services];
  const handler = createFrontDoor({ world, region, account, services: all, credentials, authorizer });
  return { world, client, sealer, credentials, handler, store, administrator };
}

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves a handler on a loopback port, for clients that are programs of their own. */
export async function listenOnLoopback(handler: HttpHandler): Promise<Listener> {
  const server = createServer(async (incoming, outgoing) => {
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(incoming.headers))
      if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
    const response = await handler({
      method: incoming.method ?? 'GET',
      target: incoming.url ?? '/',
      headers,
      body: await collectBody(incoming as AsyncIterable<Uint8Array>),
      signal: new AbortController().signal,
      peer: { address: '127.0.0.1', certificates: [] },
    });
    outgoing.writeHead(response.status, response.headers);
    outgoing.end(await collectBody(response.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** A request as a listener would hand it over. */
export function request(
  method: string,
  target: string,
  headers: Readonly<Record<string, string>>,
  body = '',
): HttpRequest {
  return {
    method,
    target,
    headers,
    body: Buffer.from(body),
    signal: new AbortController().signal,
    peer: { address: '127.0.0.1', certificates: [] },
  };
}

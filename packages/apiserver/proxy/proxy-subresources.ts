import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { type HttpResponse, messageOf, type Random } from '@keelson/base';
import type { Resource } from '@keelson/model';
import type { AdmissionRequest } from '../admission/contract.ts';
import type { RequestContext } from '../request/request-context.ts';
import { internal, unavailableText } from '../request/status-error.ts';
import type { AdmissionChain } from '../resources/admission-chain.ts';
import type { ResourceCaches } from '../storage/resource-caches.ts';
import { joined } from '../subresources/joined-connections.ts';
import type { NodeConnector } from '../subresources/node-connector.ts';
import type { SubresourceHandler, UpgradedConnection } from '../subresources/subresource-handler.ts';
import { hostAndPort } from '../webhook/call-failure.ts';
import type { ClusterDialer } from '../webhook/contract.ts';
import { requestHeaders, responseHeaders, rewrittenLocation } from './proxied-headers.ts';
import { type ProxyLocation, ProxyLocations } from './proxy-location.ts';
import { requestOver } from './request-over.ts';

export interface ProxyTools {
  readonly caches: ResourceCaches;
  readonly admission: AdmissionChain;
  readonly random: Random;
  readonly connector: NodeConnector;
  /** Absent: the cluster's network cannot be reached from here. */
  readonly dial: ClusterDialer | undefined;
}

/**
 * …/pods/{name}/proxy, …/services/{name}/proxy and …/nodes/{name}/proxy: requests and upgrades are passed on to what
 * they name, with the path and query that follow, and without the caller's credentials.
 */
export function proxySubresources(tools: ProxyTools): SubresourceHandler[] {
  const locations = new ProxyLocations(tools.caches, tools.random);
  const find: Readonly<Record<string, (context: RequestContext) => ProxyLocation>> = {
    pods: ({ info }) => locations.pod(info.namespace, info.name),
    services: ({ info }) => locations.service(info.namespace, info.name),
    nodes: ({ info }) => locations.node(info.name),
  };
  return Object.entries(find).map(([resource, locate]) => ({
    group: '',
    resource,
    subresource: 'proxy',
    passesThrough: true,
    handle: (context, found) => proxied(tools, context, found, locate),
    upgrade: (context, found, connection) => joinedWith(tools, context, found, locate, connection),
  }));
}

type Locate = (context: RequestContext) => ProxyLocation;

async function proxied(
  tools: ProxyTools,
  context: RequestContext,
  resource: Resource,
  locate: Locate,
): Promise<HttpResponse> {
  const { info, request } = context;
  const { prefix, path, query } = pathsOf(context);
  await admitted(tools, context, resource);
  const location = locate(context);
  if (path === '' && (request.method === 'GET' || request.method === 'HEAD'))
    return { status: 301, headers: { location: `${info.path}/${query}` }, body: new Uint8Array(0) };
  const host = hostAndPort(location.host, location.port);
  const headers = requestHeaders(request, host, info.path);
  let answer: IncomingMessage;
  try {
    const connection = await connected(tools, location, request.signal);
    const { method, body, signal } = request;
    answer = await requestOver(connection, { method, path: `${path || '/'}${query}`, headers, body }, signal);
  } catch (error) {
    throw unavailableText(`error trying to reach service: ${messageOf(error)}`);
  }
  const rewrite = (target: string) => rewrittenLocation(target, prefix, [host, headers['host']!]);
  return { status: answer.statusCode ?? 502, headers: responseHeaders(answer, rewrite), body: piecesOf(answer) };
}

async function joinedWith(
  tools: ProxyTools,
  context: RequestContext,
  resource: Resource,
  locate: Locate,
  { socket, head }: UpgradedConnection,
): Promise<void> {
  const { info, request } = context;
  const { path, query } = pathsOf(context);
  await admitted(tools, context, resource);
  const location = locate(context);
  let upstream: Duplex;
  try {
    upstream = await connected(tools, location, request.signal);
  } catch (error) {
    throw internal(`error dialing backend: ${messageOf(error)}`);
  }
  const headers = requestHeaders(request, hostAndPort(location.host, location.port), info.path);
  const upgrade = { connection: 'Upgrade', upgrade: request.headers['upgrade'] ?? '' };
  const lines = Object.entries({ ...headers, ...upgrade }).map(([name, value]) => `${name}: ${value}`);
  upstream.write(`${request.method} ${path || '/'}${query} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  if (head.length > 0) upstream.write(head);
  await joined(socket, upstream);
}

/** Asks admission, to which a proxied request is a CONNECT. @throws StatusError */
async function admitted({ admission }: ProxyTools, context: RequestContext, resource: Resource): Promise<void> {
  const { info, user, warnings, annotate } = context;
  const { namespace, name, subresource } = info;
  const kind = resource.subresources[subresource];
  const asked: AdmissionRequest = {
    operation: 'CONNECT',
    resource,
    subresource,
    namespace: resource.namespaced ? namespace : '',
    name,
    object: {},
    ...(kind === undefined ? {} : { kind }),
    user,
    dryRun: false,
    warnings,
    annotate,
  };
  await admission.mutate(asked);
  await admission.validate(asked);
}

/** What precedes the proxied path, up to `proxy`; that path as it was sent, empty when there is none; and the query. */
function pathsOf({ info, request }: RequestContext): { prefix: string; path: string; query: string } {
  const segments = (info.namespace === '' ? 2 : 4) + 3;
  const prefix = new RegExp(`^(?:/+[^/]+){${segments}}`).exec(info.path)![0];
  const mark = request.target.indexOf('?');
  return { prefix, path: info.path.slice(prefix.length), query: mark < 0 ? '' : request.target.slice(mark) };
}

/** A connection to where the request goes, past any TLS. Rejects with the text of a dialer. */
async function connected(tools: ProxyTools, location: ProxyLocation, signal: AbortSignal): Promise<Duplex> {
  const { host, port, tls, kubeletOf } = location;
  if (kubeletOf !== undefined) return tools.connector.dial(kubeletOf, signal);
  if (tools.dial === undefined) throw new Error(`dial tcp ${hostAndPort(host, port)}: connect: no route to host`);
  const plain = await tools.dial({ host, port }, signal);
  if (!tls) return plain;
  return new Promise((resolve, reject) => {
    // Whose certificate it is cannot be known: upstream does not look either.
    const socket = connectTls({ socket: plain, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });
    socket.once('secureConnect', () => resolve(socket));
    socket.once('error', reject);
  });
}

async function* piecesOf(answer: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of answer) yield piece as Uint8Array;
  } finally {
    answer.destroy();
  }
}

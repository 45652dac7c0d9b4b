import type { Duplex } from 'node:stream';
import { messageOf } from '@keelson/base';
import type { ApiObject, Resource } from '@keelson/model';
import type { AdmissionRequest } from '../admission/contract.ts';
import { booleanParameter } from '../request/list-options.ts';
import type { RequestContext } from '../request/request-context.ts';
import { badRequest, internal } from '../request/status-error.ts';
import type { AdmissionChain } from '../resources/admission-chain.ts';
import type { ResourceCaches } from '../storage/resource-caches.ts';
import { joined } from './joined-connections.ts';
import type { NodeConnector } from './node-connector.ts';
import { containerOf, nodeOf, podOf } from './pod-target.ts';
import type { SubresourceHandler, UpgradedConnection } from './subresource-handler.ts';

/** What streaming to a container needs of the server. */
export interface StreamingTools {
  readonly caches: ResourceCaches;
  readonly connector: NodeConnector;
  readonly admission: AdmissionChain;
}

/**
 * exec, attach and port-forward: once the caller is allowed, the connection is joined with one to the kubelet, byte for
 * byte. What is spoken on it (SPDY, WebSocket and their sub-protocols) is between the client and the kubelet.
 */
export function podStreaming(tools: StreamingTools): SubresourceHandler[] {
  return (['exec', 'attach', 'portforward'] as const).map((subresource) => ({
    group: '',
    resource: 'pods',
    subresource,
    handle: async () => {
      throw badRequest('Upgrade request required');
    },
    upgrade: (context, resource, connection) => joinWithNode(tools, context, resource, connection),
  }));
}

async function joinWithNode(
  { caches, connector, admission }: StreamingTools,
  context: RequestContext,
  resource: Resource,
  connection: UpgradedConnection,
): Promise<void> {
  const { info, request, user } = context;
  const { namespace, name, subresource } = info;
  const pod = podOf(caches, namespace, name);
  const path = kubeletPath(context, (wanted) => containerOf(pod, wanted));
  const asked: AdmissionRequest = {
    operation: 'CONNECT',
    resource,
    subresource,
    namespace,
    name,
    kind: resource.subresources[subresource]!,
    object: connectOptions(context),
    user,
    dryRun: false,
    warnings: context.warnings,
    annotate: context.annotate,
  };
  await admission.mutate(asked);
  await admission.validate(asked);
  const node = nodeOf(caches, pod);
  if (node === undefined) throw badRequest(`pod ${name} does not have a host assigned`);
  let upstream: Duplex;
  try {
    upstream = await connector.dial(node, request.signal);
  } catch (error) {
    throw internal(`error dialing backend: ${messageOf(error)}`);
  }
  upstream.write(`${requestHead(context, path)}\r\n\r\n`);
  if (connection.head.length > 0) upstream.write(connection.head);
  await joined(connection.socket, upstream);
}

/** What is asked for, as the object that admission is shown: PodExecOptions, PodAttachOptions or PodPortForwardOptions. */
function connectOptions({ info }: RequestContext): ApiObject {
  const { query, subresource } = info;
  if (subresource === 'portforward') {
    const ports = query.getAll('ports').flatMap((list) => list.split(',').map(Number));
    return { kind: 'PodPortForwardOptions', apiVersion: 'v1', ...(ports.length > 0 ? { ports } : {}) };
  }
  const kind = subresource === 'exec' ? 'PodExecOptions' : 'PodAttachOptions';
  const options: ApiObject = { kind, apiVersion: 'v1' };
  for (const stream of ['stdin', 'stdout', 'stderr', 'tty'])
    if (booleanParameter(query, stream)) options[stream] = true;
  if (query.get('container')) options['container'] = query.get('container');
  if (query.has('command')) options['command'] = query.getAll('command');
  return options;
}

/** The path of the kubelet's own API. @throws StatusError 400 */
function kubeletPath({ info }: RequestContext, container: (wanted: string) => string): string {
  const { query, namespace, name, subresource } = info;
  const result = new URLSearchParams();
  if (subresource === 'portforward') {
    for (const port of query.getAll('ports')) result.append('port', port);
    return pathOf('portForward', [namespace, name], result);
  }
  const target = container(query.get('container') ?? '');
  const streams = [
    ['stdin', 'input'],
    ['stdout', 'output'],
    ['stderr', 'error'],
    ['tty', 'tty'],
  ] as const;
  for (const [asked, sent] of streams) if (booleanParameter(query, asked)) result.set(sent, '1');
  if (!['input', 'output', 'error'].some((stream) => result.has(stream)))
    throw badRequest('you must specify at least 1 of stdin, stdout, stderr');
  if (subresource === 'exec') {
    const command = query.getAll('command');
    if (command.length === 0) throw badRequest('you must specify the command to run');
    for (const word of command) result.append('command', word);
  }
  return pathOf(subresource, [namespace, name, target], result);
}

function pathOf(root: string, parts: readonly string[], query: URLSearchParams): string {
  const path = `/${root}/${parts.map(encodeURIComponent).join('/')}`;
  return query.size > 0 ? `${path}?${query}` : path;
}

/** Headers that say who the caller is: they are for this server alone. */
const withheld = new Set(['authorization', 'cookie', 'host', 'content-length', 'transfer-encoding']);

function requestHead({ request }: RequestContext, path: string): string {
  const lines = [`${request.method} ${path} HTTP/1.1`, 'Host: kubelet'];
  for (const [name, value] of Object.entries(request.headers)) {
    if (withheld.has(name) || name.startsWith('impersonate-')) continue;
    const values = name === 'x-stream-protocol-version' ? value.split(',') : [value];
    for (const each of values) lines.push(`${name}: ${withoutToken(name, each.trim())}`);
  }
  return lines.join('\r\n');
}

/** Browsers send their bearer token as a WebSocket sub-protocol. */
function withoutToken(name: string, value: string): string {
  if (name !== 'sec-websocket-protocol') return value;
  const protocols = value.split(',').map((protocol) => protocol.trim());
  return protocols.filter((protocol) => !protocol.startsWith('base64url.bearer.authorization.k8s.io.')).join(', ');
}

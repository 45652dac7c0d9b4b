import type { IncomingMessage } from 'node:http';
import { type HttpBody, type HttpResponse, isStream, messageOf } from '@keelson/base';
import { type FieldError, invalid as fieldInvalid, forbidden } from '@keelson/model';
import { booleanParameter, integerParameter } from '../request/list-options.ts';
import type { RequestContext } from '../request/request-context.ts';
import { bytesResponse } from '../request/respond.ts';
import { badRequest, internal, invalid, StatusError } from '../request/status-error.ts';
import { type AnswerProtocol, answerOverWebSocket, wantsWebSocket } from '../request/websocket-answer.ts';
import type { ResourceCaches } from '../storage/resource-caches.ts';
import { getFromNode, type NodeConnector } from './node-connector.ts';
import { containerOf, nodeOf, podOf } from './pod-target.ts';
import type { SubresourceHandler } from './subresource-handler.ts';

/** The most of a kubelet's refusal that is passed on, in bytes. */
const refusalLimit = 2048;

/** GET …/pods/{name}/log: what the kubelet has of a container's output, as it comes. */
export function podLog(caches: ResourceCaches, connector: NodeConnector): SubresourceHandler {
  return {
    group: '',
    resource: 'pods',
    subresource: 'log',
    handle: (context) => readLog(caches, connector, context),
    upgrade: async (context, _, connection) => {
      if (!wantsWebSocket(context.request)) throw badRequest('a log can be upgraded to a WebSocket only');
      const { body } = await readLog(caches, connector, context);
      await answerOverWebSocket(context.request, connection, logProtocols, messagesOf(body));
    },
  };
}

/** What logs can be sent as over a WebSocket (k8s.io/apimachinery wsstream). */
const logProtocols: readonly AnswerProtocol[] = [
  { name: '', frame: 'binary' },
  { name: 'binary.k8s.io', frame: 'binary' },
  {
    name: 'base64.binary.k8s.io',
    frame: 'text',
    encode: (piece) => Buffer.from(Buffer.from(piece).toString('base64')),
  },
];

/** An empty message first, by which clients know that the log was found. */
async function* messagesOf(body: HttpBody): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(0);
  if (isStream(body)) yield* body;
  else if (!(body instanceof Uint8Array)) yield* body;
  else if (body.length > 0) yield body;
}

async function readLog(
  caches: ResourceCaches,
  connector: NodeConnector,
  context: RequestContext,
): Promise<HttpResponse> {
  const { info, request } = context;
  const query = kubeletQuery(info.query);
  const pod = podOf(caches, info.namespace, info.name);
  const container = containerOf(pod, info.query.get('container') ?? '');
  const node = nodeOf(caches, pod);
  // A pod that is on no node yet has said nothing yet.
  if (node === undefined) return bytesResponse(200, 'text/plain', new Uint8Array(0));
  const place = [info.namespace, info.name, container].map(encodeURIComponent).join('/');
  const path = `/containerLogs/${place}${query.size > 0 ? `?${query}` : ''}`;
  let answer: IncomingMessage;
  try {
    answer = await getFromNode(await connector.dial(node, request.signal), path, request.signal);
  } catch (error) {
    throw internal(`Get "https://${node.metadata!.name}:10250${path}": ${messageOf(error)}`);
  }
  if ((answer.statusCode ?? 500) >= 300) throw await refusalOf(answer);
  return bytesResponse(200, 'text/plain', outputOf(answer));
}

/** The kubelet's output until it ends or breaks off. */
async function* outputOf(answer: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of answer) yield piece as Uint8Array;
  } catch {
    // The node or the client has gone away: what was sent is all there is.
  } finally {
    answer.destroy();
  }
}

/** A kubelet's refusal as a Status: its text is the message. */
async function refusalOf(answer: IncomingMessage): Promise<StatusError> {
  let text = '';
  for await (const piece of outputOf(answer)) {
    text += Buffer.from(piece).toString('utf8');
    if (text.length > refusalLimit) break;
  }
  const message = text.slice(0, refusalLimit).trim();
  const code = answer.statusCode ?? 500;
  if (code === 400) return badRequest(message);
  if (code === 404)
    return new StatusError(404, 'NotFound', `the server could not find the requested resource ( pods/log ${message})`);
  return new StatusError(code, code === 403 ? 'Forbidden' : 'InternalError', message);
}

/** PodLogOptions as the kubelet takes them. @throws StatusError 400, 422 */
function kubeletQuery(query: URLSearchParams): URLSearchParams {
  const problems: FieldError[] = [];
  const result = new URLSearchParams();
  for (const name of ['follow', 'previous', 'timestamps']) {
    if (booleanParameter(query, name)) result.set(name, 'true');
  }
  for (const [name, least] of [
    ['tailLines', 0],
    ['sinceSeconds', 1],
    ['limitBytes', 1],
  ] as const) {
    const value = integerParameter(query, name);
    if (value === undefined) continue;
    const rule = least === 0 ? 'must be greater than or equal to 0' : 'must be greater than 0';
    if (value < least) problems.push(fieldInvalid(name, value, rule));
    result.set(name, String(value));
  }
  const sinceTime = query.get('sinceTime');
  if (sinceTime) {
    if (Number.isNaN(Date.parse(sinceTime)))
      throw badRequest(`unable to decode "sinceTime": ${JSON.stringify(sinceTime)} is no time`);
    if (result.has('sinceSeconds'))
      problems.push(forbidden('', 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
    result.set('sinceTime', sinceTime);
  }
  const stream = query.get('stream');
  if (stream) result.set('stream', stream);
  if (problems.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, '', problems);
  return result;
}

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { messageOf, type World } from '@keelson/base';
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws';
import type { Runtime } from '../runtime.ts';
import { portForwarder, portForwardProtocol, tunnelProtocol } from '../streaming/port-forwarding.ts';
import { joinCommand, type RemoteCommand, type WantedStreams } from '../streaming/remote-command.ts';
import { SpdyConnection, type SpdyStream } from '../streaming/spdy-connection.ts';
import { acceptSpdyCommand } from '../streaming/spdy-remote-command.ts';
import { acceptWebSocketCommand, commandProtocols } from '../streaming/websocket-remote-command.ts';
import { findPod, findRunning, type NodePods, RequestRefusal, runningSandbox } from './pod-lookup.ts';

export interface UpgradeTools {
  readonly world: World;
  readonly runtime: Runtime;
  readonly node: NodePods;
}

/** A connection that asked for an upgrade, taken from the HTTP server. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

const largestMessage = 16 * 1024 * 1024;
const spdyCommandProtocol = 'v4.channel.k8s.io';

/** exec and attach: `parts` are namespace, pod, an optional uid, and container. @throws RequestRefusal before the upgrade */
export async function serveCommand(
  tools: UpgradeTools,
  verb: 'exec' | 'attach',
  parts: readonly string[],
  query: URLSearchParams,
  upgrade: Upgrade,
): Promise<void> {
  const { runtime, world } = tools;
  const pod = findPod(tools.node, parts[0] ?? '', parts[1] ?? '');
  const container = await findRunning(runtime, pod, parts.at(-1) ?? '');
  const is = (...names: string[]) => names.some((name) => ['1', 'true'].includes(query.get(name) ?? ''));
  const wanted: WantedStreams = {
    stdin: is('input', 'stdin'),
    stdout: is('output', 'stdout'),
    stderr: is('error', 'stderr'),
    tty: is('tty'),
  };
  if (!wanted.stdin && !wanted.stdout && !wanted.stderr)
    throw new RequestRefusal(400, 'you must specify at least 1 of stdin, stdout, stderr');
  if (runtime.simulated) throw new RequestRefusal(501, 'the node is simulated, no process runs that could be joined');
  const streams = { ...wanted, stderr: wanted.stderr && !wanted.tty };
  const command = query.getAll('command');
  const start = () =>
    verb === 'exec' ? runtime.exec(container.id, { ...streams, command }) : runtime.attach(container.id, streams);
  const client = isWebSocket(upgrade.request)
    ? await acceptWebSocket(upgrade, commandProtocols, (socket) => acceptWebSocketCommand(socket, wanted))
    : await spdyCommand(upgrade, wanted, world);
  if (client !== undefined) await joinCommand(client, start);
}

async function spdyCommand(upgrade: Upgrade, wanted: WantedStreams, world: World): Promise<RemoteCommand | undefined> {
  let handle: (stream: SpdyStream) => void = (stream) => early.push(stream);
  const early: SpdyStream[] = [];
  const connection = switchToSpdy(upgrade, [spdyCommandProtocol], (stream) => handle(stream));
  const streams = (handler: (stream: SpdyStream) => void) => {
    handle = handler;
    for (const stream of early.splice(0)) handler(stream);
  };
  try {
    return await acceptSpdyCommand(connection, streams, wanted, world.clock);
  } catch (thrown) {
    world.log.info('a command was not joined', { error: messageOf(thrown) });
    connection.destroy();
    return undefined;
  }
}

/** port-forward: `parts` are namespace, pod and an optional uid. @throws RequestRefusal before the upgrade */
export async function servePortForward(tools: UpgradeTools, parts: readonly string[], upgrade: Upgrade): Promise<void> {
  const { runtime, world } = tools;
  const pod = findPod(tools.node, parts[0] ?? '', parts[1] ?? '');
  const uid = pod.metadata?.uid ?? '';
  const sandbox = runningSandbox(await runtime.pod(uid));
  if (runtime.simulated) throw new RequestRefusal(501, 'the node is simulated, nothing listens on the pod’s ports');
  const about = { pod: sandbox, uid };
  const onStream = portForwarder((port) => runtime.portForward(sandbox, port), about, world.clock);
  if (!isWebSocket(upgrade.request)) {
    await switchToSpdy(upgrade, [portForwardProtocol], onStream).ended;
    return;
  }
  const connection = await acceptWebSocket(
    upgrade,
    [tunnelProtocol],
    (socket) => new SpdyConnection(createWebSocketStream(socket), Buffer.alloc(0), { role: 'server', onStream }),
  );
  await connection.ended;
}

function isWebSocket(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket';
}

/** Answers 101 and speaks SPDY/3.1 from there. @throws RequestRefusal when the client offers no protocol that is known */
function switchToSpdy(
  { request, socket, head }: Upgrade,
  protocols: readonly string[],
  onStream: (stream: SpdyStream) => void,
): SpdyConnection {
  if (request.headers.upgrade?.toLowerCase() !== 'spdy/3.1')
    throw new RequestRefusal(400, `unable to upgrade: missing upgrade headers in request`);
  const offered = String(request.headers['x-stream-protocol-version'] ?? '')
    .split(',')
    .map((name) => name.trim());
  const chosen = protocols.find((name) => offered.includes(name));
  if (chosen === undefined)
    throw new RequestRefusal(
      403,
      `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server supports [${protocols.join(' ')}]`,
    );
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${chosen}\r\n\r\n`,
  );
  return new SpdyConnection(socket, head, { role: 'server', onStream });
}

/**
 * Completes a WebSocket handshake and resolves to what `use` makes of the connection; it is called before the first
 * message can come. @throws RequestRefusal when the client offers no protocol that is known
 */
async function acceptWebSocket<T>(
  { request, socket, head }: Upgrade,
  protocols: readonly string[],
  use: (connection: WebSocket) => T,
): Promise<T> {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  const chosen = protocols.find((name) => offered.includes(name));
  if (chosen === undefined)
    throw new RequestRefusal(403, `unable to upgrade: none of the protocols [${offered.join(' ')}] is supported`);
  // The tunnel's protocol has a slash in its name, which the package takes for no token: it is negotiated here.
  delete request.headers['sec-websocket-protocol'];
  const server = new WebSocketServer({ noServer: true, maxPayload: largestMessage });
  server.on('headers', (headers) => headers.push(`Sec-WebSocket-Protocol: ${chosen}`));
  return new Promise((resolve) =>
    server.handleUpgrade(request, socket, head, (connection) => resolve(use(connection))),
  );
}

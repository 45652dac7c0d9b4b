import type { Clock } from '@keelson/base';
import type { TerminalSize } from '../runtime.ts';
import type { CommandStatus, RemoteCommand, WantedStreams } from './remote-command.ts';
import type { SpdyConnection, SpdyStream } from './spdy-connection.ts';

/** What a client may take between the upgrade and its last stream, in milliseconds. */
const openingTime = 30_000;
const largestSize = 1024;

/**
 * Remotecommand v4 over SPDY: waits for the streams that the client announced and names by a `streamType` header.
 * `streams` hands over each stream that the client opens. Rejects when they do not all come in time.
 */
export async function acceptSpdyCommand(
  connection: SpdyConnection,
  streams: (handler: (stream: SpdyStream) => void) => void,
  wanted: WantedStreams,
  clock: Clock,
): Promise<RemoteCommand> {
  const expected = new Set(['error']);
  for (const name of ['stdin', 'stdout'] as const) if (wanted[name]) expected.add(name);
  if (wanted.stderr && !wanted.tty) expected.add('stderr');
  if (wanted.tty) expected.add('resize');
  const opened = new Map<string, SpdyStream>();
  await new Promise<void>((resolve, reject) => {
    const timer = clock.setTimer(openingTime, () =>
      reject(new Error('timed out waiting for client to create streams')),
    );
    connection.ended.then(() => reject(new Error('the client has gone')));
    streams((stream) => {
      const name = stream.headers['streamtype'] ?? '';
      if (!expected.has(name) || opened.has(name)) {
        stream.destroy();
        return;
      }
      opened.set(name, stream);
      if (opened.size < expected.size) return;
      timer.cancel();
      resolve();
    });
  });
  const resize = opened.get('resize');
  return {
    stdin: opened.get('stdin'),
    stdout: opened.get('stdout'),
    stderr: opened.get('stderr'),
    onResize: (handler) => void (resize && readSizes(resize, handler)),
    finish: (status) => finish(status, opened, connection),
    closed: connection.ended,
  };
}

async function readSizes(stream: SpdyStream, handler: (size: TerminalSize) => void): Promise<void> {
  let pending = '';
  try {
    for await (const piece of stream) {
      pending += piece;
      for (let end = pending.indexOf('}'); end >= 0; end = pending.indexOf('}')) {
        const size = parseSize(pending.slice(0, end + 1));
        pending = pending.slice(end + 1);
        if (size !== undefined) handler(size);
      }
      if (pending.length > largestSize) return;
    }
  } catch {
    // The client has gone; nothing is resized any more.
  }
}

/** `{"Width":80,"Height":24}`. */
export function parseSize(text: string): TerminalSize | undefined {
  try {
    const { Width: width, Height: height } = JSON.parse(text);
    return Number.isInteger(width) && Number.isInteger(height) ? { width, height } : undefined;
  } catch {
    return undefined;
  }
}

async function finish(
  status: CommandStatus,
  opened: ReadonlyMap<string, SpdyStream>,
  connection: SpdyConnection,
): Promise<void> {
  const error = opened.get('error')!;
  const ends = ['stdout', 'stderr'].map((name) => opened.get(name)).filter((stream) => stream !== undefined);
  await Promise.all([
    ...ends.map((stream) => new Promise<void>((resolve) => stream.end(resolve))),
    new Promise<void>((resolve) => error.end(JSON.stringify(status), resolve)),
  ]);
  connection.close();
}

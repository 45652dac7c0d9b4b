import type { Duplex } from 'node:stream';
import type { AttachRequest, ContainerStreams, TerminalSize } from '../../runtime.ts';
import { RuntimeError } from '../../runtime.ts';
import type { SpdyStream } from '../../streaming/spdy-connection.ts';
import { dialSpdy } from '../../streaming/spdy-dial.ts';

const largestStatus = 64 * 1024;

/** Connects to a process by the address that the runtime's Exec or Attach answered with (remotecommand v4 over SPDY). */
export async function connectStreams(url: string, wanted: AttachRequest): Promise<ContainerStreams> {
  const connection = await dialSpdy(url, ['v4.channel.k8s.io']);
  // The server counts the streams that it was promised: in this order, as client-go opens them.
  const error = await connection.open({ streamtype: 'error' });
  const stdin = wanted.stdin ? await connection.open({ streamtype: 'stdin' }) : undefined;
  const stdout = wanted.stdout ? await connection.open({ streamtype: 'stdout' }) : undefined;
  const stderr = wanted.stderr && !wanted.tty ? await connection.open({ streamtype: 'stderr' }) : undefined;
  const resize = wanted.tty ? await connection.open({ streamtype: 'resize' }) : undefined;
  for (const stream of [error, stdin, stdout, stderr, resize]) stream?.on('error', () => {});
  const status = readStatus(error);
  const exit = Promise.race([status, connection.ended.then(() => status)]).then(exitCodeOf);
  exit.catch(() => {});
  return {
    stdin,
    stdout,
    stderr,
    resize: ({ width, height }: TerminalSize) => resize?.write(`${JSON.stringify({ Width: width, Height: height })}\n`),
    exit,
    close: () => connection.destroy(),
  };
}

/** Connects to a port of a sandbox by the address that the runtime's PortForward answered with. */
export async function dialPort(url: string, port: number): Promise<Duplex> {
  const connection = await dialSpdy(url, ['portforward.k8s.io']);
  const headers = { port: String(port), requestid: '0' };
  const error = await connection.open({ streamtype: 'error', ...headers });
  error.end();
  const data = await connection.open({ streamtype: 'data', ...headers });
  readStatus(error).then(
    (message) => {
      if (message !== '') data.destroy(new RuntimeError('Unknown', message));
    },
    () => data.destroy(),
  );
  data.once('close', () => connection.destroy());
  return data;
}

async function readStatus(stream: SpdyStream): Promise<string> {
  let text = '';
  for await (const piece of stream) {
    text += piece;
    if (text.length > largestStatus) break;
  }
  return text;
}

/** The exit code in a v4 status; 0 for success and for an attachment that merely ended. */
function exitCodeOf(text: string): number {
  if (text === '') return 0;
  const status = JSON.parse(text);
  if (status.status === 'Success') return 0;
  const cause = status.details?.causes?.find((one: { reason?: string }) => one.reason === 'ExitCode');
  if (cause !== undefined) return Number(cause.message);
  throw new RuntimeError('Unknown', status.message ?? text);
}
